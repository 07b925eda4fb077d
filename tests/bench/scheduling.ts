import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encodeInferRequest } from '../../app/core/open-inference/infer-request.ts';
import { batcherPolicy } from '../../app/core/scheduling/dynamic-batcher.ts';
import { simulateSchedule } from '../../app/core/scheduling/laboratory/simulate-schedule.ts';
import { summarizeSchedule } from '../../app/core/scheduling/laboratory/summarize-schedule.ts';
import type { BenchTable } from './bench.ts';
import { fixed, median, percentile } from './figures.ts';
import { writeLargeOnnx } from './large-models/write-large-onnx.ts';
import { send, startTwin, type BenchTwin } from './twin.ts';

const SECONDS = 3;
const WIDTH = 1024;
const MAX_BATCH = 64;
const SIZES = [1, 2, 4, 8, 16, 32, 64] as const;
const CONCURRENCIES = [1, 4, 16, 64] as const;
const WAYS = { alone: '', dynamic: 'dynamic_batching { }' } as const;

type Way = keyof typeof WAYS;

interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

function configText(way: Way): string {
  return `backend: "onnxruntime" max_batch_size: ${MAX_BATCH} ${WAYS[way]}
    input [ { name: "input" data_type: TYPE_FP32 dims: [ ${WIDTH} ] } ]
    output [ { name: "output" data_type: TYPE_FP32 dims: [ ${WIDTH} ] } ]
    instance_group [ { kind: KIND_CPU count: 1 } ]`;
}

async function writeModels(folder: string): Promise<Record<Way, string>> {
  for (const way of ['alone', 'dynamic'] as const) {
    await mkdir(join(folder, way, '1'), { recursive: true });
    await writeLargeOnnx(join(folder, way, '1/model.onnx'), 40e6);
    await writeFile(join(folder, way, 'config.pbtxt'), configText(way));
  }
  return { alone: join(folder, 'alone'), dynamic: join(folder, 'dynamic') };
}

/** Rows a second of a bare `session.run` loop with the largest batch: the limit of the machine. */
async function measureLimit(onnxFile: string): Promise<number> {
  const feeds = JSON.stringify([{ name: 'input', type: 'float32', dims: [MAX_BATCH, WIDTH] }]);
  const script = fileURLToPath(new URL('./raw-loop.mjs', import.meta.url));
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [script, onnxFile, feeds, String(SECONDS)], {
    maxBuffer: 1 << 28,
  });
  const { latencies, seconds } = JSON.parse(stdout) as { latencies: number[]; seconds: number };
  return (latencies.length * MAX_BATCH) / seconds;
}

function requestOnce(twin: BenchTwin, way: Way, rows: number): () => Promise<void> {
  const data = new Uint8Array(new Float32Array(rows * WIDTH).fill(0.5).buffer);
  const { header, blocks } = encodeInferRequest({
    inputs: [{ name: 'input', datatype: 'FP32', shape: [rows, WIDTH], data }],
  });
  const body = Buffer.concat([header, ...blocks]);
  const headers = { 'Inference-Header-Content-Length': header.byteLength };
  return async () => {
    const { status, body: answer } = await send(twin.port, 'POST', `/v2/models/${way}/infer`, body, headers);
    if (status !== 200) throw new Error(`HTTP ${status} ${answer.toString()}`);
  };
}

