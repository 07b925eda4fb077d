import { expect, test } from 'vitest';
import type { HistorySummary } from '../../../../app/contract/inference.ts';
import { matchingEntries } from '../../../../renderer/history/matching-entries.ts';

const entry = (id: string, change: Partial<HistorySummary> = {}): HistorySummary => ({
  id,
  at: 0,
  model: 'digits',
  protocol: 'binary',
  origin: 'user',
  isAnswered: true,
  inputsSummary: 'image [1,8,8] FP32',
  timing: { totalMicroseconds: 1 },
  ...change,
});

const ENTRIES = [
  entry('a'),
  entry('b', { isAnswered: false, inputsSummary: 'image [2,8,8] FP32' }),
  entry('c', { model: 'other' }),
  entry('d', { origin: 'first-run', protocol: 'json' }),
];

const found = (search: string, hidden: string[] = []) =>
  matchingEntries(ENTRIES, 'digits', search, new Set(hidden)).map(({ id }) => id);

test('the history of a model is found by words in any order', () => {
  expect(found('')).toEqual(['a', 'b', 'd']);
  expect(found('FP32 failed')).toEqual(['b']);
  expect(found('[2,8')).toEqual(['b']);
  expect(found('json FIRST request')).toEqual(['d']);
  expect(found('int64')).toEqual([]);
});

test('a request that is being deleted is not listed', () => {
  expect(found('', ['a'])).toEqual(['b', 'd']);
});
