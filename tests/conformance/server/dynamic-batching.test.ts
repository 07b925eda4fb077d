import { Agent, request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { elementCount } from '../../../app/core/tensors/tensor.ts';
import { fp32, int32, ServerUnderTest, until, type Answer } from './server-under-test.ts';

interface ModelStats {
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<Record<'success' | 'fail' | 'queue', { count: number; ns: number }>>;
  readonly batch_stats: readonly { batch_size: number; compute_infer: { count: number } }[];
}

let server: ServerUnderTest | null = null;

afterEach(async () => {
  delete process.env['TRITONSERVER_DELAY_SCHEDULER'];
  await server?.stop();
  server = null;
});

/** A model of Triton's identity backend that takes `delay` milliseconds a run. */
function identity(lines: string, delay = 30, input = 'dims: [ -1 ]'): string {
  return `backend: "identity"
    input [ { name: "INPUT0" data_type: TYPE_FP32 ${input} } ]
    output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [ -1 ] } ]
    parameters { key: "execute_delay_ms" value { string_value: "${delay}" } }
    ${lines}`;
}

const ONE_INSTANCE = 'instance_group [ { kind: KIND_CPU count: 1 } ]';

async function serve(config: string, holdUntil = 0): Promise<ServerUnderTest> {
  if (holdUntil > 0) process.env['TRITONSERVER_DELAY_SCHEDULER'] = String(holdUntil);
  server = await ServerUnderTest.start({ model: { config } });
  return server;
}

interface Sent {
  readonly rows?: number;
  readonly dim?: number;
  readonly parameters?: Readonly<Record<string, number>>;
}

function body({ rows = 1, dim = 2, parameters = {} }: Sent, index: number): string {
  const data = Array.from({ length: rows * dim }, () => index);
  return JSON.stringify({
    id: String(index),
    parameters,
    inputs: [{ name: 'INPUT0', datatype: 'FP32', shape: [rows, dim], data }],
  });
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Sends them one behind the other; each answer with its place in the order of completion. */
async function sendAll(
  on: ServerUnderTest,
  sent: readonly Sent[],
): Promise<{ answers: Answer[]; order: number[] }> {
  const order: number[] = [];
  const running: Promise<Answer>[] = [];
  for (const [index, each] of sent.entries()) {
    const call = async (): Promise<Answer> => {
      const answer = await on.call('/v2/models/model/infer', { body: body(each, index) });
      order.push(index);
      return answer;
    };
    running.push(call());
    await pause(20);
  }
  return { answers: await Promise.all(running), order };
}

async function statistics(on: ServerUnderTest): Promise<ModelStats> {
  const { text } = await on.call('/v2/models/model/stats');
  const [stats] = (JSON.parse(text) as { model_stats: ModelStats[] }).model_stats;
  if (!stats) throw new Error(text);
  return stats;
}

async function batches(on: ServerUnderTest): Promise<number[][]> {
  const { batch_stats } = await statistics(on);
  return batch_stats.map(({ batch_size, compute_infer }) => [batch_size, compute_infer.count]);
}

const ones = (count: number): Sent[] => Array.from({ length: count }, () => ({}));

test('what waits runs together, is counted as one execution, and each client gets its own rows', async () => {
  const on = await serve(identity(`max_batch_size: 8 dynamic_batching { } ${ONE_INSTANCE}`), 12);
  const { answers } = await sendAll(on, ones(12));
  for (const [index, { status, text }] of answers.entries()) {
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      id: String(index),
      outputs: [{ shape: [1, 2], data: [index, index] }],
    });
  }
  expect(await batches(on)).toEqual([
    [4, 1],
    [8, 1],
  ]);
  const stats = await statistics(on);
  expect([stats.inference_count, stats.execution_count, stats.inference_stats.success.count]).toEqual([
    12, 2, 12,
  ]);
});

