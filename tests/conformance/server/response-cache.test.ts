import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensemble, identity, type Stats } from './ensemble-models.ts';
import { first, firstBytes, int32, ServerUnderTest, until, writeModel } from './server-under-test.ts';

const CACHED = 'response_cache { enable: true }';
const TWO = {
  inputs: [{ name: 'INPUT0' }, { name: 'INPUT1' }],
  outputs: [{ name: 'OUTPUT0' }, { name: 'OUTPUT1' }],
};

const tensor = (name: string, ...values: number[]) => ({
  name,
  datatype: 'INT32' as const,
  shape: [values.length / 4, 4],
  data: int32(...values),
});
const ROW = { inputs: [tensor('INPUT0', 1, 2, 3, 4)] };
const PAIR = { inputs: [tensor('INPUT0', 1, 2, 3, 4), tensor('INPUT1', 5, 6, 7, 8)] };

/** Counts that tell hits from executions. */
async function countsOf(server: ServerUnderTest, model: string) {
  const answer = await server.call(`/v2/models/${model}/stats`);
  const stats = first((JSON.parse(answer.text) as { model_stats: Stats[] }).model_stats);
  const { success, cache_hit: hit, cache_miss: miss, compute_infer: computed } = stats.inference_stats;
  return {
    success: success.count,
    computed: computed.count,
    hit: hit.count,
    miss: miss.count,
    inferences: stats.inference_count,
    executions: stats.execution_count,
  };
}

describe('the response cache', () => {
  let server: ServerUnderTest;
  beforeAll(async () => {
    server = await ServerUnderTest.start(
      {
        counted: identity({ more: CACHED }),
        pair: identity({ ...TWO, more: CACHED }),
        subsets: identity({ ...TWO, more: CACHED }),
        uncached: identity(),
        reloaded: identity({ more: CACHED }),
        killed: identity({ more: CACHED }),
        large: identity({
          more: CACHED,
          inputs: [{ name: 'INPUT0', dims: '-1' }],
          outputs: [{ name: 'OUTPUT0', dims: '-1' }],
        }),
        whole: ensemble([['uncached', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }]], { more: CACHED }),
        on_reloaded: ensemble([['reloaded', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }]], { more: CACHED }),
      },
      ['--model-control-mode=explicit', '--load-model=*', '--cache-config=local,size=65536'],
    );
  });
  afterAll(() => server.stop());

  test('answers the same inputs again without an execution, and counts that as Triton does', async () => {
    const asked = await server.infer('counted', ROW);
    const again = await server.infer('counted', ROW);
    await server.infer('counted', { ...ROW, id: 'other' });
    expect(again).toEqual(asked);
    expect(await countsOf(server, 'counted')).toEqual({
      success: 3,
      computed: 1,
      hit: 2,
      miss: 1,
      inferences: 1,
      executions: 1,
    });
    await server.infer('counted', { inputs: [tensor('INPUT0', 1, 2, 3, 4, 1, 2, 3, 4)] });
    expect(await countsOf(server, 'counted')).toMatchObject({
      hit: 2,
      miss: 2,
      inferences: 3,
      executions: 2,
    });
  });

  test('takes inputs in any order', async () => {
    await server.infer('pair', PAIR);
    await server.infer('pair', { inputs: PAIR.inputs.toReversed() });
    expect(await countsOf(server, 'pair')).toMatchObject({ hit: 1, miss: 1 });
    // The same bytes in the other inputs are another question.
    const swapped = { inputs: [tensor('INPUT0', 5, 6, 7, 8), tensor('INPUT1', 1, 2, 3, 4)] };
    expect(firstBytes(await server.infer('pair', swapped))).toEqual([...int32(5, 6, 7, 8)]);
    expect(await countsOf(server, 'pair')).toMatchObject({ hit: 1, miss: 2 });
  });

  test('never answers with the outputs of another request', async () => {
    const ask = async (...names: string[]) => {
      const { outputs } = await server.infer('subsets', {
        ...PAIR,
        outputs: names.map((name) => ({ name })),
      });
      return outputs.map(({ name, data }) => [name, data[0]]);
    };
    expect(await ask('OUTPUT0')).toEqual([['OUTPUT0', 1]]);
    expect(await ask('OUTPUT1')).toEqual([['OUTPUT1', 5]]);
    expect(await countsOf(server, 'subsets')).toMatchObject({ hit: 0, miss: 2 });
    expect(await ask('OUTPUT0', 'OUTPUT1')).toEqual([
      ['OUTPUT0', 1],
      ['OUTPUT1', 5],
    ]);
    expect(await ask('OUTPUT1')).toEqual([['OUTPUT1', 5]]);
    expect(await countsOf(server, 'subsets')).toMatchObject({ hit: 2, miss: 2 });
  });

  test('leaves models alone that do not ask for it', async () => {
    await server.infer('uncached', ROW);
    await server.infer('uncached', ROW);
    expect(await countsOf(server, 'uncached')).toMatchObject({ hit: 0, miss: 0, executions: 2 });
  });

  test('gives up what was not used for longest when it is full', async () => {
    const values = (start: number) => ({
      inputs: [{ ...tensor('INPUT0', ...Array<number>(4000).fill(start)), shape: [1, 4000] }],
    });
    for (const start of [1, 2, 3, 4, 1]) await server.infer('large', values(start));
    expect(await countsOf(server, 'large')).toMatchObject({ hit: 1, miss: 4 });
    await server.infer('large', values(5));
    await server.infer('large', values(1));
    expect(await countsOf(server, 'large')).toMatchObject({ hit: 2, miss: 5 });
    await server.infer('large', values(2));
    expect(await countsOf(server, 'large')).toMatchObject({ hit: 2, miss: 6 });
    const tooLarge = {
      inputs: [{ ...tensor('INPUT0', ...Array<number>(20_000).fill(1)), shape: [1, 20_000] }],
    };
    await server.infer('large', tooLarge);
    await server.infer('large', tooLarge);
    expect(await countsOf(server, 'large')).toMatchObject({ hit: 2, miss: 8 });
  });

  test('answers for a whole ensemble', async () => {
    const request = { inputs: [tensor('IN', 9, 9, 9, 9)] };
    const before = await countsOf(server, 'uncached');
    await server.infer('whole', request);
    await server.infer('whole', request);
    expect(await countsOf(server, 'whole')).toMatchObject({ success: 2, hit: 1, miss: 1, executions: 1 });
    expect((await countsOf(server, 'uncached')).executions - before.executions).toBe(1);
  });

  test('is never asked for a request of a sequence', async () => {
    const body =
      '{"inputs":[{"name":"IN","shape":[1,4],"datatype":"INT32","data":[7,7,7,7]}],"parameters":{"sequence_id":5}}';
    const before = await countsOf(server, 'whole');
    await server.call('/v2/models/whole/infer', { body });
    await server.call('/v2/models/whole/infer', { body });
    const after = await countsOf(server, 'whole');
    expect([after.hit - before.hit, after.executions - before.executions]).toEqual([0, 2]);
  });

  test('forgets what a model answered before it was loaded again, and what an ensemble answered with it', async () => {
    const request = { inputs: [tensor('IN', 1, 1, 1, 1)] };
    await server.infer('reloaded', ROW);
    await server.infer('on_reloaded', request);
    const before = await countsOf(server, 'on_reloaded');
    const config = identity({ more: `${CACHED} parameters { key: "a" value { string_value: "b" } }` });
    await writeModel(server.repository, 'reloaded', config);
    const { status } = await server.call('/v2/repository/models/reloaded/load', { method: 'POST' });
    expect(status).toBe(200);
    await server.infer('reloaded', ROW);
    expect(await countsOf(server, 'reloaded')).toMatchObject({ hit: 0, miss: 1 });
    await server.infer('on_reloaded', request);
    expect((await countsOf(server, 'on_reloaded')).miss - before.miss).toBe(1);
  });

  test('forgets what an engine answered that has died', async () => {
    await server.infer('killed', ROW);
    process.kill(server.enginePid('killed'), 'SIGKILL');
    await until(async () => !(await server.isReady('killed')));
    await until(() => server.isReady('killed'));
    await server.infer('killed', ROW);
    expect(await countsOf(server, 'killed')).toMatchObject({ hit: 0, miss: 2 });
  });
});