async function measureTwin(twin: BenchTwin, way: Way, concurrency: number): Promise<Measured> {
  const once = requestOnce(twin, way, 1);
  for (let warmup = 0; warmup < 20; warmup += 1) await once();
  const latencies: number[] = [];
  const begin = performance.now();
  const loop = async (): Promise<void> => {
    while (performance.now() - begin < SECONDS * 1000) {
      const start = performance.now();
      await once();
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  const perSecond = latencies.length / ((performance.now() - begin) / 1000);
  return { p50: median(latencies), p99: percentile(latencies, 0.99), perSecond };
}

interface Counted {
  readonly count: number;
  readonly ns: number;
}

interface BatchTimes {
  readonly batch_size: number;
  readonly compute_input: Counted;
  readonly compute_infer: Counted;
  readonly compute_output: Counted;
}

/** What an execution of so many rows takes, in milliseconds: asked with batches of every size, one at a time. */
async function measureCompute(twin: BenchTwin): Promise<(rows: number) => number> {
  for (const rows of SIZES) {
    const once = requestOnce(twin, 'alone', rows);
    for (let run = 0; run < 20; run += 1) await once();
  }
  const { body } = await send(twin.port, 'GET', '/v2/models/alone/stats');
  const { model_stats } = JSON.parse(body.toString()) as { model_stats: { batch_stats: BatchTimes[] }[] };
  const points = (model_stats[0]?.batch_stats ?? []).map((batch) => ({
    rows: batch.batch_size,
    milliseconds:
      (batch.compute_input.ns + batch.compute_infer.ns + batch.compute_output.ns) /
      batch.compute_infer.count /
      1e6,
  }));
  return (rows) => {
    const above = points.find((point) => point.rows >= rows) ?? points.at(-1);
    const below = points.findLast((point) => point.rows <= rows) ?? points[0];
    if (!above || !below) throw new Error('no compute times');
    if (above.rows === below.rows) return above.milliseconds;
    const share = (rows - below.rows) / (above.rows - below.rows);
    return below.milliseconds + share * (above.milliseconds - below.milliseconds);
  };
}

/** What the laboratory says of the same load. `overhead`: a round trip of one client without its execution. */
function predict(
  way: Way,
  concurrency: number,
  compute: (rows: number) => number,
  overhead: number,
): Measured {
  const config = { max_batch_size: MAX_BATCH, ...(way === 'dynamic' ? { dynamic_batching: {} } : {}) };
  const schedule = simulateSchedule(
    {
      policy: batcherPolicy(config),
      instanceCount: 1,
      preservesOrdering: false,
      computeMilliseconds: compute,
      ingestMilliseconds: overhead / 3,
      answerMilliseconds: overhead / 3,
    },
    { kind: 'closed', concurrency, rows: 1, count: 4000, thinkMilliseconds: overhead / 3 },
  );
  const { p50Milliseconds, p99Milliseconds, requestsPerSecond } = summarizeSchedule(schedule);
  return { p50: p50Milliseconds, p99: p99Milliseconds, perSecond: requestsPerSecond };
}

const ratio = (value: number, of: number): string => `${fixed(value / of)} ×`;

/** Throughput with and without dynamic batching against the bare runtime's best batch, and what the laboratory foretells. */
export async function benchScheduling(): Promise<BenchTable> {
  const folder = await mkdtemp(join(tmpdir(), 'conch-bench-'));
  const rows: string[][] = [];
  try {
    const paths = await writeModels(folder);
    const limit = await measureLimit(join(paths.alone, '1/model.onnx'));
    const twin = await startTwin(paths);
    try {
      const compute = await measureCompute(twin);
      const single = await measureTwin(twin, 'alone', 1);
      const overhead = Math.max(0.1, single.p50 - compute(1));
      for (const concurrency of CONCURRENCIES) {
        const alone = await measureTwin(twin, 'alone', concurrency);
        const dynamic = await measureTwin(twin, 'dynamic', concurrency);
        for (const [way, measured] of [
          ['alone', alone],
          ['dynamic', dynamic],
        ] as const) {
          const foretold = predict(way, concurrency, compute, overhead);
          rows.push([
            way === 'alone' ? 'each request alone' : 'dynamic batching',
            String(concurrency),
            fixed(measured.p50),
            fixed(measured.p99),
            fixed(measured.perSecond, 0),
            ratio(measured.perSecond, limit),
            ratio(measured.perSecond, alone.perSecond),
            ratio(foretold.perSecond, measured.perSecond),
            ratio(foretold.p99, measured.p99),
          ]);
        }
      }
    } finally {
      await twin.stop();
    }
    return {
      title: 'Scheduling: ten layers of 1024 × 1024 over HTTP, one instance, one row a request',
      columns: [
        'way',
        'concurrency',
        'p50 ms',
        'p99 ms',
        'requests/s',
        'of the limit',
        'of each alone',
        'laboratory, requests/s',
        'laboratory, p99',
      ],
      rows,
      method: `Closed loop of ${SECONDS} s a row, keep-alive; client, server and engine share the machine's cores. The limit is a bare \`session.run\` loop with ${MAX_BATCH} rows at once: ${fixed(limit, 0)} rows/s. The laboratory knows the compute times of batches sent alone and one client's round trip.`,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
