import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Datatype } from '../../../app/core/datatypes.ts';
import { ensemble, identity, type Stats } from './ensemble-models.ts';
import { first, firstBytes, fp32, int32, ServerUnderTest, until, writeModel } from './server-under-test.ts';

const TWO_IN = [{ name: 'INPUT0' }, { name: 'INPUT1' }];
const TWO_OUT = [{ name: 'OUTPUT0' }, { name: 'OUTPUT1' }];

function tensor(name: string, data: Uint8Array, shape: readonly number[], datatype: Datatype = 'INT32') {
  return { name, datatype, shape, data };
}

const ONE_ROW = { inputs: [tensor('IN', int32(1, 2, 3, 4), [1, 4])] };

async function statsOf(server: ServerUnderTest, model: string): Promise<Stats> {
  const answer = await server.call(`/v2/models/${model}/stats`);
  return first((JSON.parse(answer.text) as { model_stats: Stats[] }).model_stats);
}

async function post(server: ServerUnderTest, model: string, action: string, body = '') {
  const { status, text } = await server.call(`/v2/repository/models/${model}/${action}`, {
    method: 'POST',
    body,
  });
  return text === '' ? status : `${String(status)} ${(JSON.parse(text) as { error: string }).error}`;
}

async function indexOf(server: ServerUnderTest, model: string) {
  const answer = await server.call('/v2/repository/index', { method: 'POST' });
  const entries = JSON.parse(answer.text) as { name: string; state?: string; reason?: string }[];
  const { state = '', reason = '' } = entries.find(({ name }) => name === model) ?? {};
  return reason === '' ? state : `${state}: ${reason}`;
}