test('a model may ask for a cache that the server has not', async () => {
  const server = await ServerUnderTest.start({ counted: identity({ more: CACHED }) });
  try {
    await server.infer('counted', ROW);
    await server.infer('counted', ROW);
    expect(await countsOf(server, 'counted')).toMatchObject({ hit: 0, miss: 0, executions: 2 });
  } finally {
    await server.stop();
  }
});

test('--response-cache-byte-size, which is deprecated, asks for the same cache', async () => {
  const server = await ServerUnderTest.start({ counted: identity({ more: CACHED }) }, [
    '--response-cache-byte-size=65536',
  ]);
  try {
    await server.infer('counted', ROW);
    await server.infer('counted', ROW);
    expect(await countsOf(server, 'counted')).toMatchObject({ hit: 1, miss: 1 });
  } finally {
    await server.stop();
  }
});

test.each([
  ['local,size=abc', 'Internal - Failed to initialize LocalCache: stoull'],
  ['local,size=100', 'Internal - Failed to initialize LocalCache: Could not initialize buffer'],
  [
    'local,other=1',
    "Invalid argument - Failed to initialize LocalCache: config didn't contain a valid 'size' field.",
  ],
  ['redis,host=here', "Invalid argument - unable to find 'libtritoncache_redis.so' for cache."],
])('a cache that cannot be had ends the server: %s', async (setting, words) => {
  const server = await ServerUnderTest.launch({ plain: identity() }, [`--cache-config=${setting}`]);
  expect((await server.exited).code).toBe(1);
  expect(server.output).toContain(`error: creating server: ${words}`);
  await server.stop();
});

test('a sequence model cannot be cached, in the words of Triton', async () => {
  const server = await ServerUnderTest.start(
    { stateful: identity({ more: `${CACHED} sequence_batching { }` }) },
    ['--exit-on-error=false', '--cache-config=local,size=65536'],
  );
  try {
    await until(() => server.output.includes('Poll failed'));
    expect(server.output).toContain(
      'Response Cache does not currently support model stateful with sequence batching scheduler. Please disable the response cache.',
    );
  } finally {
    await server.stop();
  }
});