test('preferred sizes and the queue delay: a rest waits for company, but not for ever', async () => {
  const batching = 'dynamic_batching { preferred_batch_size: [ 4 ] max_queue_delay_microseconds: 300000 }';
  const on = await serve(identity(`max_batch_size: 8 ${batching} ${ONE_INSTANCE}`), 5);
  const { answers } = await sendAll(
    on,
    [3, 2, 1, 1, 1].map((rows) => ({ rows })),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(await batches(on)).toEqual([
    [3, 1],
    [5, 1],
  ]);
  const begin = performance.now();
  await sendAll(on, ones(1));
  expect(performance.now() - begin).toBeGreaterThan(290);
});

test.each([
  [
    'of a variable dim share a batch only if they are alike',
    'dims: [ -1 ]',
    [
      [1, 2],
      [2, 1],
    ],
  ],
  ['that may be ragged share one whatever they are', 'dims: [ -1 ] allow_ragged_batch: true', [[4, 1]]],
])('inputs %s', async (_, input, expected) => {
  const on = await serve(identity(`max_batch_size: 8 dynamic_batching { } ${ONE_INSTANCE}`, 30, input), 4);
  const { answers } = await sendAll(
    on,
    [2, 2, 3, 2].map((dim) => ({ dim })),
  );
  expect(
    answers.map(({ text }) => (JSON.parse(text) as { outputs: { shape: number[] }[] }).outputs[0]?.shape),
  ).toEqual([
    [1, 2],
    [1, 2],
    [1, 3],
    [1, 2],
  ]);
  expect(await batches(on)).toEqual(expected);
});

test('without dynamic batching every request runs alone and timeouts mean nothing', async () => {
  const on = await serve(identity(`max_batch_size: 8 ${ONE_INSTANCE}`, 100));
  const sent = [{ rows: 1 }, { rows: 2, parameters: { timeout: 1000 } }, { rows: 3 }];
  const { answers } = await sendAll(on, sent);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(await batches(on)).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
});

test('a higher priority overtakes', async () => {
  const batching = 'dynamic_batching { priority_levels: 2 default_priority_level: 2 }';
  const on = await serve(identity(`max_batch_size: 1 ${batching} ${ONE_INSTANCE}`), 4);
  const { order } = await sendAll(
    on,
    [2, 2, 1, 1].map((priority) => ({ parameters: { priority } })),
  );
  expect(order).toEqual([2, 3, 0, 1]);
});

test('two instances work side by side, and preserve_ordering holds the answers in the order of arrival', async () => {
  const batching = 'dynamic_batching { preserve_ordering: true }';
  const on = await serve(
    identity(`max_batch_size: 2 ${batching} instance_group [ { kind: KIND_CPU count: 2 } ]`),
    8,
  );
  const { answers } = await sendAll(on, ones(8));
  expect(answers.map(({ status }) => status)).toEqual(ones(8).map(() => 200));
  expect(await batches(on)).toEqual([[2, 4]]);
});

test('a full queue refuses at once in the words of Triton, and that counts as no failure of the model', async () => {
  const batching = 'dynamic_batching { default_queue_policy { max_queue_size: 2 } }';
  const on = await serve(identity(`max_batch_size: 1 ${batching} ${ONE_INSTANCE}`, 400));
  const { answers } = await sendAll(on, ones(5));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 503, 503]);
  expect(answers[4]?.text).toBe('{"error":"[request id: 4] Exceeds maximum queue size"}');
  expect((await statistics(on)).inference_stats.fail.count).toBe(0);
});

test('a request that waited too long is refused on time, and counts as failed', async () => {
  const policy = 'default_timeout_microseconds: 100000';
  const batching = `dynamic_batching { default_queue_policy { ${policy} } }`;
  const on = await serve(identity(`max_batch_size: 1 ${batching} ${ONE_INSTANCE}`, 1000));
  const begin = performance.now();
  const first = on.call('/v2/models/model/infer', { body: body({}, 0) });
  await pause(20);
  const { answers } = await sendAll(on, [{}]);
  expect(performance.now() - begin).toBeLessThan(900);
  expect(answers.map(({ status, text }) => [status, text])).toEqual([
    [503, '{"error":"Request timeout expired"}'],
  ]);
  expect((await first).status).toBe(200);
  expect((await statistics(on)).inference_stats.fail.count).toBe(1);
});