describe('the data flow of an ensemble', () => {
  let server: ServerUnderTest;
  beforeAll(async () => {
    server = await ServerUnderTest.start({
      copy: identity(),
      slow: identity({ delayMilliseconds: 300, more: 'instance_group { kind: KIND_CPU count: 4 }' }),
      both: identity({ inputs: TWO_IN, outputs: TWO_OUT }),
      unbatched: identity({ batch: 0 }),
      unbatched_rows: identity({
        batch: 0,
        inputs: [{ name: 'INPUT0', dims: '-1, 4' }],
        outputs: [{ name: 'OUTPUT0', dims: '-1, 4' }],
      }),
      versions: { ...identity({ more: 'version_policy { all { } }' }), versions: ['1', '2'] },
      optional: identity({
        inputs: [{ name: 'INPUT0' }, { name: 'INPUT1', more: 'optional: true' }],
        outputs: [{ name: 'OUTPUT0' }],
      }),
      divide: { file: 'divide-int32.onnx' },
      classifier: { file: 'labelled-classifier.onnx', ...LABELLED },
      chain: ensemble([
        ['copy', { INPUT0: 'IN' }, { OUTPUT0: 'between' }],
        ['copy', { INPUT0: 'between' }, { OUTPUT0: 'OUT' }],
      ]),
      fan: ensemble([
        ['slow', { INPUT0: 'IN' }, { OUTPUT0: 'left' }],
        ['slow', { INPUT0: 'IN' }, { OUTPUT0: 'right' }],
        ['both', { INPUT0: 'left', INPUT1: 'right' }, { OUTPUT0: 'OUT' }],
      ]),
      branches: ensemble(
        [
          ['copy', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }],
          ['versions', { INPUT0: 'IN' }, { OUTPUT0: 'OTHER' }],
        ],
        { outputs: [{ name: 'OUT' }, { name: 'OTHER' }] },
      ),
      nested: ensemble([
        ['chain', { IN: 'IN' }, { OUT: 'between' }],
        ['copy', { INPUT0: 'between' }, { OUTPUT0: 'OUT' }],
      ]),
      through_unbatched: ensemble([
        ['unbatched', { INPUT0: 'IN' }, { OUTPUT0: 'between' }],
        ['copy', { INPUT0: 'between' }, { OUTPUT0: 'OUT' }],
      ]),
      through_rows: ensemble([['unbatched_rows', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }]]),
      first_version: ensemble([['versions', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }, 1]]),
      newest_version: ensemble([['versions', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }]]),
      with_optional: ensemble([['optional', { INPUT0: 'IN', INPUT1: 'EXTRA' }, { OUTPUT0: 'OUT' }]], {
        inputs: [{ name: 'IN' }, { name: 'EXTRA', more: 'optional: true' }],
      }),
      reshaped: ensemble([['copy', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }]], {
        inputs: [{ name: 'IN', dims: '2, 2', more: 'reshape { shape: [ 4 ] }' }],
        outputs: [{ name: 'OUT', dims: '2, 2', more: 'reshape { shape: [ 4 ] }' }],
      }),
      failing: ensemble(
        [
          ['divide', { a: 'A', b: 'B' }, { quotient: 'OUT' }],
          ['copy', { INPUT0: 'IN' }, { OUTPUT0: 'OTHER' }],
        ],
        {
          inputs: [{ name: 'A', dims: '1' }, { name: 'B', dims: '1' }, { name: 'IN' }],
          outputs: [{ name: 'OUT', dims: '1' }, { name: 'OTHER' }],
          batch: 4,
        },
      ),
      narrow: ensemble([['slow', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }]], {
        scheduling: 'max_inflight_requests: 1',
      }),
      labelled: ensemble([['classifier', { x: 'IN' }, { probabilities: 'OUT' }]], {
        inputs: [{ name: 'IN', type: 'TYPE_FP32', dims: '3' }],
        outputs: [{ name: 'OUT', type: 'TYPE_FP32', dims: '3' }],
        batch: 4,
      }),
    });
  });
  afterAll(() => server.stop());

  test('a tensor goes from step to step, and each step is counted as the model that ran it', async () => {
    const before = await statsOf(server, 'copy');
    expect(firstBytes(await server.infer('chain', ONE_ROW))).toEqual([...int32(1, 2, 3, 4)]);
    const after = await statsOf(server, 'copy');
    expect(after.execution_count - before.execution_count).toBe(2);
    const own = await statsOf(server, 'chain');
    expect([own.inference_count, own.execution_count, own.inference_stats.success.count]).toEqual([1, 1, 1]);
    expect(own.batch_stats.map(({ batch_size }) => batch_size)).toEqual([1]);
    expect(own.inference_stats.compute_infer.ns).toBe(
      after.inference_stats.compute_infer.ns - before.inference_stats.compute_infer.ns,
    );
  });

  test('its statistics count rows, and its answer says the sequence once', async () => {
    const rows = { inputs: [tensor('IN', int32(...Array(12).keys()), [3, 4])] };
    const before = await statsOf(server, 'chain');
    await server.infer('chain', rows);
    expect((await statsOf(server, 'chain')).inference_count - before.inference_count).toBe(3);
    const answer = await server.call('/v2/models/chain/infer', {
      body: '{"inputs":[{"name":"IN","shape":[1,4],"datatype":"INT32","data":[1,2,3,4]}]}',
    });
    expect(answer.text).toContain(
      '"parameters":{"sequence_id":0,"sequence_start":false,"sequence_end":false},',
    );
  });

  test('steps that need nothing of each other run at once', async () => {
    const startedAt = performance.now();
    await server.infer('fan', ONE_ROW);
    expect(performance.now() - startedAt).toBeLessThan(550);
  });

  test('a step of which nobody asks an output does not run', async () => {
    const before = await statsOf(server, 'versions');
    const answer = await server.infer('branches', { ...ONE_ROW, outputs: [{ name: 'OUT' }] });
    expect(answer.outputs.map(({ name }) => name)).toEqual(['OUT']);
    expect(await statsOf(server, 'versions')).toEqual(before);
    const both = await server.infer('branches', ONE_ROW);
    expect(both.outputs.map(({ name }) => name).sort()).toEqual(['OTHER', 'OUT']);
  });

  test('an ensemble can be a step', async () => {
    expect(firstBytes(await server.infer('nested', ONE_ROW))).toEqual([...int32(1, 2, 3, 4)]);
  });

  test('one row passes through a model without a batch dimension, several where its shape has room', async () => {
    const one = await server.infer('through_unbatched', ONE_ROW);
    expect(first(one.outputs).shape).toEqual([1, 4]);
    const rows = { inputs: [tensor('IN', int32(...Array(8).keys()), [2, 4])] };
    expect(first((await server.infer('through_rows', rows)).outputs).shape).toEqual([2, 4]);
    await expect(server.infer('through_unbatched', rows)).rejects.toThrow(
      `400 {"error":"in ensemble 'through_unbatched', [request id: <id_unknown>] unexpected shape for input 'INPUT0' for model 'unbatched'. Expected [4], got [2,4]. "}`,
    );
  });

  test('a step runs on the version that it names, and on the newest with -1', async () => {
    const countOf = async (version: string): Promise<number> => {
      const answer = await server.call(`/v2/models/versions/versions/${version}/stats`);
      return first((JSON.parse(answer.text) as { model_stats: Stats[] }).model_stats).execution_count;
    };
    const before = [await countOf('1'), await countOf('2')];
    await server.infer('first_version', ONE_ROW);
    await server.infer('newest_version', ONE_ROW);
    await server.infer('newest_version', ONE_ROW);
    const after = [await countOf('1'), await countOf('2')];
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 2]);
  });

  test('an optional input that a request leaves out is left out of the step too', async () => {
    expect(firstBytes(await server.infer('with_optional', ONE_ROW))).toEqual([...int32(1, 2, 3, 4)]);
    const extra = tensor('EXTRA', int32(5, 6, 7, 8), [1, 4]);
    expect(firstBytes(await server.infer('with_optional', { inputs: [...ONE_ROW.inputs, extra] }))).toEqual([
      ...int32(1, 2, 3, 4),
    ]);
  });

  test('reshape holds for the ensemble as for any model', async () => {
    const answer = await server.infer('reshaped', {
      inputs: [tensor('IN', int32(1, 2, 3, 4), [1, 2, 2])],
    });
    expect(first(answer.outputs).shape).toEqual([1, 2, 2]);
  });

  test('a request that does not fit the ensemble is refused in the name of the ensemble', async () => {
    await expect(server.infer('chain', { inputs: [tensor('IN', int32(1, 2), [1, 2])] })).rejects.toThrow(
      "400 {\"error\":\"[request id: <id_unknown>] unexpected shape for input 'IN' for model 'chain'.",
    );
    await expect(server.infer('chain', { ...ONE_ROW, outputs: [{ name: 'between' }] })).rejects.toThrow(
      "unexpected inference output 'between' for model 'chain'",
    );
  });

  test('a step that fails fails the request, which counts once', async () => {
    const request = {
      inputs: [
        tensor('A', int32(-(2 ** 31)), [1, 1]),
        tensor('B', int32(-1), [1, 1]),
        tensor('IN', int32(1, 2, 3, 4), [1, 4]),
      ],
    };
    await expect(server.infer('failing', request)).rejects.toThrow(
      /^503 \{"error":"in ensemble 'failing', .*SIGFPE/,
    );
    const stats = await statsOf(server, 'failing');
    expect([stats.inference_stats.fail.count, stats.inference_stats.success.count]).toEqual([1, 0]);
    expect([stats.execution_count, stats.batch_stats]).toEqual([0, []]);
    await until(() => server.isReady('divide'));
    expect(await server.isReady('failing')).toBe(true);
  });

  test('max_inflight_requests lets that many requests at a time into each step', async () => {
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 3 }, () => server.infer('narrow', ONE_ROW)));
    expect(performance.now() - startedAt).toBeGreaterThan(890);
  });

  test('an output without labels of its own has those of the step that makes it', async () => {
    const answer = await server.call('/v2/models/labelled/infer', {
      body: '{"inputs":[{"name":"IN","shape":[1,3],"datatype":"FP32","data":[0,9,0]}],"outputs":[{"name":"OUT","parameters":{"classification":1}}]}',
    });
    expect(answer.text).toContain(':1:dog"');
    const plain = await server.infer('labelled', {
      inputs: [tensor('IN', fp32(0, 0, 0), [1, 3], 'FP32')],
    });
    expect(first(plain.outputs).shape).toEqual([1, 3]);
  });
});

