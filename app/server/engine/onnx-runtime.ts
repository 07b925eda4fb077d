import { createRequire } from 'node:module';
import type * as Ort from 'onnxruntime-node';
import type { Datatype } from '../../core/datatypes.ts';
import { StatusError } from '../../core/status.ts';
import type { ExecutionProvider } from '../../core/server-events/server-event.ts';
import type { SessionSettings } from './engine-messages.ts';

type TensorType = Ort.Tensor.Type;
type Feeds = Record<string, Ort.Tensor>;

/** The release whose private synchronous `run` we know. Any other is run through the public API. */
const KNOWN_RELEASE = '1.30.0';

interface NativeSession {
  loadModel(path: string, options: object): void;
  run(feeds: Feeds, fetches: Record<string, null>, options: object): Record<string, Ort.Tensor>;
  readonly inputMetadata: readonly NativeMetadata[];
  readonly outputMetadata: readonly NativeMetadata[];
}

interface NativeMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type: number;
  readonly shape: readonly number[];
  readonly symbolicDimensions: readonly string[];
}

interface NativeBinding {
  readonly binding: { readonly InferenceSession: new () => NativeSession };
  initOrt(): void;
}

/** A loaded model. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Feeds, outputs: readonly string[]): Promise<Record<string, Ort.Tensor>>;
}

const require = createRequire(import.meta.url);

/** Loads the native library. Only ever called in an engine or probe process. */
export function requireOnnxRuntime(): typeof Ort {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  return require('onnxruntime-node') as typeof Ort;
}

/** What a session runs on; `device` counts CUDA devices. */
export interface SessionPlace {
  readonly provider: ExecutionProvider;
  readonly device: number;
}

