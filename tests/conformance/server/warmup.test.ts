import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identity, type Stats } from './ensemble-models.ts';
import { first, ServerUnderTest, type TestModel } from './server-under-test.ts';

const ZERO = 'zero_data: true';

function input(name: string, data: string, more = 'data_type: TYPE_INT32 dims: [ 4 ]'): string {
  return `inputs { key: "${name}" value { ${more} ${data} } }`;
}

function warmup(text: string, name = 'w'): string {
  return `model_warmup { name: "${name}" ${text} }`;
}

function warmed(text: string, files: Readonly<Record<string, string>> = {}): TestModel {
  return { ...identity({ more: `${text} instance_group { kind: KIND_CPU count: 1 }` }), files };
}

const DIVIDE = 'platform: "onnxruntime_onnx" max_batch_size: 4 instance_group { kind: KIND_CPU count: 2 }';
const ONE = 'data_type: TYPE_INT32 dims: [ 1 ]';

const MODELS: Readonly<Record<string, TestModel>> = {
  counted: warmed(warmup(`batch_size: 2 count: 3 ${input('INPUT0', ZERO)}`)),
  once: warmed(warmup(`batch_size: 1 count: 0 ${input('INPUT0', 'random_data: true')}`)),
  skipped: warmed(warmup(`batch_size: 0 ${input('INPUT0', ZERO)}`)),
  from_file: warmed(warmup(`batch_size: 1 ${input('INPUT0', 'input_data_file: "sixteen"')}`), {
    'warmup/sixteen': '0123456789abcdef, and more',
  }),
  two_samples: warmed(
    [
      warmup(`batch_size: 1 ${input('INPUT0', ZERO)}`),
      warmup(`batch_size: 4 ${input('INPUT0', ZERO)}`, 'v'),
    ].join('\n'),
  ),
  each_instance: {
    file: 'divide-int32.onnx',
    config: `${DIVIDE} ${warmup(`batch_size: 1 ${input('a', 'input_data_file: "a"', ONE)} ${input('b', 'input_data_file: "b"', ONE)}`)}`,
    files: { 'warmup/a': 'aaaa', 'warmup/b': 'bbbb' },
  },
  strings: {
    file: 'identity-bytes.onnx',
    config: `platform: "onnxruntime_onnx" ${warmup(`batch_size: 1 ${input('input', 'input_data_file: "words"', 'data_type: TYPE_STRING dims: [ 4 ]')}`)}`,
    files: { 'warmup/words': '\u0001\0\0\0a\u0002\0\0\0bc\0\0\0\0\u0001\0\0\0d' },
  },
  too_many: {
    file: 'divide-int32.onnx',
    config: `${DIVIDE} ${warmup(`batch_size: 5 ${input('a', ZERO, ONE)} ${input('b', ZERO, ONE)}`)}`,
  },
  unknown: {
    file: 'divide-int32.onnx',
    config: `${DIVIDE} ${warmup(`batch_size: 1 ${input('a', ZERO, ONE)} ${input('b', ZERO, ONE)} ${input('X', ZERO, ONE)}`)}`,
  },
  missing: {
    file: 'divide-int32.onnx',
    config: `${DIVIDE} ${warmup(`batch_size: 1 ${input('a', ZERO, ONE)}`)}`,
  },
  divided: {
    file: 'divide-int32.onnx',
    config: `${DIVIDE} ${warmup(`batch_size: 1 ${input('a', ZERO, ONE)} ${input('b', ZERO, ONE)}`)}`,
  },
  variable: warmed(warmup(`batch_size: 1 ${input('INPUT0', ZERO, 'data_type: TYPE_INT32 dims: [ -1 ]')}`)),
  no_data: warmed(warmup(`batch_size: 1 ${input('INPUT0', '')}`)),
  wrong_dims: warmed(warmup(`batch_size: 1 ${input('INPUT0', ZERO, 'data_type: TYPE_INT32 dims: [ 8 ]')}`)),
  short_file: warmed(warmup(`batch_size: 1 ${input('INPUT0', 'input_data_file: "four"')}`), {
    'warmup/four': '0123',
  }),
  no_file: warmed(warmup(`batch_size: 1 ${input('INPUT0', 'input_data_file: "nope"')}`)),
  escaping: warmed(warmup(`batch_size: 1 ${input('INPUT0', 'input_data_file: "../config.pbtxt"')}`)),
};

