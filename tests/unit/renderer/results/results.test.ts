import { describe, expect, test } from 'vitest';
import { tensorOf } from '../../../../app/core/tensors/elements.ts';
import {
  classifierRow,
  classifierRowCount,
  isClassifierLike,
} from '../../../../renderer/results/classifier-rows.ts';
import { formatDuration, formatElement } from '../../../../renderer/results/format-number.ts';
import { tensorsJson } from '../../../../renderer/results/save-file.ts';
import { chosenAxes, firstSlice, placeOf, sliceTable } from '../../../../renderer/results/slice.ts';
import { rowKind, softmax } from '../../../../renderer/results/softmax.ts';
import { timingLine } from '../../../../renderer/results/timing-split.ts';

describe('a slice of a tensor', () => {
  const indexes = (shape: readonly number[], slice = firstSlice(shape)) => {
    const table = sliceTable(shape, slice);
    return Array.from({ length: table.rows }, (_, row) =>
      Array.from({ length: table.columns }, (_, column) => table.indexAt(row, column)),
    );
  };

  test('begins with the last two axes that are worth showing', () => {
    expect(firstSlice([1, 3, 1, 2])).toMatchObject({ rowAxis: 1, columnAxis: 3 });
    expect(indexes([1, 3, 1, 2])).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
  });

  test('may lie along any two axes', () => {
    const shape = [2, 3, 4];
    const slice = { rowAxis: 2, columnAxis: 0, at: [0, 1, 0] };
    expect(chosenAxes(shape, slice)).toEqual([1]);
    expect(indexes(shape, slice)).toEqual([
      [4, 16],
      [5, 17],
      [6, 18],
      [7, 19],
    ]);
  });

  test('of a vector is wrapped, of a scalar one cell', () => {
    const rows = indexes([12]);
    expect(rows.map((row) => row.length)).toEqual([8, 8]);
    expect(rows[1]).toEqual([8, 9, 10, 11, -1, -1, -1, -1]);
    expect(indexes([])).toEqual([[0]]);
    expect(indexes([1, 1])).toEqual([[0]]);
    expect(indexes([0])).toEqual([]);
  });

  test('names places by every axis', () => {
    expect(placeOf([2, 3, 4], 23)).toBe('[1, 2, 3]');
  });
});

describe('a classifier', () => {
  test('is told by its scores: one or two axes of floats, two classes or more', () => {
    expect(isClassifierLike(tensorOf('FP32', [1, 3], [1, 2, 3]), 0)).toBe(true);
    expect(isClassifierLike(tensorOf('FP32', [1, 3, 1, 1], [1, 2, 3]), 3)).toBe(true);
    expect(isClassifierLike(tensorOf('FP32', [1, 1], [1]), 0)).toBe(false);
    expect(isClassifierLike(tensorOf('INT64', [1, 3], [1, 2, 3]), 3)).toBe(false);
    expect(isClassifierLike(tensorOf('FP32', [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), 0)).toBe(false);
    expect(isClassifierLike(tensorOf('FP32', [1, 3], [1, 2, 3]), 2)).toBe(false);
  });

  test('has a best class in each row, as scores or as softmax', () => {
    const logits = tensorOf('FP32', [2, 3], [1, 3, 2, -5, 0, 5]);
    expect(classifierRowCount(logits.shape)).toBe(2);
    expect(classifierRow(logits, 1, 2, false)).toEqual({
      kind: 'logits',
      top: [
        { index: 2, value: 5 },
        { index: 1, value: 0 },
      ],
    });
    expect(Number(classifierRow(logits, 0, 1, true).top[0]?.value)).toBeCloseTo(0.6652, 4);
  });

  test('softmax stays finite for scores of any size and sums to one', () => {
    const shares = softmax([1000, 1000, -1000]);
    expect([...shares]).toEqual([0.5, 0.5, 0]);
  });

  test('probabilities are told from logits and from independent scores', () => {
    expect(rowKind([0.1, 0.9])).toBe('probabilities');
    expect(rowKind([0.7, 0.9])).toBe('scores');
    expect(rowKind([-1, 4])).toBe('logits');
    expect(rowKind([NaN, 1])).toBe('scores');
  });
});

describe('numbers for people', () => {
  test('a duration has a unit and three digits', () => {
    expect([0.4, 812, 3141.59, 2_500_000].map(formatDuration)).toEqual([
      '0.4 µs',
      '812 µs',
      '3.14 ms',
      '2.5 s',
    ]);
  });

  test('an FP32 element is the shortest text that means it, an INT64 keeps every digit', () => {
    expect(formatElement(Math.fround(0.1), 'FP32')).toBe('0.1');
    expect(formatElement(0.1, 'FP64')).toBe('0.1');
    expect(formatElement(-9007199254740993n, 'INT64')).toBe('-9007199254740993');
    expect(formatElement(-2147483648, 'INT32')).toBe('-2147483648');
    expect(formatElement(4294967295, 'UINT32')).toBe('4294967295');
  });

  test('a timing is one line in one unit whose parts sum up', () => {
    const server = {
      totalMicroseconds: 2500,
      queueMicroseconds: 20,
      computeInputMicroseconds: 100,
      computeInferMicroseconds: 2200,
      computeOutputMicroseconds: 100,
    };
    expect(timingLine({ totalMicroseconds: 3120, server })).toBe(
      '3.12 ms total · queue 0.02 · compute 2.4 · rest 0.7',
    );
    expect(timingLine({ totalMicroseconds: 3120 })).toBe('3.12 ms total');
  });
});

test('outputs saved as JSON are those of the protocol, with every digit', () => {
  const tensors = [
    { name: 'y', ...tensorOf('INT64', [1, 2], [9007199254740993n, -1]) },
    { name: 's', ...tensorOf('FP32', [], [0.5]) },
  ];
  expect(tensorsJson(tensors)).toBe(
    '[\n{"name":"y","datatype":"INT64","shape":[1,2],"data":[9007199254740993,-1]},\n{"name":"s","datatype":"FP32","shape":[],"data":[0.5]}\n]\n',
  );
});
