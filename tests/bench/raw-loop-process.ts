/**
 * The baseline: a bare `session.run` loop in a Node process of its own, with the engine's session options.
 * argv: model file, JSON of feeds ({name, type, dims, byteLength}[]), seconds. Prints JSON {latencies, runs, seconds}.
 */
import process from 'node:process';

process.env['ORT_DISABLE_TELEMETRY'] = '1';
const { InferenceSession, Tensor } = await import('onnxruntime-node');

interface Feed {
  readonly name: string;
  readonly type: 'float32' | 'int32' | 'int64';
  readonly dims: readonly number[];
}

const DATA = {
  float32: (count: number) => new Float32Array(count).fill(0.5),
  int32: (count: number) => new Int32Array(count).fill(1),
  int64: (count: number) => new BigInt64Array(count).fill(1n),
} as const;

const [, , modelPath = '', feedsText = '[]', secondsText = '3'] = process.argv;
const session = await InferenceSession.create(modelPath, {
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
});
const feeds = Object.fromEntries(
  (JSON.parse(feedsText) as Feed[]).map(({ name, type, dims }) => {
    const count = dims.reduce((product, dim) => product * dim, 1);
    return [name, new Tensor(type, DATA[type](count), [...dims])];
  }),
);
const warmUpEnd = performance.now() + Number(secondsText) * 250;
do await session.run(feeds);
while (performance.now() < warmUpEnd);
const latencies: number[] = [];
const begin = performance.now();
while (performance.now() - begin < Number(secondsText) * 1000) {
  const start = performance.now();
  await session.run(feeds);
  latencies.push(performance.now() - start);
}
process.stdout.write(JSON.stringify({ latencies, seconds: (performance.now() - begin) / 1000 }));
