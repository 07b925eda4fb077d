import { setTimeout as sleep } from 'node:timers/promises';
import type { ReplayServer } from './replay-server.ts';

/** What a row's name tells that happened before it. */
type Step = (server: ReplayServer) => Promise<unknown>;

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data: readonly number[];
}

function infer(
  server: ReplayServer,
  path: string,
  inputs: readonly Tensor[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  return server.post(`/v2/models/${path}/infer`, JSON.stringify({ inputs, ...more }));
}

/** Two INT32 inputs of 16 elements, as the models of the kind of `simple` take them. */
function twoInputs(shape: readonly number[] = [1, 16], prefix = ''): Tensor[] {
  const count = shape.reduce((all, each) => all * each, 1);
  return [0, 1].map((index) => ({
    name: `${prefix}INPUT${index}`,
    shape,
    datatype: 'INT32',
    data: Array.from({ length: count }, (_, at) => (index === 0 ? at % 16 : 1)),
  }));
}

function fp32(name: string, data: readonly number[]): Tensor[] {
  return [{ name, shape: [1, data.length], datatype: 'FP32', data }];
}

async function twice(step: () => Promise<unknown>): Promise<void> {
  await step();
  await step();
}

const TWO_SIMPLE: Step = (server) => twice(() => infer(server, 'simple', twoInputs()));
const OUT_OF_RANGE = [1, 5, 3];

function cached(more: Readonly<Record<string, unknown>> = {}): Step {
  return (server) => infer(server, 'cached', twoInputs(), more);
}

const STATISTICS: Readonly<Record<string, Step>> = {
  'simple: 3x batch1, 1x batch2': async (server) => {
    for (const batchSize of [1, 1, 1, 2]) await infer(server, 'simple', twoInputs([batchSize, 16]));
  },
  'simple: after 2 rejected requests (no inputs, batch 9)': async (server) => {
    await infer(server, 'simple', []);
    await infer(server, 'simple', twoInputs([9, 16]));
  },
  'fail_at_run after 1 runtime failure': (server) =>
    infer(server, 'fail_at_run', fp32('INPUT0', OUT_OF_RANGE)),
  'ens_addsub after 1': (server) => infer(server, 'ens_addsub', twoInputs([1, 16], 'E_')),
  'ens_fail after 1': (server) => infer(server, 'ens_fail', fp32('IN', OUT_OF_RANGE)),
  'warm after 1 request': (server) => infer(server, 'warm', twoInputs()),
  'cached after 1 (miss)': cached(),
  'cached after 3 identical': (server) => twice(() => cached()(server)),
  'cached: same inputs, one output requested': cached({ outputs: [{ name: 'OUTPUT0' }] }),
  'cached: same inputs, other id': cached({ id: 'other' }),
  'cached: same inputs, custom parameter': cached({ parameters: { custom: 1 } }),
  'cached: inputs in other order': (server) => infer(server, 'cached', twoInputs().toReversed()),
  'cached: other batch': (server) => infer(server, 'cached', twoInputs([2, 16])),
  'ver_all (all versions)': async (server) => {
    for (const version of ['1', '2', '3'])
      await infer(server, `ver_all/versions/${version}`, fp32('INPUT0', [1, 2]));
  },
  'idb_fp32 after 1 (identity backend)': (server) => infer(server, 'idb_fp32', fp32('INPUT0', [1, 2])),
  tags: (server) => infer(server, 'tags', twoInputs()),
};

const STEPS: Readonly<Record<string, Readonly<Record<string, Step>>>> = {
  statistics: STATISTICS,
  main_models: {
    'simple_nb stats after 1 request (max_batch_size 0)': (server) =>
      infer(server, 'simple_nb', twoInputs([16])),
  },
  metrics: {
    'metrics after': async (server) => {
      for (const name of Object.keys(STATISTICS)) await doStep(server, 'statistics', name);
    },
    histograms: TWO_SIMPLE,
    summaries: TWO_SIMPLE,
    quantiles: TWO_SIMPLE,
    'no cpu': TWO_SIMPLE,
  },
  // A request that is not among the recorded ones had turned it off.
  grpc_basic: { 'log verbose 0': (server) => server.post('/v2/logging', '{"log_info":false}') },
  sequences: {
    'st_file: idle: after 1.6 s with 0.5 s max idle': () => sleep(1600),
  },
};

/** Does once what came before a recorded answer. */
export async function doStep(server: ReplayServer, recording: string, name: string): Promise<void> {
  const key = `${recording} ${name}`;
  if (server.done.has(key)) return;
  server.done.add(key);
  await STEPS[recording]?.[name]?.(server);
}
