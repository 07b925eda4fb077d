import { expect, test } from 'vitest';
import {
  changeText,
  smallestEdit,
  startHistory,
  undoText,
} from '../../../../renderer/config/text-history.ts';

test('typing without a pause is one step of undo, a pause begins the next', () => {
  let history = changeText(startHistory(''), 'a', 1_000, true);
  history = changeText(history, 'ab', 1_200, true);
  history = changeText(history, 'abc', 5_000, true);
  expect(undoText(history)?.text).toBe('ab');
  expect(undoText(undoText(history) ?? history)?.text).toBe('');
});

test('a new line begins a step of its own', () => {
  let history = changeText(startHistory(''), 'a', 1_000, true);
  history = changeText(history, 'a\n', 1_100, true);
  expect(undoText(history)?.text).toBe('a');
});

test('nothing is left to undo at the start', () => {
  expect(undoText(startHistory('x'))).toBeNull();
});

test('the smallest edit touches only what differs', () => {
  expect(smallestEdit('dims: [ 1, 8 ]', 'dims: [ 1, 16, 8 ]')).toEqual({
    offset: 11,
    length: 0,
    text: '16, ',
  });
  expect(smallestEdit('aa', 'a')).toEqual({ offset: 1, length: 1, text: '' });
  expect(smallestEdit('same', 'same')).toEqual({ offset: 4, length: 0, text: '' });
});
