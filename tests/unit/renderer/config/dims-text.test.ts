import { expect, test } from 'vitest';
import { parseDims } from '../../../../renderer/config/dims-text.ts';
import { diffLines } from '../../../../renderer/config/diff-lines.ts';

test('dims are read as people write them', () => {
  expect(parseDims('1, 8, 8')).toEqual([1, 8, 8]);
  expect(parseDims('[ 3 224 224 ]')).toEqual([3, 224, 224]);
  expect(parseDims('-1')).toEqual([-1]);
  expect(parseDims('')).toEqual([]);
});

test('what are no dims stays unread', () => {
  for (const text of ['a', '1.5', '-2', '1, x', '99999999999999999999']) expect(parseDims(text)).toBeNull();
});

test('a difference by lines keeps what both have and says what came and went', () => {
  const lines = diffLines('a\nb\nc', 'a\nx\nc\nd');
  expect(lines.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    'same a',
    'removed b',
    'added x',
    'same c',
    'added d',
  ]);
});