test('a client that goes away takes its waiting request with it', async () => {
  const on = await serve(identity(`max_batch_size: 1 dynamic_batching { } ${ONE_INSTANCE}`, 500));
  const first = on.call('/v2/models/model/infer', { body: body({}, 0) });
  await pause(50);
  const agent = new Agent();
  const leaving = request({
    port: on.port,
    method: 'POST',
    path: '/v2/models/model/infer',
    agent,
  });
  leaving.on('error', () => undefined);
  leaving.end(body({}, 1));
  await pause(100);
  leaving.destroy();
  await first;
  await until(async () => (await statistics(on)).inference_stats.fail.count === 1);
  expect((await statistics(on)).execution_count).toBe(1);
});

test('one request that the runtime refuses takes none of its batch down', async () => {
  process.env['TRITONSERVER_DELAY_SCHEDULER'] = '3';
  server = await ServerUnderTest.start({
    text: {
      file: 'identity-bytes.onnx',
      config: `backend: "onnxruntime" max_batch_size: 8 dynamic_batching { } ${ONE_INSTANCE}`,
    },
  });
  const on = server;
  const inputs = await on.inputsOf('text');
  const [input] = inputs;
  if (!input) throw new Error('no input');
  const send = (element: Uint8Array): Promise<unknown> => {
    const elements = Array.from({ length: elementCount(input.shape) }, () => element);
    const data = Buffer.concat(elements.flatMap((each) => [int32(each.byteLength), each]));
    return on.infer('text', { inputs: [{ ...input, data }] });
  };
  const results = await Promise.allSettled([
    send(Buffer.from('one')),
    send(Uint8Array.of(0)),
    send(Buffer.from('three')),
  ]);
  expect(results).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected' }, { status: 'fulfilled' }]);
});

test('a batch of an ONNX model is the rows of its requests, and the engine sees one tensor', async () => {
  process.env['TRITONSERVER_DELAY_SCHEDULER'] = '2';
  server = await ServerUnderTest.start({ batchable: { file: 'batchable.onnx' } });
  const on = server;
  const [input] = await on.inputsOf('batchable');
  if (!input) throw new Error('no input');
  const width = input.shape.slice(1).reduce((product, dim) => product * dim, 1);
  const send = async (rows: number, value: number): Promise<unknown> => {
    const shape = [rows, ...input.shape.slice(1)];
    const data = fp32(...Array.from({ length: rows * width }, () => value));
    const { outputs } = await on.infer('batchable', { inputs: [{ ...input, shape, data }] });
    return outputs.map(({ name, shape, data }) => ({ name, shape, hex: Buffer.from(data).toString('hex') }));
  };
  const together = await Promise.all([send(1, 1), send(3, 2)]);
  const apart = [await send(1, 1), await send(3, 2)];
  expect(together).toEqual(apart);
  const { text } = await on.call('/v2/models/batchable/stats');
  expect(JSON.parse(text)).toMatchObject({ model_stats: [{ inference_count: 8, execution_count: 3 }] });
});

test.each([
  ['--rate-limit=execution_count', 'one after the other'],
  ['--rate-limit=off', 'side by side'],
])('with %s two models that need the same resource run %s', async (flag, how) => {
  const limited = `max_batch_size: 1 instance_group [ { kind: KIND_CPU count: 1
    rate_limiter { resources [ { name: "R" global: true count: 1 } ] } } ]`;
  const config = identity(limited, 400);
  server = await ServerUnderTest.start({ one: { config }, two: { config } }, [flag]);
  const on = server;
  const begin = performance.now();
  const answers = await Promise.all(
    ['one', 'two'].map((model) => on.call(`/v2/models/${model}/infer`, { body: body({}, 0) })),
  );
  const elapsed = performance.now() - begin;
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(elapsed > 795 ? 'one after the other' : 'side by side').toBe(how);
});

test('an instance that needs more than there is of a resource is refused in the words of Triton', async () => {
  const config = identity(`max_batch_size: 1 instance_group [ { kind: KIND_CPU
    rate_limiter { resources [ { name: "R1" count: 2 } ] } } ]`);
  server = await ServerUnderTest.start({ model: { config } }, [
    '--rate-limit=execution_count',
    '--rate-limit-resource=R1:1',
    '--exit-on-error=false',
  ]);
  const { text } = await server.call('/v2/repository/index', { method: 'POST' });
  expect(text).toContain(
    String.raw`Resource count for \"R1\" is limited to 1 which will prevent scheduling of one or more model instances, the minimum required count is 2`,
  );
});
