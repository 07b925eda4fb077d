import type { Format } from './format.ts';
import { detectOnnx } from './onnx/detect.ts';
import { inspectOnnx } from './onnx/inspect.ts';

/** Every format that Conch tells apart, in the order in which they are tried; what can be served comes first. */
export const FORMATS: readonly Format[] = [
  { id: 'onnx', name: 'ONNX', detect: detectOnnx, inspect: inspectOnnx },
];
