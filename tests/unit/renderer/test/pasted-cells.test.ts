import { expect, test } from 'vitest';
import { pasteCells } from '../../../../renderer/test/edit-draft.ts';
import { pastedCells } from '../../../../renderer/test/pasted-cells.ts';
import { firstSlice, sliceTable } from '../../../../renderer/results/slice.ts';

test('a block from a spreadsheet is rows of cells, a quoted cell may hold tabs and line breaks', () => {
  expect(pastedCells('1\t2\r\n3\t4\r\n', true)).toEqual([
    ['1', '2'],
    ['3', '4'],
  ]);
  expect(pastedCells('"a\nb"\t"say ""hi"""', false)).toEqual([['a\nb', 'say "hi"']]);
});

test('numbers from CSV, from a list in brackets and from a terminal are cells too', () => {
  expect(pastedCells('1, 2\n3,4', true)).toEqual([
    ['1', '2'],
    ['3', '4'],
  ]);
  expect(pastedCells('[[1, 2],\n [3, 4]]', true)).toEqual([
    ['1', '2'],
    ['3', '4'],
  ]);
  expect(pastedCells('1,5; 2', true)).toEqual([['1,5', '2']]);
  expect(pastedCells('0.1  0.2\n0.3  0.4', true)).toEqual([
    ['0.1', '0.2'],
    ['0.3', '0.4'],
  ]);
});

test('lines of text stay whole for BYTES', () => {
  expect(pastedCells('good morning, all\nbye', false)).toEqual([['good morning, all'], ['bye']]);
});

test('pasted cells go to their places in the slice and stop at its edges', () => {
  const shape = [2, 2, 3];
  const table = sliceTable(shape, { ...firstSlice(shape), at: [1, 0, 0] });
  const texts = Array.from({ length: 12 }, () => '0');
  const cells = [
    ['1', '2', 'beyond'],
    ['3', '4', 'beyond'],
    ['beyond', 'beyond'],
  ];
  const next = pasteCells(texts, table, { row: 0, column: 1 }, cells);
  expect(next.slice(6)).toEqual(['0', '1', '2', '0', '3', '4']);
  expect(next.slice(0, 6)).toEqual(texts.slice(0, 6));
});

test('cells pasted into a wrapped vector flow on', () => {
  const shape = [25];
  const texts = Array.from({ length: 25 }, () => '');
  const next = pasteCells(texts, sliceTable(shape, firstSlice(shape)), { row: 0, column: 8 }, [
    ['a', 'b'],
    ['c'],
  ]);
  expect(next.slice(7, 12)).toEqual(['', 'a', 'b', 'c', '']);
});