describe('warm-up', () => {
  let server: ServerUnderTest;
  let reasons: ReadonlyMap<string, string>;
  beforeAll(async () => {
    server = await ServerUnderTest.start(MODELS, [
      '--model-control-mode=explicit',
      '--load-model=*',
      '--exit-on-error=false',
    ]);
    const answer = await server.call('/v2/repository/index', { method: 'POST' });
    const index = JSON.parse(answer.text) as { name: string; reason?: string }[];
    reasons = new Map(index.map(({ name, reason = 'ready' }) => [name, reason]));
  });
  afterAll(() => server.stop());

  async function statsOf(model: string) {
    const answer = await server.call(`/v2/models/${model}/stats`);
    const stats = first((JSON.parse(answer.text) as { model_stats: Stats[] }).model_stats);
    return {
      success: stats.inference_stats.success.count,
      inferences: stats.inference_count,
      executions: stats.execution_count,
      sizes: stats.batch_stats.map(({ batch_size, compute_infer }) => [batch_size, compute_infer.count]),
    };
  }

  test('runs every sample as often as it says before the model is ready, and is counted', async () => {
    expect(await statsOf('counted')).toEqual({ success: 6, inferences: 6, executions: 3, sizes: [[2, 3]] });
    expect(await statsOf('once')).toEqual({ success: 1, inferences: 1, executions: 1, sizes: [[1, 1]] });
    expect(await statsOf('skipped')).toEqual({ success: 0, inferences: 0, executions: 0, sizes: [] });
    expect(await statsOf('two_samples')).toMatchObject({
      sizes: [
        [1, 1],
        [4, 1],
      ],
    });
  });

  test('runs on every instance', async () => {
    expect(await statsOf('each_instance')).toMatchObject({ success: 2, executions: 2 });
  });

  test('takes data from the folder warmup, BYTES with their lengths', async () => {
    expect(await statsOf('from_file')).toMatchObject({ success: 1 });
    expect(reasons.get('strings')).toBe('ready');
    // Two instances, as for every ONNX model that says nothing else.
    expect(await statsOf('strings')).toMatchObject({ success: 2 });
  });

  test('that cannot be made or fails keeps the model from being ready, in the words of Triton', () => {
    const path = `${server.repository}/no_file/warmup/nope`;
    expect(Object.fromEntries([...reasons].filter(([, reason]) => reason !== 'ready'))).toEqual({
      too_many: `Invalid argument: failed to run warmup sample 'w': ${"batch size 5 for 'too_many', max allowed is 4; ".repeat(5)}`,
      unknown:
        "Invalid argument: failed to run warmup sample 'w': Failed to retrieve the ONNX input tensor info from 'X'.; ",
      missing:
        "Invalid argument: [request id: <id_unknown>] expected 2 inputs but got 1 inputs for model 'missing'. Got input(s) ['a'], but missing required input(s) ['b']. Please provide all required input(s).",
      divided: expect.stringMatching(
        /^Invalid argument: failed to run warmup sample 'w': onnx runtime error 1: .*; $/s,
      ),
      variable:
        "Invalid argument: warmup setting expects all variable-size dimensions are specified for input 'INPUT0'",
      no_data:
        "Invalid argument: [request id: <id_unknown>] warmup setting expects input 'INPUT0' to have input_data_type set",
      wrong_dims: expect.stringContaining(
        "unexpected shape for input 'INPUT0' for model 'wrong_dims'. Expected [-1,4], got [1,8].",
      ),
      short_file:
        'Invalid argument: [request id: <id_unknown>] warmup setting expects 16 bytes, but the data provided from fouronly has 4 bytes',
      no_file: `Internal: failed to open text file for read ${path}: No such file or directory`,
      escaping:
        "Invalid argument: warmup file '../config.pbtxt' must be located inside the warmup folder of the model",
    });
  });
});