function sessionOptions(place: SessionPlace, settings: SessionSettings): Ort.InferenceSession.SessionOptions {
  return {
    executionProviders: [
      place.provider === 'cuda' ? { name: 'cuda', deviceId: place.device } : place.provider,
    ],
    ...(settings.intraOpThreads > 0 ? { intraOpNumThreads: settings.intraOpThreads } : {}),
    ...(settings.interOpThreads > 0 ? { interOpNumThreads: settings.interOpThreads } : {}),
    executionMode: settings.executionMode,
    graphOptimizationLevel: settings.graphOptimizationLevel,
    enableCpuMemArena: settings.enableCpuMemArena,
    enableMemPattern: settings.enableMemPattern,
    logSeverityLevel: 3,
    // Spinning threads buy no latency here and cost three times the CPU.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}

function nativeSession(path: string, options: object): OnnxSession {
  const native = require('onnxruntime-node/dist/binding.js') as NativeBinding;
  native.initOrt();
  const session = new native.binding.InferenceSession();
  session.loadModel(path, options);
  return {
    inputNames: session.inputMetadata.map(({ name }) => name),
    outputNames: session.outputMetadata.map(({ name }) => name),
    run: async (feeds, outputs) => {
      const fetches = Object.fromEntries(outputs.map((name) => [name, null]));
      return session.run(feeds, fetches, {});
    },
  };
}

/** Opens a model. Rejects with ONNX Runtime's own error. */
export async function openOnnxSession(
  path: string,
  place: SessionPlace,
  settings: SessionSettings,
): Promise<OnnxSession> {
  const ort = requireOnnxRuntime();
  const options = sessionOptions(place, settings);
  const { version } = require('onnxruntime-node/package.json') as { version: string };
  if (version === KNOWN_RELEASE) return nativeSession(path, options);
  const session = await ort.InferenceSession.create(path, options);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: (feeds, outputs) => session.run(feeds, [...outputs]),
  };
}

type ViewConstructor = new (buffer: ArrayBuffer, offset: number, length: number) => Ort.Tensor.DataType;

const Float16 = (globalThis as { Float16Array?: ViewConstructor }).Float16Array ?? Uint16Array;

/** How ONNX Runtime names a datatype, and the typed array that views it. */
const TENSOR_TYPES: {
  readonly [Name in Exclude<Datatype, 'BYTES' | 'BF16'>]: readonly [TensorType, ViewConstructor, number];
} = {
  BOOL: ['bool', Uint8Array, 1],
  UINT8: ['uint8', Uint8Array, 1],
  UINT16: ['uint16', Uint16Array, 2],
  UINT32: ['uint32', Uint32Array, 4],
  UINT64: ['uint64', BigUint64Array, 8],
  INT8: ['int8', Int8Array, 1],
  INT16: ['int16', Int16Array, 2],
  INT32: ['int32', Int32Array, 4],
  INT64: ['int64', BigInt64Array, 8],
  FP16: ['float16', Float16, 2],
  FP32: ['float32', Float32Array, 4],
  FP64: ['float64', Float64Array, 8],
};

const DATATYPE_OF: ReadonlyMap<string, Datatype> = new Map([
  ...Object.entries(TENSOR_TYPES).map(([datatype, [type]]): [string, Datatype] => [
    type,
    datatype as Datatype,
  ]),
  ['string', 'BYTES'],
]);

/** The wire datatype of a tensor that the runtime returned. */
export function datatypeOfTensor(tensor: Ort.Tensor): Datatype {
  const datatype = DATATYPE_OF.get(tensor.type);
  if (datatype) return datatype;
  throw new StatusError(
    'unsupported',
    `the model returned a tensor of type ${tensor.type}, which has no datatype`,
  );
}

function decodeStrings(name: string, bytes: Uint8Array): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const length = view.getUint32(at, true);
    const available = bytes.byteLength - at - 4;
    if (length > available) {
      throw new StatusError(
        'invalid-argument',
        `incomplete string data for inference input '${name}', expecting string of length ${length} but only ${available} bytes available`,
      );
    }
    const element = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    if (element.includes(0)) {
      throw new StatusError(
        'invalid-argument',
        `element ${texts.length} of input '${name}' contains a NUL byte: ONNX Runtime would silently cut it there. Encode binary data as text (base64) or as UINT8.`,
      );
    }
    try {
      texts.push(decoder.decode(element));
    } catch {
      throw new StatusError(
        'invalid-argument',
        `element ${texts.length} of input '${name}' is not valid UTF-8, which is all that ONNX Runtime's strings can carry. Encode binary data as text (base64) or as UINT8.`,
      );
    }
  }
  return texts;
}

/** A tensor over `length` bytes at `offset` of `buffer`, without a copy where the datatype allows it. */
export function viewTensor(
  ort: typeof Ort,
  tensor: { readonly name: string; readonly datatype: Datatype; readonly shape: readonly number[] },
  buffer: ArrayBuffer,
  offset: number,
  length: number,
): Ort.Tensor {
  const { name, datatype, shape } = tensor;
  if (datatype === 'BYTES') {
    return new ort.Tensor('string', decodeStrings(name, new Uint8Array(buffer, offset, length)), shape);
  }
  if (datatype === 'BF16') {
    throw new StatusError(
      'unsupported',
      `input '${name}' is BF16, which ONNX Runtime's JavaScript interface cannot take. Cast to FP32 inside the model.`,
    );
  }
  const [type, View, elementBytes] = TENSOR_TYPES[datatype];
  return new ort.Tensor(type, new View(buffer, offset, length / elementBytes), shape);
}

function encodeStrings(texts: readonly string[]): Uint8Array {
  const byteLength = texts.reduce((total, text) => total + 4 + Buffer.byteLength(text), 0);
  const bytes = Buffer.allocUnsafe(byteLength);
  let at = 0;
  for (const text of texts) {
    const length = bytes.write(text, at + 4);
    bytes.writeUInt32LE(length, at);
    at += 4 + length;
  }
  return bytes;
}

/** The wire bytes of a tensor that the runtime returned. */
export function bytesOfTensor(tensor: Ort.Tensor): Uint8Array {
  const { data } = tensor;
  if (Array.isArray(data)) return encodeStrings(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
