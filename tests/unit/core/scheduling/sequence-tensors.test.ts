import { expect, test } from 'vitest';
import type { ModelConfig } from '../../../../app/core/model-config/model-config.ts';
import { batchRule } from '../../../../app/core/scheduling/batch-tensors.ts';
import { describeSequenceBatching } from '../../../../app/core/scheduling/describe-sequence-batching.ts';
import { controlTensors, sequenceControls } from '../../../../app/core/scheduling/sequence-controls.ts';
import { rowInputs, splitStates } from '../../../../app/core/scheduling/sequence-rows.ts';
import {
  checkStateFile,
  idleStates,
  initialStates,
  stateSpecs,
} from '../../../../app/core/scheduling/sequence-states.ts';
import { encodeBytes } from '../../../../app/core/tensors/bytes-elements.ts';

const signals = { isStart: true, isEnd: false };
const control = (name: string, kind: string, values: object) => ({ name, control: [{ kind, ...values }] });

function controlsOf(values: object, correlation: string, maxBatchSize = 4) {
  return sequenceControls({
    name: 'm',
    max_batch_size: maxBatchSize,
    sequence_batching: {
      control_input: [
        control('START', 'CONTROL_SEQUENCE_START', values),
        control('END', 'CONTROL_SEQUENCE_END', values),
        control('READY', 'CONTROL_SEQUENCE_READY', values),
        control('ID', 'CONTROL_SEQUENCE_CORRID', { data_type: correlation }),
      ],
    },
  } as ModelConfig);
}

test('start, end and ready are the two values of the config, in its type; an idle row has the false one of each', () => {
  const controls = controlsOf({ int32_false_true: [3, -4] }, 'TYPE_INT64');
  const read = ({ data }: { data: Uint8Array }) =>
    new DataView(data.buffer, data.byteOffset).getInt32(0, true);
  expect(controlTensors(controls, { ...signals, id: 7n }).map(read)).toEqual([-4, 3, -4, 7]);
  expect(controlTensors(controls, null).map(read)).toEqual([3, 3, 3, 0]);
  expect(controls.shape).toEqual([1, 1]);
  expect(controlsOf({ int32_false_true: [0, 1] }, 'TYPE_INT64', 0).shape).toEqual([1]);
  const floats = controlTensors(controlsOf({ fp32_false_true: [0.5, 2] }, 'TYPE_UINT32'), {
    ...signals,
    id: 1n,
  });
  expect(floats.map(({ datatype }) => datatype)).toEqual(['FP32', 'FP32', 'FP32', 'UINT32']);
  expect([...new Float32Array(floats[0]?.data.buffer ?? new ArrayBuffer(0))]).toEqual([2]);
  const bools = controlTensors(controlsOf({ bool_false_true: [true, false] }, 'TYPE_UINT64'), {
    ...signals,
    id: 1n,
  });
  expect(bools.slice(0, 3).map(({ data }) => data[0])).toEqual([0, 1, 0]);
});

test('an id is cut to the width of its input; text stands in BYTES, and an idle row has no text', () => {
  const idOf = (type: string, id: bigint | string) =>
    controlTensors(controlsOf({ int32_false_true: [0, 1] }, type), { ...signals, id }).at(-1)?.data;
  expect(idOf('TYPE_INT32', 2n ** 32n + 5n)).toEqual(new Uint8Array([5, 0, 0, 0]));
  expect(idOf('TYPE_UINT64', 2n ** 64n - 1n)).toEqual(new Uint8Array(8).fill(255));
  expect(idOf('TYPE_STRING', 'ün')).toEqual(encodeBytes(['ün']));
  const idle = controlTensors(controlsOf({ int32_false_true: [0, 1] }, 'TYPE_STRING'), null);
  expect(idle.at(-1)?.data).toEqual(encodeBytes(['']));
});

const state = (name: string, data_type: string, dims: number[], more: object = {}) => ({
  input_name: `${name}_IN`,
  output_name: `${name}_OUT`,
  data_type,
  dims,
  ...more,
});

function specsOf(states: readonly object[], files: Record<string, Uint8Array> = {}, more: object = {}) {
  const config = { max_batch_size: 2, sequence_batching: { state: states }, ...more } as ModelConfig;
  return stateSpecs(config, new Map(Object.entries(files)));
}

test('a state begins with its initial state, else with zeros; free dims are 1, texts empty, extra bytes of a file unread', () => {
  const [zeros, text, file, written] = specsOf(
    [
      state('A', 'TYPE_INT16', [-1, 2]),
      state('B', 'TYPE_STRING', [2]),
      state('C', 'TYPE_UINT8', [-1], {
        initial_state: [{ name: 'c', data_type: 'TYPE_UINT8', dims: [3], data_file: 'f' }],
      }),
      state('D', 'TYPE_STRING', [1], {
        initial_state: [{ name: 'd', data_type: 'TYPE_STRING', dims: [1], data_file: 't' }],
      }),
    ],
    { f: new Uint8Array([1, 2, 3, 4]), t: encodeBytes(['hello']) },
  );
  expect(zeros?.initial).toEqual({ datatype: 'INT16', shape: [1, 1, 2], data: new Uint8Array(4) });
  expect(text?.initial.data).toEqual(encodeBytes(['', '']));
  expect(file?.initial).toEqual({ datatype: 'UINT8', shape: [1, 3], data: new Uint8Array([1, 2, 3]) });
  expect(written?.initial.data).toEqual(encodeBytes(['hello']));
  expect(() => checkStateFile({ data_type: 'TYPE_INT32', dims: [2], data_file: 'f' }, 7)).toThrow(
    'initial_state setting expects 8 bytes, but the data provided from fonly has 7 bytes.',
  );
});

