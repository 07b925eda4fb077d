import { join } from 'node:path';
import { encodeInferRequest } from '../../app/core/open-inference/infer-request.ts';
import type { BenchTable } from './bench.ts';
import { fixed, median, percentile } from './figures.ts';
import { CHECKOUT } from './product-process.ts';
import { send, startTwin, type BenchTwin } from './twin.ts';

const RUNS = 5;

/** Round trips of `GET /v2/health/live`, one after another, until `until` settles. Milliseconds. */
async function pingUntil(twin: BenchTwin, until: Promise<unknown>): Promise<number[]> {
  const watched = { isOver: false };
  const mark = () => {
    watched.isOver = true;
  };
  until.then(mark, mark);
  const pings: number[] = [];
  while (!watched.isOver) {
    const start = performance.now();
    await send(twin.port, 'GET', '/v2/health/live');
    pings.push(performance.now() - start);
    await new Promise((done) => setTimeout(done, 1));
  }
  return pings;
}

async function slowRun(twin: BenchTwin, trips: number): Promise<number> {
  const { header, blocks } = encodeInferRequest({
    inputs: [
      {
        name: 'trips',
        datatype: 'INT64',
        shape: [1],
        data: new Uint8Array(new BigInt64Array([BigInt(trips)]).buffer),
      },
    ],
  });
  const headers = { 'Inference-Header-Content-Length': header.byteLength };
  const start = performance.now();
  const { status, body } = await send(
    twin.port,
    'POST',
    '/v2/models/slow_loop/infer',
    Buffer.concat([header, ...blocks]),
    headers,
  );
  if (status !== 200) throw new Error(`HTTP ${status} ${body.toString()}`);
  return performance.now() - start;
}

/** How long the server's event loop keeps another client waiting while an inference of about a second runs. */
export async function benchEventLoop(): Promise<BenchTable> {
  const twin = await startTwin({ slow_loop: join(CHECKOUT, 'tests/bench/models/slow_loop.onnx') });
  try {
    await slowRun(twin, 10);
    const trips = Math.round((1000 / (await slowRun(twin, 200))) * 200);
    const idle = await pingUntil(twin, new Promise((done) => setTimeout(done, 1000)));
    const during: number[] = [];
    const lengths: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const slow = slowRun(twin, trips);
      during.push(...(await pingUntil(twin, slow)));
      lengths.push(await slow);
    }
    const row = (when: string, pings: readonly number[]) => [
      when,
      String(pings.length),
      fixed(median(pings)),
      fixed(percentile(pings, 0.99)),
      fixed(Math.max(...pings)),
    ];
    return {
      title: 'Event loop: `GET /v2/health/live` while an inference runs',
      columns: ['when', 'pings', 'p50 ms', 'p99 ms', 'longest ms'],
      rows: [row('idle', idle), row(`during ${RUNS} runs of ${fixed(median(lengths) / 1000)} s`, during)],
      method: 'Round trips on the client clock, so each is an upper bound of how long the loop was blocked.',
    };
  } finally {
    await twin.stop();
  }
}
