import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encodeInferRequest } from '../../app/core/open-inference/infer-request.ts';
import type { BenchTable } from './bench.ts';
import { fixed, median, percentile } from './figures.ts';
import { CHECKOUT } from './product-process.ts';
import { send, startTwin, type BenchTwin } from './twin.ts';

const SECONDS = 3;
const ROUNDS = 3;

interface BenchModel {
  readonly name: string;
  readonly title: string;
  /** ONNX file or model directory. */
  readonly path: string;
  readonly onnxFile: string;
  readonly input: { readonly name: string; readonly dims: readonly number[] };
}

const digits = join(CHECKOUT, 'sample-models/digits');
const imageMean = join(CHECKOUT, 'tests/bench/models/image_mean.onnx');
const MODELS: readonly BenchModel[] = [
  {
    name: 'digits',
    title: 'digits classifier',
    path: digits,
    onnxFile: join(digits, '1/model.onnx'),
    input: { name: 'image', dims: [1, 1, 8, 8] },
  },
  {
    name: 'image_mean',
    title: '602 KB in (1×3×224×224), 12 B out',
    path: imageMean,
    onnxFile: imageMean,
    input: { name: 'image', dims: [1, 3, 224, 224] },
  },
];

interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

async function measureRaw({ onnxFile, input }: BenchModel): Promise<Measured> {
  const feeds = JSON.stringify([{ name: input.name, type: 'float32', dims: input.dims }]);
  const script = fileURLToPath(new URL('./raw-loop.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, onnxFile, feeds, String(SECONDS)], {
    maxBuffer: 1 << 28,
  });
  const { latencies, seconds } = JSON.parse(stdout) as { latencies: number[]; seconds: number };
  return { p50: median(latencies), p99: percentile(latencies, 0.99), perSecond: latencies.length / seconds };
}

async function measureTwin(
  twin: BenchTwin,
  { name, input }: BenchModel,
  concurrency: number,
): Promise<Measured> {
  const count = input.dims.reduce((product, dim) => product * dim, 1);
  const { header, blocks } = encodeInferRequest({
    inputs: [
      {
        name: input.name,
        datatype: 'FP32',
        shape: input.dims,
        data: new Uint8Array(new Float32Array(count).fill(0.5).buffer),
      },
    ],
  });
  const body = Buffer.concat([header, ...blocks]);
  const headers = { 'Inference-Header-Content-Length': header.byteLength };
  const once = async () => {
    const { status, body: answer } = await send(twin.port, 'POST', `/v2/models/${name}/infer`, body, headers);
    if (status !== 200) throw new Error(`${name}: HTTP ${status} ${answer.toString()}`);
  };
  for (let warmup = 0; warmup < 50; warmup += 1) await once();
  const latencies: number[] = [];
  const begin = performance.now();
  const loop = async () => {
    while (performance.now() - begin < SECONDS * 1000) {
      const start = performance.now();
      await once();
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  const seconds = (performance.now() - begin) / 1000;
  return { p50: median(latencies), p99: percentile(latencies, 0.99), perSecond: latencies.length / seconds };
}

function middle(rounds: readonly Measured[]): Measured {
  return {
    p50: median(rounds.map(({ p50 }) => p50)),
    p99: median(rounds.map(({ p99 }) => p99)),
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
  };
}

/** The twin over HTTP with binary tensors against a bare `session.run` loop, blocks interleaved. */
export async function benchServing(): Promise<BenchTable> {
  const twin = await startTwin(Object.fromEntries(MODELS.map(({ name, path }) => [name, path])));
  const rows: string[][] = [];
  try {
    for (const model of MODELS) {
      const raw: Measured[] = [];
      const one: Measured[] = [];
      const eight: Measured[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        raw.push(await measureRaw(model));
        one.push(await measureTwin(twin, model, 1));
        eight.push(await measureTwin(twin, model, 8));
      }
      const limit = middle(raw);
      const row = (way: string, { p50, p99, perSecond }: Measured) => [
        model.title,
        way,
        fixed(p50, 3),
        fixed(p99, 3),
        fixed(p50 - limit.p50, 3),
        fixed(perSecond, 0),
        `${fixed(perSecond / limit.perSecond)} ×`,
      ];
      rows.push(
        row('bare session.run', limit),
        row('twin, concurrency 1', middle(one)),
        row('twin, concurrency 8', middle(eight)),
      );
    }
  } finally {
    await twin.stop();
  }
  return {
    title: 'Serving: the twin over HTTP (binary tensors) against a bare `session.run` loop',
    columns: ['model', 'way', 'p50 ms', 'p99 ms', 'added at p50 ms', 'requests/s', 'throughput ratio'],
    rows,
    method: `Closed loop, keep-alive, ${ROUNDS} interleaved rounds of ${SECONDS} s each, medians of the rounds; client, server and engine share the machine's cores.`,
  };
}
