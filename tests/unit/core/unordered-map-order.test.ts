import { expect, test } from 'vitest';
import { inUnorderedMapOrder } from '../../../app/core/unordered-map-order.ts';

const ordered = (names: readonly string[]): string[] =>
  inUnorderedMapOrder(names.map((name) => ({ name }))).map(({ name }) => name);
const tensors = (count: number): string[] => Array.from({ length: count }, (_, at) => `tensor_${at}`);
const numbered = (names: readonly string[]): number[] => names.map((name) => Number(name.slice(7)));

// What a program of g++ 12 prints that walks a std::unordered_map<std::string, int>.
test.each([
  [['INPUT0', 'INPUT1'], 'INPUT1 INPUT0'],
  [['input_ids', 'attention_mask', 'token_type_ids'], 'token_type_ids attention_mask input_ids'],
  [['x', 'y', 'z', 'mask', 'lengths'], 'lengths mask z y x'],
  [['grüße', 'a name of more than eight bytes', '入力'], '入力 a name of more than eight bytes grüße'],
])('%j are listed as %s', (names, listed) => {
  expect(ordered(names).join(' ')).toBe(listed);
});

test('a map that had to grow has another order', () => {
  expect(numbered(ordered(tensors(15)))).toEqual([13, 1, 4, 2, 0, 5, 14, 3, 6, 7, 8, 9, 10, 11, 12]);
  expect(numbered(ordered(tensors(32)))).toEqual([
    31, 12, 26, 10, 16, 9, 29, 3, 5, 0, 2, 7, 21, 4, 24, 1, 6, 15, 17, 11, 23, 18, 13, 19, 30, 20, 8, 22, 14,
    25, 27, 28,
  ]);
});

test('nothing is lost of many', () => {
  expect(new Set(ordered(tensors(3_000)))).toEqual(new Set(tensors(3_000)));
});
