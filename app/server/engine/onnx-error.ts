import { StatusError } from '../../core/status.ts';

/** `OrtErrorCode` by what ONNX Runtime says: its JavaScript interface gives no code. */
const CODE_BY_TEXT: readonly (readonly [RegExp, number])[] = [
  // Thrown from its sources, whatever it says then: FAIL.
  [/failed:\S*\/onnxruntime\/core\//, 1],
  [/Protobuf parsing failed/, 7],
  [/This is an invalid model|INVALID_GRAPH/, 10],
  [
    /failed:Invalid model\.|Got invalid dimensions|Invalid rank for input|Unexpected input data type|not enough space/,
    2,
  ],
  [/File doesn't exist|NO_SUCHFILE/, 3],
  [/NOT_IMPLEMENTED|Could not find an implementation/, 9],
];

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** The failure as Triton's ONNX backend words it: `onnx runtime error <code>: <text>`. */
export function onnxFailure(cause: unknown): StatusError {
  if (cause instanceof StatusError) return cause;
  const text = messageOf(cause);
  const code = CODE_BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? 1;
  return new StatusError('internal', `onnx runtime error ${code}: ${text}`);
}
