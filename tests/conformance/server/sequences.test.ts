import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  outputOf,
  sendAndLeave,
  sendStep,
  statefulModel,
  statisticsOf,
  step,
  type SequenceStep,
} from './sequence-client.ts';
import { ServerUnderTest, until, type TestModel } from './server-under-test.ts';

const IDLE = 'max_sequence_idle_microseconds: 60000000';
const noStart = (id: number | string, model: string): string =>
  `400 {"error":"inference request for sequence ${id} to model '${model}' must specify the START flag on the first request of the sequence"}`;

function controlsModel(file: string, dataType: string, values: string, idType: string): TestModel {
  const signal = (name: string, kind: string): string =>
    `control_input { name: "${name}" control { kind: CONTROL_SEQUENCE_${kind} ${values} } }`;
  return {
    file,
    config: `max_batch_size: 4
input { name: "INPUT" data_type: ${dataType} dims: 1 }
output { name: "OUTPUT" data_type: ${dataType} dims: 4 }
output { name: "ID" data_type: ${idType} dims: 1 }
sequence_batching { ${IDLE} direct {} ${signal('START', 'START')} ${signal('END', 'END')} ${signal('READY', 'READY')}
  control_input { name: "CORRID" control { kind: CONTROL_SEQUENCE_CORRID data_type: ${idType} } } }`,
  };
}

const ten = (dataType: string, more: string): string =>
  `initial_state { name: "s" data_type: ${dataType} dims: 1 ${more} }`;

