import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ModelConfig } from '../../../../app/core/model-config/model-config.ts';
import {
  batchRule,
  gatherInputs,
  splitOutput,
  type BatchMember,
  type BatchTensor,
} from '../../../../app/core/scheduling/batch-tensors.ts';
import { elementCount, type NamedTensor } from '../../../../app/core/tensors/tensor.ts';

function fp32(name: string, shape: readonly number[], from = 0): NamedTensor {
  const values = Float32Array.from({ length: elementCount(shape) }, (_, index) => from + index);
  return { name, datatype: 'FP32', shape, data: new Uint8Array(values.buffer) };
}

function strings(name: string, texts: readonly string[]): NamedTensor {
  const data = Buffer.concat(
    texts.map((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(text));
      return Buffer.concat([length, Buffer.from(text)]);
    }),
  );
  return { name, datatype: 'BYTES', shape: [texts.length, 1], data: new Uint8Array(data) };
}

function member(...modelInputs: readonly NamedTensor[]): BatchMember {
  return { batchSize: modelInputs[0]?.shape[0] ?? 1, modelInputs };
}

function whole({ parts, ...tensor }: BatchTensor): NamedTensor {
  return { ...tensor, data: new Uint8Array(Buffer.concat(parts)) };
}

function floats(tensor: BatchTensor | NamedTensor | undefined): number[] {
  if (!tensor) return [];
  const data = 'parts' in tensor ? Buffer.concat(tensor.parts) : tensor.data;
  return [...new Float32Array(new Uint8Array(data).buffer)];
}

const RAGGED: ModelConfig = {
  max_batch_size: 8,
  input: [{ name: 'R', data_type: 'TYPE_FP32', dims: [-1], allow_ragged_batch: true }],
};

test('a batch is the rows of its requests, none copied, and its answer is handed out as views', () => {
  const rule = batchRule({ max_batch_size: 8 });
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      (sizes, isText) => {
        const members = sizes.map((rows, index) =>
          member(
            isText
              ? strings(
                  'I',
                  Array.from({ length: rows }, (_, row) => `ü${index}-${row}`),
                )
              : fp32('I', [rows, 3], index * 100),
          ),
        );
        const [input] = gatherInputs(rule, members);
        expect(input?.parts.map((part, index) => part === members[index]?.modelInputs[0]?.data)).toEqual(
          sizes.map(() => true),
        );
        expect(input?.shape[0]).toBe(sizes.reduce((total, rows) => total + rows, 0));
        const output = input && whole(input);
        const shares = output ? splitOutput(rule, output, members) : [];
        expect(shares.map(({ data }) => Buffer.from(data))).toEqual(
          members.map(({ modelInputs }) => Buffer.from(modelInputs[0]?.data ?? [])),
        );
        expect(shares.every(({ data }) => data.buffer === output?.data.buffer)).toBe(true);
      },
    ),
  );
});

test('rows may be handed out from slots with gaps between them', () => {
  const rule = batchRule({ max_batch_size: 4 });
  const members = [member(fp32('I', [1, 2])), member(fp32('I', [1, 2]))];
  const shares = splitOutput(rule, fp32('O', [4, 2]), members, [1, 3]);
  expect(shares.map(floats)).toEqual([
    [2, 3],
    [6, 7],
  ]);
});

test('an output with fewer rows than the batch is refused in the words of Triton', () => {
  const rule = batchRule({ max_batch_size: 4 });
  expect(() => splitOutput(rule, fp32('O', [1]), [member(fp32('I', [2, 3]))])).toThrow(
    "failed to split the output tensor 'O' in responses: expected batch size of at least 2 in model output, got 1",
  );
});

test('a ragged input reaches the model flat', () => {
  const members = [member(fp32('R', [1, 2])), member(fp32('R', [2, 3]))];
  const [input] = gatherInputs(batchRule(RAGGED), members);
  expect(input?.shape).toEqual([8]);
  expect(floats(input)).toEqual([0, 1, 0, 1, 2, 3, 4, 5]);
});

test.each([
  ['BATCH_ELEMENT_COUNT', [2], [2, 6]],
  ['BATCH_ACCUMULATED_ELEMENT_COUNT', [2], [2, 8]],
  ['BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO', [3], [0, 2, 8]],
  ['BATCH_MAX_ELEMENT_COUNT_AS_SHAPE', [6], [0, 0, 0, 0, 0, 0]],
  ['BATCH_ITEM_SHAPE', [3, 1], [2, 3, 3]],
  ['BATCH_ITEM_SHAPE_FLATTEN', [3], [2, 3, 3]],
] as const)('%s is made for the model', (kind, shape, values) => {
  const rule = batchRule({
    ...RAGGED,
    batch_input: [{ kind, target_name: ['B'], data_type: 'TYPE_FP32', source_input: ['R'] }],
  });
  const made = gatherInputs(rule, [member(fp32('R', [1, 2])), member(fp32('R', [2, 3]))])[1];
  expect(made?.name).toBe('B');
  expect(made?.shape).toEqual(shape);
  expect(floats(made)).toEqual(values);
});

test('a scattered output comes back in the shape of the input that it follows', () => {
  const rule = batchRule({
    ...RAGGED,
    batch_output: [{ target_name: ['O'], kind: 'BATCH_SCATTER_WITH_INPUT_SHAPE', source_input: ['R'] }],
  });
  const members = [member(fp32('R', [1, 2])), member(fp32('R', [2, 3]))];
  const shares = splitOutput(rule, fp32('O', [8]), members);
  expect(shares.map(({ shape }) => shape)).toEqual([
    [1, 2],
    [2, 3],
  ]);
  expect(shares.map(floats)).toEqual([
    [0, 1],
    [2, 3, 4, 5, 6, 7],
  ]);
});