const LABELLED = {
  config: [
    'backend: "onnxruntime"',
    'max_batch_size: 4',
    'input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }',
    'output { name: "probabilities" data_type: TYPE_FP32 dims: [ 3 ] label_filename: "labels.txt" }',
  ].join('\n'),
  files: { 'labels.txt': 'cat\ndog\nfox\n' },
};

describe('the life of an ensemble', () => {
  let server: ServerUnderTest;
  beforeAll(async () => {
    server = await ServerUnderTest.start(
      {
        copy: identity(),
        slow: identity({ delayMilliseconds: 400 }),
        small: identity({ batch: 4 }),
        killed: { file: 'divide-int32.onnx' },
        pair: ensemble([['copy', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }]]),
        outer: ensemble([['pair', { IN: 'IN' }, { OUT: 'OUT' }]]),
        unhurried: ensemble([
          ['slow', { INPUT0: 'IN' }, { OUTPUT0: 'between' }],
          ['copy', { INPUT0: 'between' }, { OUTPUT0: 'OUT' }],
        ]),
        divided: ensemble([['killed', { a: 'A', b: 'B' }, { quotient: 'OUT' }]], {
          inputs: [
            { name: 'A', dims: '1' },
            { name: 'B', dims: '1' },
          ],
          outputs: [{ name: 'OUT', dims: '1' }],
          batch: 4,
        }),
        too_large: ensemble([['small', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }]]),
        missing: ensemble([['nowhere', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }]]),
        own_tail: ensemble([['own_tail', { IN: 'IN' }, { OUT: 'OUT' }]]),
        head: ensemble([['tail', { IN: 'IN' }, { OUT: 'OUT' }]]),
        tail: ensemble([['head', { IN: 'IN' }, { OUT: 'OUT' }]]),
        on_too_large: ensemble([['too_large', { IN: 'IN' }, { OUT: 'OUT' }]]),
        broken: { file: 'garbage.onnx', config: identity().config?.replace('identity', 'onnxruntime') ?? '' },
        on_broken: ensemble([['broken', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }]]),
        third_version: ensemble([['copy', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }, 3]]),
      },
      ['--model-control-mode=explicit'],
    );
  });
  afterAll(() => server.stop());

  test('what does not fit is refused when it is loaded, in the words of Triton', async () => {
    const large =
      'ensemble too_large allows maximum batch size 8, but it contains model small which only allows maximum batch size to be 4';
    expect(await post(server, 'too_large', 'load')).toBe(`400 load failed for model 'too_large': ${large}\n`);
    expect(await post(server, 'missing', 'load')).toBe(
      "400 load failed for model 'missing': ensemble missing contains models that are not available or ambiguous: nowhere\n",
    );
    expect(await post(server, 'own_tail', 'load')).toBe(
      "400 load failed for model 'own_tail': circular dependency between ensembles: own_tail -> ... -> own_tail -> own_tail\n",
    );
    expect(await post(server, 'head', 'load')).toBe(
      "400 load failed for model 'head': circular dependency between ensembles: head -> ... -> tail -> head\n",
    );
    expect(await post(server, 'on_too_large', 'load')).toBe(
      `400 load failed for model 'on_too_large': ensemble 'on_too_large' depends on 'too_large' which is not valid. Model 'too_large' failed with error: ${large}\n`,
    );
    expect(await post(server, 'on_broken', 'load')).toMatch(
      /^400 load failed for model 'on_broken': ensemble 'on_broken' depends on 'broken' which has no loaded version\. Model 'broken' loading failed with error: version 1 is at UNAVAILABLE state: .*;\n$/,
    );
    expect(await post(server, 'third_version', 'load')).toBe(
      "400 load failed for model 'third_version': ensemble 'third_version' depends on 'copy' whose required version 3 is not loaded.\n",
    );
    expect(await indexOf(server, 'too_large')).toBe('');
    expect(server.events).toContainEqual({ kind: 'model-failed', model: 'too_large', reason: large });
  });

  test('loading it loads what it needs; unloading a step takes it away, loading that brings it back', async () => {
    expect(await post(server, 'outer', 'load')).toBe(200);
    expect([await indexOf(server, 'copy'), await indexOf(server, 'pair')]).toEqual(['READY', 'READY']);
    expect(firstBytes(await server.infer('outer', ONE_ROW))).toEqual([...int32(1, 2, 3, 4)]);

    expect(await post(server, 'copy', 'unload')).toBe(200);
    expect([await indexOf(server, 'pair'), await indexOf(server, 'outer')]).toEqual([
      'UNAVAILABLE: unloaded',
      'UNAVAILABLE: unloaded',
    ]);
    await expect(server.infer('outer', ONE_ROW)).rejects.toThrow(
      `404 {"error":"Request for unknown model: 'outer' has no available versions"}`,
    );
    expect(server.output).toContain(
      'ensemble pair contains models that are not available or ambiguous: copy',
    );

    expect(await post(server, 'copy', 'load')).toBe(200);
    expect([await indexOf(server, 'pair'), await indexOf(server, 'outer')]).toEqual(['READY', 'READY']);
    expect(firstBytes(await server.infer('outer', ONE_ROW))).toEqual([...int32(1, 2, 3, 4)]);
  });

  test('unload_dependents also unloads what only it needed, not what was loaded by name', async () => {
    expect(await post(server, 'unhurried', 'load')).toBe(200);
    const body = '{"parameters":{"unload_dependents":true}}';
    expect(await post(server, 'unhurried', 'unload', body)).toBe(200);
    expect(await indexOf(server, 'slow')).toBe('UNAVAILABLE: unloaded');
    expect(await indexOf(server, 'copy')).toBe('READY');
  });

  test('a request on its way through an ensemble is answered although a later step is unloaded', async () => {
    expect(await post(server, 'unhurried', 'load')).toBe(200);
    const answer = server.infer('unhurried', ONE_ROW);
    await until(async () => (await statsOf(server, 'slow')).inference_stats.success.count === 0, 1000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await post(server, 'copy', 'unload')).toBe(200);
    expect(firstBytes(await answer)).toEqual([...int32(1, 2, 3, 4)]);
    expect(await indexOf(server, 'unhurried')).toBe('UNAVAILABLE: unloaded');
    expect(await post(server, 'copy', 'load')).toBe(200);
    expect(await indexOf(server, 'unhurried')).toBe('READY');
  });

  test('a step is loaded again under a running ensemble, and no request is lost', async () => {
    const state = { isStopped: false, answered: 0 };
    const failures: string[] = [];
    const ask = async (): Promise<void> => {
      while (!state.isStopped) {
        await server
          .infer('outer', ONE_ROW)
          .then(() => (state.answered += 1))
          .catch((cause: Error) => failures.push(cause.message));
      }
    };
    const asking = [ask(), ask(), ask()];
    for (let time = 0; time < 3; time += 1) {
      const config = identity({
        more: `parameters { key: "time" value { string_value: "${String(time)}" } }`,
      });
      await writeModel(server.repository, 'copy', config);
      expect(await post(server, 'copy', 'load')).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    state.isStopped = true;
    await Promise.all(asking);
    expect(failures).toEqual([]);
    expect(state.answered).toBeGreaterThan(10);
  });

  test('a step that no longer fits takes the ensemble with it until it fits again', async () => {
    await writeModel(server.repository, 'copy', identity({ batch: 2 }));
    expect(await post(server, 'copy', 'load')).toBe(200);
    expect(await indexOf(server, 'outer')).toBe('UNAVAILABLE: unloaded');
    await writeModel(server.repository, 'copy', identity());
    expect(await post(server, 'copy', 'load')).toBe(200);
    expect(await indexOf(server, 'outer')).toBe('READY');
  });

  test('a step whose new files are broken serves on, and so does the ensemble', async () => {
    await writeFile(join(server.repository, 'copy', 'config.pbtxt'), 'nonsense {');
    expect(await post(server, 'copy', 'load')).toMatch(/^500 failed to load 'copy'/);
    expect(firstBytes(await server.infer('outer', ONE_ROW))).toEqual([...int32(1, 2, 3, 4)]);
    await writeModel(server.repository, 'copy', identity());
  });

  test('an engine that is given up takes the ensemble with it, with the reason, until it is loaded again', async () => {
    expect(await post(server, 'divided', 'load')).toBe(200);
    for (let death = 0; death < 3; death += 1) {
      await until(() => server.isReady('killed'));
      process.kill(server.enginePid('killed'), 'SIGKILL');
      await until(async () => !(await server.isReady('killed')));
    }
    await until(async () => !(await server.isReady('divided')));
    const failed = server.events.findLast((event) => event.kind === 'model-failed');
    expect(failed?.kind === 'model-failed' && failed.reason).toContain(
      "ensemble 'divided' depends on 'killed' which has no loaded version. Model 'killed' loading failed with error:",
    );
    expect(await post(server, 'killed', 'load')).toBe(200);
    expect(await indexOf(server, 'divided')).toBe('READY');
  });
});

test('poll mode brings an ensemble when its model comes, and takes it when that goes', async () => {
  const server = await ServerUnderTest.start(
    { pair: ensemble([['copy', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }]]) },
    ['--model-control-mode=poll', '--repository-poll-secs=1', '--exit-on-error=false'],
  );
  try {
    expect(await server.isReady('pair')).toBe(false);
    await writeModel(server.repository, 'copy', identity());
    await until(() => server.isReady('pair'));
    expect(firstBytes(await server.infer('pair', ONE_ROW))).toEqual([...int32(1, 2, 3, 4)]);
    await rm(join(server.repository, 'copy'), { recursive: true });
    await until(async () => !(await server.isReady('pair')));
  } finally {
    await server.stop();
  }
});

test('a server with an ensemble that does not fit exits, as for any model that cannot be loaded', async () => {
  const server = await ServerUnderTest.launch({
    copy: identity({ batch: 2 }),
    pair: ensemble([['copy', { INPUT0: 'IN' }, { OUTPUT0: 'OUT' }]]),
  });
  expect((await server.exited).code).toBe(1);
  expect(server.output).toContain('failed to load all models');
  await server.stop();
});
