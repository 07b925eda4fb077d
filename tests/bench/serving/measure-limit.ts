import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from '../figures.ts';
import type { ServingModel } from './models.ts';

const TYPES = { FP32: 'float32', INT32: 'int32', INT64: 'int64' } as const;

/** What the bare runtime does with a model, without any server. */
export interface Limit {
  /** Of a run of one row, in milliseconds. */
  readonly alone: number;
  /** With the batch that gives most. */
  readonly rowsPerSecond: number;
  readonly bestBatch: number;
  /** Of a run of the best batch, in milliseconds. */
  readonly bestRun: number;
}

async function runRows(
  { inputs }: ServingModel,
  onnxFile: string,
  rows: number,
  seconds: number,
): Promise<number> {
  const feeds = inputs.map(({ name, datatype, dims }) => ({
    name,
    type: TYPES[datatype],
    dims: [rows, ...dims],
  }));
  const script = fileURLToPath(new URL('./raw-loop.mjs', import.meta.url));
  const args = [script, onnxFile, JSON.stringify(feeds), String(seconds)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 28 });
  return median((JSON.parse(stdout) as { latencies: number[] }).latencies);
}

/** A bare `session.run` loop with batches of 1, 8, … up to the model's largest: the limit of the machine. */
export async function measureLimit(model: ServingModel, onnxFile: string, seconds: number): Promise<Limit> {
  const alone = await runRows(model, onnxFile, 1, seconds);
  let best = { rows: 1, run: alone };
  for (const rows of new Set([8, model.maxBatchSize])) {
    const run = await runRows(model, onnxFile, rows, seconds);
    if (rows / run > best.rows / best.run) best = { rows, run };
  }
  return { alone, rowsPerSecond: (best.rows / best.run) * 1000, bestBatch: best.rows, bestRun: best.run };
}