test('of two states with the same input or output the first counts', () => {
  const specs = specsOf([
    state('A', 'TYPE_INT32', [1]),
    state('A', 'TYPE_INT32', [2]),
    { ...state('B', 'TYPE_INT32', [1]), output_name: 'A_OUT' },
  ]);
  expect(specs.map(({ inputName }) => inputName)).toEqual(['A_IN']);
});

test('a row has its inputs, controls and states; an idle one zeros in the shapes of another', () => {
  const specs = specsOf([state('A', 'TYPE_UINT8', [2])]);
  const controls = controlsOf({ int32_false_true: [0, 1] }, 'TYPE_UINT64');
  const inputs = [{ name: 'x', datatype: 'UINT8', shape: [1, 2], data: new Uint8Array([8, 9]) }] as const;
  const live = { states: initialStates(specs) };
  const names = rowInputs(controls, { ...signals, id: 1n }, inputs, live).map(({ name }) => name);
  expect(names).toEqual(['x', 'START', 'END', 'READY', 'ID', 'A_IN']);
  const grown = new Map([
    ['A_IN', { datatype: 'UINT8', shape: [1, 3], data: new Uint8Array([1, 2, 3]) } as const],
  ]);
  const idle = rowInputs(controls, null, inputs, { states: idleStates(grown) });
  expect(idle[0]).toEqual({ name: 'x', datatype: 'UINT8', shape: [1, 2], data: new Uint8Array(2) });
  expect(idle.at(-1)).toEqual({ name: 'A_IN', datatype: 'UINT8', shape: [1, 3], data: new Uint8Array(3) });
});

test('each row gets its share of the states, in whatever shape they come; what is short is said in words', () => {
  const specs = specsOf([state('A', 'TYPE_UINT8', [-1]), state('B', 'TYPE_STRING', [1])]);
  const rule = batchRule({ max_batch_size: 2 });
  const before = [initialStates(specs), initialStates(specs)];
  const outputs = [
    { name: 'A_OUT', datatype: 'UINT8', shape: [2, 2], data: new Uint8Array([1, 2, 3, 4]) },
    { name: 'B_OUT', datatype: 'BYTES', shape: [2, 1], data: encodeBytes(['a', 'bcd']) },
  ] as const;
  const [first, second] = splitStates(rule, specs, before, outputs);
  const dataOf = (states: typeof first, name: string) =>
    typeof states === 'string' ? states : [...(states?.get(name)?.data ?? [])];
  expect([dataOf(first, 'A_IN'), dataOf(second, 'A_IN')]).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect([dataOf(first, 'B_IN'), dataOf(second, 'B_IN')]).toEqual([
    [...encodeBytes(['a'])],
    [...encodeBytes(['bcd'])],
  ]);
  const short = [{ ...outputs[0], shape: [1, 4] }, outputs[1]];
  expect(splitStates(rule, specs, before, short)[1]).toBe(
    "failed to split the output state tensor 'A_OUT' in responses: expected batch size of at least 2 in model output, got 1",
  );
  const unbatched = splitStates(batchRule({}), specs, before.slice(0, 1), [outputs[0]]);
  expect(dataOf(unbatched[0], 'A_IN')).toEqual([1, 2, 3, 4]);
});

test('a kept state does not keep the answer of its whole batch alive', () => {
  const specs = specsOf([state('A', 'TYPE_UINT8', [1])]);
  const data = new Uint8Array(1000).subarray(0, 2);
  const split = splitStates(
    batchRule({ max_batch_size: 2 }),
    specs,
    [initialStates(specs)],
    [{ name: 'A_OUT', datatype: 'UINT8', shape: [2, 1], data }],
  );
  const [states] = split;
  expect(typeof states === 'string' ? 0 : states?.get('A_IN')?.data.buffer.byteLength).toBe(1);
});

test('how sequences are scheduled is said in words', () => {
  const instance_group = [{ kind: 'KIND_CPU' as const, count: 2 }];
  const words = (config: ModelConfig) => describeSequenceBatching({ max_batch_size: 4, ...config });
  expect(words({})).toBeNull();
  expect(words({ sequence_batching: {} })).toBe(
    'Sequences, direct: 4 slots, one for each sequence until it ends; 1 s without a request ends a sequence.',
  );
  expect(
    words({
      instance_group,
      sequence_batching: { max_sequence_idle_microseconds: 500_000, oldest: { max_candidate_sequences: 8 } },
    }),
  ).toBe(
    'Sequences, oldest first: up to 16 sequences at a time, 8 on each of 2 instances, batched by 4; 0.5 s without a request ends a sequence.',
  );
  expect(words({ max_batch_size: 0, sequence_batching: { iterative_sequence: true } })).toBe(
    'Sequences, direct: 1 slot, one for each sequence until it ends; each request is a sequence of its own.',
  );
});
