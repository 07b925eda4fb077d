import { expect, test } from 'vitest';
import { compareOutputs } from '../../../../app/core/comparison/compare-outputs.ts';
import type { Datatype } from '../../../../app/core/datatypes.ts';
import { tensorOf, type Element } from '../../../../app/core/tensors/elements.ts';
import type { NamedTensor } from '../../../../app/core/tensors/tensor.ts';

function output(
  values: readonly (Element | string)[],
  datatype: Datatype = 'FP32',
  shape: readonly number[] = [values.length],
): NamedTensor {
  return { name: 'y', ...tensorOf(datatype, shape, values) };
}

function compared(left: NamedTensor, right: NamedTensor) {
  return compareOutputs([left], [right])[0];
}

test('the same values are equal, NaN and infinities too', () => {
  const values = [1, Number.NaN, Number.POSITIVE_INFINITY, -0];
  expect(compared(output(values), output(values))).toEqual({ name: 'y', kind: 'equal' });
});

test('floats within a thousandth of their size are close, and the largest difference is told', () => {
  const found = compared(output([1000, 0]), output([1000.5, 0.00005]));
  expect(found).toMatchObject({ kind: 'close' });
  expect(found?.kind === 'close' && found.largestDifference).toBeCloseTo(0.5);
});

test('a difference names how many, the worst place and both values', () => {
  const left = output([1, 2, 3, 4, 5, 6], 'FP32', [2, 3]);
  const right = output([1, 2, 3.5, 4, 9, 6], 'FP32', [2, 3]);
  expect(compared(left, right)).toEqual({
    name: 'y',
    kind: 'different',
    reason: '2 of 6 values differ; at [1, 1]: 5 here, 9 there',
  });
});

test('NaN, an infinity and a number are never alike', () => {
  expect(compared(output([1]), output([Number.NaN]))?.kind).toBe('different');
  expect(compared(output([Number.NaN]), output([1]))?.kind).toBe('different');
  expect(compared(output([Number.POSITIVE_INFINITY]), output([1e30]))?.kind).toBe('different');
  expect(compared(output([Number.POSITIVE_INFINITY]), output([Number.NEGATIVE_INFINITY]))?.kind).toBe(
    'different',
  );
});

test('integers, bools and texts are compared exactly, 64 bits of them', () => {
  const big = 2n ** 60n;
  expect(compared(output([big], 'INT64'), output([big], 'INT64'))?.kind).toBe('equal');
  expect(compared(output([big], 'INT64'), output([big + 1n], 'INT64'))).toMatchObject({
    reason: `1 of 1 values differ; at [0]: ${big} here, ${big + 1n} there`,
  });
  expect(compared(output([true], 'BOOL'), output([false], 'BOOL'))?.kind).toBe('different');
  expect(compared(output(['yes', 'a'], 'BYTES'), output(['yes', 'b'], 'BYTES'))).toMatchObject({
    reason: '1 of 2 values differ; at [1]: "a" here, "b" there',
  });
});

test('datatype and shape have to be the same', () => {
  expect(compared(output([1]), output([1], 'FP64'))).toMatchObject({ reason: 'FP32 here, FP64 there' });
  expect(compared(output([1, 2]), output([1, 2], 'FP32', [1, 2]))).toMatchObject({
    reason: 'shape [2] here, [1, 2] there',
  });
});

test('an output that only one of them has is a difference', () => {
  const other = { ...output([1]), name: 'z' };
  expect(compareOutputs([output([1])], [other])).toEqual([
    { name: 'y', kind: 'different', reason: 'it is only here' },
    { name: 'z', kind: 'different', reason: 'it is only there' },
  ]);
});