describe('models with sequence batching', () => {
  let server: ServerUnderTest;
  beforeAll(async () => {
    const sum = (batching: string, options = {}) => statefulModel('sequence-sum.onnx', batching, options);
    server = await ServerUnderTest.launch({
      direct: sum(`${IDLE} direct {}`),
      oldest: sum(`${IDLE} oldest { max_candidate_sequences: 4 }`),
      two: sum(`${IDLE} direct {}`, { instances: 2, rows: 2 }),
      one: sum(`${IDLE} direct {}`, { rows: 1 }),
      short: sum('max_sequence_idle_microseconds: 400000 direct {}', { rows: 1 }),
      iterative: sum('iterative_sequence: true direct {}', { rows: 1 }),
      same: sum(`${IDLE} direct {}`, { initial: 'use_same_buffer_for_input_output: true' }),
      growable: sum(`${IDLE} direct {}`, {
        initial: 'use_same_buffer_for_input_output: true use_growable_memory: true',
      }),
      zero: sum(`${IDLE} direct {}`, { initial: ten('TYPE_INT32', 'zero_data: true') }),
      file: {
        ...sum(`${IDLE} direct {}`, { initial: ten('TYPE_INT32', 'data_file: "ten"') }),
        files: { 'initial_state/ten': '\n\0\0\0' },
      },
      exposed: sum(`${IDLE} direct {}`, {
        more: 'output { name: "OUTPUT_STATE" data_type: TYPE_INT32 dims: 1 }',
      }),
      fp16: statefulModel('sequence-sum-fp16.onnx', `${IDLE} direct {}`, { dataType: 'TYPE_FP16' }),
      or: statefulModel('sequence-or.onnx', `${IDLE} oldest { max_candidate_sequences: 2 }`, {
        dataType: 'TYPE_BOOL',
      }),
      text: statefulModel('sequence-text.onnx', `${IDLE} direct {}`, { dataType: 'TYPE_STRING' }),
      history: statefulModel('sequence-history.onnx', `${IDLE} oldest { max_candidate_sequences: 8 }`, {
        dataType: 'TYPE_FP32',
        dims: '-1',
      }),
      picky: statefulModel('sequence-picky.onnx', `${IDLE} direct {}`),
      int32: controlsModel(
        'sequence-controls-int32.onnx',
        'TYPE_INT32',
        'int32_false_true: [ 5, 7 ]',
        'TYPE_UINT64',
      ),
      fp32: controlsModel(
        'sequence-controls-fp32.onnx',
        'TYPE_FP32',
        'fp32_false_true: [ -0.5, 1.5 ]',
        'TYPE_STRING',
      ),
      bool: controlsModel(
        'sequence-controls-bool.onnx',
        'TYPE_BOOL',
        'bool_false_true: [ false, true ]',
        'TYPE_INT32',
      ),
    });
    await until(() => server.port > 0, 60_000);
    await until(async () => (await server.call('/v2/health/ready')).status === 200, 60_000);
  }, 120_000);
  afterAll(() => server.stop());

  /** Runs a whole sequence, one request after the other; all that it was answered. */
  async function runSequence(
    model: string,
    id: number | string,
    values: readonly number[],
  ): Promise<unknown[]> {
    const answers: unknown[] = [];
    for (const [index, value] of values.entries()) {
      const start = index === 0;
      answers.push(await step(server, model, { id, start, end: index === values.length - 1, value }));
    }
    return answers;
  }

  const sums = (values: readonly number[]): number[] => {
    let total = 0;
    return values.map((value) => (total += value));
  };

  test.each(['direct', 'oldest', 'two'])(
    '%s: many interleaved sequences on few slots each sum up their own values, in their order',
    async (model) => {
      const sequences = Array.from({ length: 24 }, (_, sequence) =>
        Array.from({ length: 1 + ((sequence * 7) % 9) }, (_each, index) => sequence * 100 + index),
      );
      const answers = await Promise.all(
        sequences.map((values, sequence) =>
          runSequence(model, sequence % 2 ? sequence : `s${sequence}`, values),
        ),
      );
      expect(answers).toEqual(sequences.map(sums));
      const requests = sequences.flat().length;
      const statistics = await statisticsOf(server, model);
      expect(statistics.inference_count).toBe(requests);
      expect(statistics.inference_stats.success.count).toBe(requests);
      expect(statistics.execution_count).toBeLessThan(requests);
    },
  );

  test('requests of one sequence that are sent at once are executed in the order in which they came', async () => {
    const steps: SequenceStep[] = [{ start: true }, {}, {}, {}, { end: true }];
    const answers: Promise<unknown>[] = [];
    for (const [index, each] of steps.entries()) {
      answers.push(step(server, 'direct', { id: 501, value: 10 ** index, ...each }));
      // Each on a connection of its own: one after the other at the server's door.
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(await Promise.all(answers)).toEqual([1, 11, 111, 1111, 11_111]);
  });

  test('idle rows are executed too, and counted in the batch size alone', async () => {
    await step(server, 'zero', { id: 1, start: true });
    await step(server, 'zero', { id: 2, start: true });
    await step(server, 'zero', { id: 2, end: true });
    const { inference_count, execution_count, batch_stats } = await statisticsOf(server, 'zero');
    const counts = batch_stats.map(({ batch_size, compute_infer }) => [batch_size, compute_infer.count]);
    expect([inference_count, execution_count, counts]).toEqual([
      3,
      3,
      [
        [1, 1],
        [2, 2],
      ],
    ]);
  });

  test('a request needs an id, a start, and a batch of one', async () => {
    const noId = `400 {"error":"inference request to model 'direct' must specify a non-zero or non-empty correlation ID"}`;
    expect(await step(server, 'direct', {})).toBe(noId);
    expect(await step(server, 'direct', { id: 0, start: true })).toBe(noId);
    expect(await step(server, 'direct', { id: '', start: true })).toBe(noId);
    expect(await step(server, 'direct', { id: 99 })).toBe(noStart(99, 'direct'));
    expect(await step(server, 'direct', { id: 'x', end: true })).toBe(noStart('x', 'direct'));
    const answer = await sendStep(server, 'direct', { id: 9, start: true, values: [1, 2], shape: [2, 1] });
    expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([
      400,
      'application/json',
      `{"error":"inference request to model 'direct' must specify batch-size 1 due to requirements of sequence batcher"}`,
    ]);
    expect(await step(server, 'direct', { id: 'x'.repeat(129), start: true })).toBe(
      '501 {"error":"string correlation ID cannot be longer than 128 characters"}',
    );
    const before = await statisticsOf(server, 'direct');
    expect(before.inference_stats.fail.count).toBe(0);
  });

  test('the number 5 and the text "5" are two sequences; an id may be as long as 128 bytes, and as large as 2^64-1', async () => {
    expect(await step(server, 'direct', { id: 5, start: true, value: 1 })).toBe(1);
    expect(await step(server, 'direct', { id: '5', start: true, value: 10 })).toBe(10);
    expect(await step(server, 'direct', { id: 5, end: true, value: 2 })).toBe(3);
    expect(await step(server, 'direct', { id: '5', end: true, value: 20 })).toBe(30);
    expect(await step(server, 'direct', { id: 'x'.repeat(128), start: true, end: true, value: 4 })).toBe(4);
    const largest =
      '{"inputs":[{"name":"INPUT","datatype":"INT32","shape":[1,1],"data":[6]}],"parameters":{"sequence_id":18446744073709551615,"sequence_start":true,"sequence_end":true}}';
    expect(outputOf(await server.call('/v2/models/direct/infer', { body: largest }))).toEqual([6]);
  });

  test('after its end a sequence is gone; a start in the middle begins it anew, with a warning in the log', async () => {
    expect(await runSequence('direct', 7, [1, 2])).toEqual([1, 3]);
    expect(await step(server, 'direct', { id: 7 })).toBe(noStart(7, 'direct'));
    expect(await step(server, 'direct', { id: 7, start: true, value: 4 })).toBe(4);
    expect(await step(server, 'direct', { id: 7, start: true, value: 5 })).toBe(5);
    expect(await step(server, 'direct', { id: 7, end: true, value: 1 })).toBe(6);
    expect(server.output).toContain(
      "sequence 7 for model 'direct' has a conflict. The previous sequence did not end before this sequence start. Previous sequence will be terminated early.",
    );
  });

  test('the model is told start, end, ready and id in the values and types that it wants', async () => {
    const seen = async (model: string, each: SequenceStep) => {
      const answer = await sendStep(server, model, each);
      return outputOf(answer).concat(outputOf(answer, 'ID'));
    };
    expect(await seen('int32', { id: 51, start: true, value: 3 })).toEqual([3, 7, 5, 7, 51]);
    expect(await seen('int32', { id: 51, value: 3 })).toEqual([3, 5, 5, 7, 51]);
    expect(await seen('int32', { id: 51, end: true, value: 3 })).toEqual([3, 5, 7, 7, 51]);
    expect(await seen('int32', { id: 52, start: true, end: true, value: 4 })).toEqual([4, 7, 7, 7, 52]);
    const text = { id: 'ünï', datatype: 'FP32', value: 2 };
    expect(await seen('fp32', { ...text, start: true })).toEqual([2, 1.5, -0.5, 1.5, 'ünï']);
    expect(await seen('fp32', { ...text, end: true })).toEqual([2, -0.5, 1.5, 1.5, 'ünï']);
    const truth = { id: 2 ** 32 + 9, datatype: 'BOOL', value: false };
    expect(await seen('bool', { ...truth, start: true })).toEqual([false, true, false, true, 9]);
    expect(await seen('bool', { ...truth, end: true })).toEqual([false, false, true, true, 9]);
  });

  test('an id of the wrong type for the model is refused', async () => {
    const wrong = (given: string, model: string, expected: string): string =>
      `400 {"error":"[request id: r1] sequence batching control 'CORRID' data-type is '${given}', but model '${model}' expects '${expected}'"}`;
    const text = { id: 'x', start: true, requestId: 'r1' };
    expect(await step(server, 'int32', text)).toBe(wrong('BYTES', 'int32', 'UINT64'));
    expect(await step(server, 'bool', { ...text, datatype: 'BOOL', value: true })).toBe(
      wrong('BYTES', 'bool', 'INT32'),
    );
    expect(await step(server, 'fp32', { ...text, id: 5, datatype: 'FP32' })).toBe(
      wrong('UINT64', 'fp32', 'BYTES'),
    );
  });

  test('states start as the config says: with zeros, with a file, and with zeros where it says nothing', async () => {
    expect(await runSequence('zero', 3, [1, 2])).toEqual([1, 3]);
    expect(await runSequence('file', 3, [1, 2])).toEqual([11, 13]);
    expect(await runSequence('same', 3, [1, 2])).toEqual([1, 3]);
  });

  test('states of other datatypes and of growing shapes are kept exactly', async () => {
    const half = (value: number) => new Uint8Array(new Uint16Array([value]).buffer);
    const sendHalf = async (value: number, sequence: { start?: boolean; end?: boolean }) => {
      const { start = false, end = false } = sequence;
      const header = JSON.stringify({
        inputs: [{ name: 'INPUT', datatype: 'FP16', shape: [1, 1], parameters: { binary_data_size: 2 } }],
        parameters: { sequence_id: 1, sequence_start: start, sequence_end: end, binary_data_output: true },
      });
      const answer = await server.call('/v2/models/fp16/infer', {
        headers: { 'Inference-Header-Content-Length': header.length },
        body: Buffer.concat([Buffer.from(header), half(value)]),
      });
      return answer.body.readUInt16LE(answer.body.byteLength - 2);
    };
    // 1.0 and 1.5, which make 2.5.
    expect(await sendHalf(0x3c00, { start: true })).toBe(0x3c00);
    expect(await sendHalf(0x3e00, { end: true })).toBe(0x4100);
    const truth = { id: 1, datatype: 'BOOL' };
    expect(await step(server, 'or', { ...truth, start: true, value: false })).toBe(false);
    expect(await step(server, 'or', { ...truth, value: true })).toBe(true);
    expect(await step(server, 'or', { ...truth, end: true, value: false })).toBe(true);
    const text = { id: 1, datatype: 'BYTES' };
    expect(await step(server, 'text', { ...text, start: true, value: 'grün' })).toBe('');
    expect(await step(server, 'text', { ...text, end: true, value: 'rot' })).toBe('grün');
    const lists = await Promise.all(
      [1, 2, 3, 4].map(async (id) => {
        const list: unknown[] = [];
        for (const value of Array.from({ length: id + 2 }, (_, index) => index + id)) {
          const end = value === 2 * id + 1;
          const answer = await sendStep(server, 'history', {
            id,
            start: value === id,
            end,
            value,
            datatype: 'FP32',
          });
          list.splice(0, list.length, ...outputOf(answer));
        }
        return list;
      }),
    );
    expect(lists).toEqual([
      [0, 1, 2, 3],
      [0, 2, 3, 4, 5],
      [0, 3, 4, 5, 6, 7],
      [0, 4, 5, 6, 7, 8, 9],
    ]);
  });

  test('a state that clients see, too, works in the first row and fails in the others, as in Triton', async () => {
    const answer = await sendStep(server, 'exposed', { id: 1, start: true, value: 3 });
    expect([outputOf(answer), outputOf(answer, 'OUTPUT_STATE')]).toEqual([[3], [3]]);
    expect(await step(server, 'exposed', { id: 2, start: true })).toBe(
      `501 {"error":"[request id: <id_unknown>] failed to split the output state tensor 'OUTPUT_STATE' in responses: expected batch size of at least 2 in model output, got 1"}`,
    );
    expect(await step(server, 'exposed', { id: 1, end: true, value: 4 })).toBe(7);
  });

  test('a failed run leaves the state as it was', async () => {
    expect(await step(server, 'picky', { id: 1, start: true, value: 2 })).toBe(2);
    expect(await step(server, 'picky', { id: 1, value: 0 })).toMatch(/^500 .*onnx runtime error/);
    expect(await step(server, 'picky', { id: 1, end: true, value: 1 })).toBe(3);
  });

  test('growable memory is refused in words, request by request', async () => {
    expect(await step(server, 'growable', { id: 1, start: true })).toMatch(
      /^501 .*'use_growable_memory' can only work with KIND_GPU model instances.*'INPUT_STATE'/,
    );
  });

  test('an iterative model takes requests without an id, each a sequence of its own', async () => {
    expect(await step(server, 'iterative', { value: 4 })).toBe(4);
    expect(await step(server, 'iterative', { value: 5 })).toBe(5);
    expect(await step(server, 'iterative', { id: 9, start: true, value: 6 })).toBe(6);
    expect(await step(server, 'iterative', { id: 9, value: 6 })).toBe(noStart(9, 'iterative'));
  });

  test('a sequence without a slot waits until another one ends', async () => {
    expect(await step(server, 'one', { id: 1, start: true })).toBe(1);
    const order: string[] = [];
    const second = step(server, 'one', { id: 2, start: true, value: 7 }).finally(() => order.push('second'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await step(server, 'one', { id: 1, value: 2 }).finally(() => order.push('first'))).toBe(3);
    expect(order).toEqual(['first']);
    expect(await step(server, 'one', { id: 1, end: true, value: 3 })).toBe(6);
    expect(await second).toBe(7);
    expect(await step(server, 'one', { id: 2, end: true, value: 1 })).toBe(8);
  });

  test('a sequence that waits longer than its request allows is refused, and one that has a slot is not', async () => {
    expect(await step(server, 'one', { id: 1, start: true })).toBe(1);
    const sentAt = Date.now();
    expect(await step(server, 'one', { id: 2, start: true, timeout: 200_000 })).toBe(
      '503 {"error":"timeout of the corresponding sequence has been expired"}',
    );
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(195);
    expect(await step(server, 'one', { id: 2 })).toBe(noStart(2, 'one'));
    expect(await step(server, 'one', { id: 1, end: true, timeout: 1 })).toBe(2);
  });

  test('a sequence that is idle for too long loses its slot to the next one', async () => {
    expect(await step(server, 'short', { id: 1, start: true })).toBe(1);
    const sentAt = Date.now();
    expect(await step(server, 'short', { id: 2, start: true, end: true, value: 5 })).toBe(5);
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(300);
    expect(await step(server, 'short', { id: 1 })).toBe(noStart(1, 'short'));
  });

  test('a client that goes away while its sequence waits does not get the slot', async () => {
    expect(await step(server, 'one', { id: 1, start: true })).toBe(1);
    const leave = sendAndLeave(server, 'one', { id: 2, start: true });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const third = step(server, 'one', { id: 3, start: true, end: true, value: 9 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    leave();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await step(server, 'one', { id: 1, end: true })).toBe(2);
    expect(await third).toBe(9);
    expect(await step(server, 'one', { id: 2 })).toBe(noStart(2, 'one'));
  });

  test('when the engine dies, its sequences end with the reason, those that wait too, and can be started again', async () => {
    await step(server, 'one', { id: 1, start: true, value: 5 });
    const waiting = step(server, 'one', { id: 2, start: true });
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.kill(server.enginePid('one'), 'SIGKILL');
    expect(await waiting).toMatch(/^503 .*the engine process of model 'one' ended/);
    await until(() => server.isReady('one'));
    expect(await step(server, 'one', { id: 1, value: 6 })).toMatch(
      /^503 .*sequence 1 of model 'one' has ended and has to be started again: the engine process of model 'one' ended/,
    );
    expect(await runSequence('one', 1, [7, 8])).toEqual([7, 15]);
    expect(await step(server, 'one', { id: 1 })).toBe(noStart(1, 'one'));
  });
});

test('a scheduler that is held until enough requests wait makes one batch of them', async () => {
  vi.stubEnv('TRITONSERVER_DELAY_SCHEDULER', '3');
  vi.stubEnv('TRITONSERVER_BACKLOG_DELAY_SCHEDULER', '1');
  const direct = statefulModel('sequence-sum.onnx', `${IDLE} direct {}`, { rows: 3 });
  const server = await ServerUnderTest.start({ direct });
  vi.unstubAllEnvs();
  try {
    await until(() => server.isReady('direct'));
    const ids = [1, 2, 3, 4];
    const answers = await Promise.all(
      ids.map((id) => step(server, 'direct', { id, start: true, end: true, value: id })),
    );
    expect(answers).toEqual(ids);
    const { batch_stats } = await statisticsOf(server, 'direct');
    expect(batch_stats.map(({ batch_size }) => batch_size)).toEqual([1, 3]);
  } finally {
    await server.stop();
  }
});

test('a model whose initial state cannot be read is unavailable with the reason', async () => {
  const withFile = (name: string) =>
    statefulModel('sequence-sum.onnx', 'direct {}', { initial: ten('TYPE_INT32', `data_file: "${name}"`) });
  const server = await ServerUnderTest.start(
    {
      missing: withFile('nowhere'),
      tooShort: { ...withFile('two'), files: { 'initial_state/two': '..' } },
      escaping: { ...withFile('../../missing/config.pbtxt'), files: { 'initial_state/any': '' } },
      twice: statefulModel('sequence-sum.onnx', 'direct {}', {
        initial: `${ten('TYPE_INT32', 'zero_data: true')} ${ten('TYPE_INT32', 'zero_data: true')}`,
      }),
    },
    ['--exit-on-error=false'],
  );
  try {
    await until(
      async () =>
        (await server.call('/v2/repository/index', { method: 'POST' })).text.split('reason').length > 4,
    );
    const index = JSON.parse((await server.call('/v2/repository/index', { method: 'POST' })).text) as {
      name: string;
      reason: string;
    }[];
    const reasons = Object.fromEntries(index.map(({ name, reason }) => [name, reason]));
    expect(reasons['missing']).toMatch(
      /failed to open text file for read .*initial_state\/nowhere: No such file or directory/,
    );
    expect(reasons['tooShort']).toContain(
      'initial_state setting expects 4 bytes, but the data provided from twoonly has 2 bytes.',
    );
    expect(reasons['escaping']).toContain('must be located inside the model directory');
    expect(reasons['twice']).toContain(
      "initial_state field for state input 'INPUT_STATE' must contain exactly one or zero element. Found '2' elements.",
    );
  } finally {
    await server.stop();
  }
});
