/**
 * What a real Triton 2.70.0 (26.06, ONNX Runtime backend, CPU) gave on another machine (2 vCPU AMD EPYC, wrk or, where
 * said, Node's http client in a closed loop on the same two cores): requests/s and p50 in milliseconds.
 */
const RECORDED: Readonly<Record<string, readonly [number, number]>> = {
  'add_sub alone 1': [3972, 0.195],
  'add_sub alone 4': [5991, 0.512],
  'add_sub alone 16': [3786, 3.318],
  'mlp alone 1': [946, 0.414],
  'mlp alone 4': [2455, 1.253],
  'mlp alone 16': [2587, 5.398],
  'mlp dynamic 1': [2247, 0.353],
  'mlp dynamic 4': [3000, 1.103],
  'mlp dynamic 16': [3030, 5.023],
  'resnet18 alone 1': [39.2, 24.985],
  'resnet18 alone 4': [35.4, 108.071],
};

/** A row's recorded figures in words, or nothing where none were recorded. */
export function recordedTriton(model: string, way: 'alone' | 'dynamic', concurrency: number): string {
  const found = RECORDED[`${model} ${way} ${concurrency}`];
  return found ? `${found[0]}/s, p50 ${found[1]} ms` : '';
}
