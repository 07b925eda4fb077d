import { mkdir, mkdtemp } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { installOtherServers } from '../clients/install-clients.mjs';
import type { BenchTable } from './bench.ts';
import { fixed, median } from './figures.ts';
import { measureHttp, type Measured } from './http-load.ts';
import { measureLimit } from './serving/measure-limit.ts';
import { onnxFileOf, SERVING_MODELS, writeServingModels, type ServingModel } from './serving/models.ts';
import { recordedTriton } from './serving/recorded-triton.ts';
import { removeScratch, startOtherServers, startServedTwin, type ServingServer } from './serving/servers.ts';

/** `npm run bench:serving -- --short`: one round and fewer concurrencies, in under four minutes. */
const IS_SHORT = process.argv.includes('--short');
const SECONDS = 1;
const ROUNDS = IS_SHORT ? 1 : 3;
const CONCURRENCIES = IS_SHORT ? [1, 64] : [1, 4, 16, 64];

function middle(rounds: readonly Measured[]): Measured {
  return {
    p50: median(rounds.map(({ p50 }) => p50)),
    p99: median(rounds.map(({ p99 }) => p99)),
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
  };
}

interface Entry {
  readonly server: ServingServer;
  readonly rounds: Measured[];
}

/** Every server with the same load, in turn, round by round. */
async function measureServers(
  servers: readonly ServingServer[],
  model: ServingModel,
  concurrency: number,
): Promise<readonly { readonly server: ServingServer; readonly measured: Measured }[]> {
  const entries: Entry[] = servers.map((server) => ({ server, rounds: [] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { server, rounds } of entries)
      rounds.push(await measureHttp(server.port, server.request(model), concurrency, SECONDS));
  }
  return entries.map(({ server, rounds }) => ({ server, measured: middle(rounds) }));
}

async function measureModel(
  twin: Awaited<ReturnType<typeof startServedTwin>>,
  others: readonly ServingServer[],
  model: ServingModel,
  onnxFile: string,
): Promise<string[][]> {
  const limit = await measureLimit(model, onnxFile, SECONDS);
  const best = `${limit.bestBatch} row${limit.bestBatch === 1 ? '' : 's'} in ${fixed(limit.bestRun)} ms`;
  const rate = fixed(limit.rowsPerSecond, 0);
  const rows = [[model.title, `bare runtime, ${best}`, '', fixed(limit.alone, 3), '', rate, '', '', '']];
  for (const concurrency of CONCURRENCIES) {
    const measured = await measureServers([twin.alone, twin.dynamic, ...others], model, concurrency);
    const alone = measured[0]?.measured.perSecond ?? Number.NaN;
    for (const { server, measured: figures } of measured) {
      const way = server === twin.alone ? 'alone' : server === twin.dynamic ? 'dynamic' : null;
      rows.push([
        model.title,
        server.title,
        String(concurrency),
        fixed(figures.p50, 3),
        fixed(figures.p99, 3),
        fixed(figures.perSecond, 0),
        `${fixed(figures.perSecond / limit.rowsPerSecond)} ×`,
        `${fixed(figures.perSecond / alone)} ×`,
        way === null ? '' : recordedTriton(model.name, way, concurrency),
      ]);
    }
  }
  return rows;
}

/** The twin against the bare runtime and against other servers of the same models: same client, same load. */
export async function benchServing(): Promise<BenchTable> {
  const scratch = await mkdtemp(join(tmpdir(), 'conch-bench-'));
  const stops: (() => Promise<void>)[] = [];
  const [load = 0] = loadavg();
  try {
    const python = installOtherServers();
    const models = join(scratch, 'onnx');
    await mkdir(models);
    await writeServingModels(python, models);
    const twin = await startServedTwin(models, join(scratch, 'twin'));
    stops.push(() => twin.twin.stop());
    const { servers, missing } = await startOtherServers(python, models, scratch);
    stops.push(...servers.map(({ stop }) => stop));
    const rows: string[][] = [];
    for (const model of SERVING_MODELS)
      rows.push(...(await measureModel(twin, servers, model, onnxFileOf(models, model.name))));
    const absent = missing.map((each) => ` Not measured: ${each}.`).join('');
    return {
      title: 'Serving: the twin over HTTP against the bare runtime and other servers, one row a request',
      columns: [
        'model',
        'server',
        'concurrency',
        'p50 ms',
        'p99 ms',
        'requests/s',
        'of the limit',
        'of the twin without batching',
        'Triton 2.70.0 on another machine',
      ],
      rows,
      method: `Closed loop of raw keep-alive sockets, ${ROUNDS} rounds of ${SECONDS} s in turn, medians; one instance; client, server and engine share the machine's cores; load average ${fixed(load, 1)} before. The limit is a bare \`session.run\` loop with the batch that gives most rows a second. MLServer is sent JSON, FastAPI bare bytes, the others the protocol's binary tensors.${absent}`,
    };
  } finally {
    for (const stop of stops) await stop();
    await removeScratch(scratch);
  }
}
