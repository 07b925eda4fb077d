import { describe, expect, test } from 'vitest';
import type { Dim } from '../../../../app/core/formats/model-description.ts';
import {
  adoptCount,
  adoptShape,
  axesOf,
  freeAxesOf,
  shapeOf,
  wireShapeText,
  type InputField,
} from '../../../../renderer/test/input-field.ts';

const symbolic = (name: string): Dim => ({ kind: 'symbolic', name });
const fixed = (size: number): Dim => ({ kind: 'fixed', size });
const field = (
  name: string,
  wireShape: number[],
  maxBatchSize = 0,
  dims: Dim[] | null = null,
): InputField => ({
  name,
  datatype: 'FP32',
  axes: axesOf(name, wireShape, maxBatchSize, dims),
  isOptional: false,
});

describe('free sizes of inputs', () => {
  test('are named as in the model, and the batch is one even where nothing names it', () => {
    const image = field('image', [-1, 3, -1, -1], 8, [
      symbolic('N'),
      fixed(3),
      symbolic('height'),
      symbolic('w'),
    ]);
    expect(wireShapeText(image)).toBe('[N, 3, height, w]');
    expect(shapeOf(image, {})).toEqual([1, 3, 224, 224]);
    expect(wireShapeText(field('x', [-1, 4], 8))).toBe('[batch, 4]');
  });

  test('are asked once where inputs share a name or the batch', () => {
    const fields = [
      field('ids', [-1, -1], 4, [symbolic('batch'), symbolic('sequence')]),
      field('mask', [-1, -1], 4, [symbolic('n'), symbolic('sequence')]),
      field('other', [-1, -1], 4),
    ];
    expect(freeAxesOf(fields).map(({ axis, inputs }) => [axis.label, inputs])).toEqual([
      ['batch', ['ids', 'mask', 'other']],
      ['sequence', ['ids', 'mask']],
      ['axis 1', ['other']],
    ]);
  });
});

describe("a tensor's own shape", () => {
  const rows = field('rows', [-1, -1, 4], 8, [symbolic('batch'), symbolic('rows'), fixed(4)]);

  test('fills the free sizes', () => {
    expect(adoptShape(rows, [2, 5, 4])).toMatchObject({
      kind: 'fits',
      shape: [2, 5, 4],
      isBatchAdded: false,
    });
  });

  test('gets a batch dimension of one where it has none', () => {
    expect(adoptShape(rows, [5, 4])).toMatchObject({ kind: 'fits', shape: [1, 5, 4], isBatchAdded: true });
  });

  test('that does not fit is explained by axis', () => {
    expect(adoptShape(rows, [1, 5, 3])).toEqual({
      kind: 'mismatch',
      message: 'The data has shape [1, 5, 3], the input takes [batch, rows, 4]: axis 2 is 3 instead of 4.',
    });
    expect(adoptShape(rows, [4])).toMatchObject({ message: expect.stringContaining('1 axes instead of 3') });
  });

  test('must be square where the model says so', () => {
    const square = field('m', [-1, -1], 0, [symbolic('n'), symbolic('n')]);
    expect(adoptShape(square, [2, 3])).toMatchObject({
      message: expect.stringContaining('n would be both 2 and 3'),
    });
  });
});

test('a number of elements chooses the one size that can make it, the batch last', () => {
  const words = field('text', [-1, -1], 8, [symbolic('batch'), symbolic('words')]);
  const size = (count: number, dims = {}) => shapeOf(words, { ...dims, ...adoptCount(words, dims, count) });
  expect(size(3)).toEqual([1, 3]);
  expect(size(6, { words: 2, 'batch dimension': 3 })).toEqual([3, 2]);
  expect(adoptCount(field('x', [2, 2]), {}, 5)).toBeNull();
});
