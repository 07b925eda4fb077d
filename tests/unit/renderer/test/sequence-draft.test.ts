import { expect, test } from 'vitest';
import {
  afterAnswer,
  afterFailure,
  describeDraft,
  FIRST_SEQUENCE,
  idMistake,
  nextSequence,
  placeOf,
} from '../../../../renderer/test/sequence-draft.ts';

test('answers move the draft on: start, next, end, and a start again', () => {
  const second = afterAnswer(FIRST_SEQUENCE);
  expect([second.isStart, describeDraft(second)]).toEqual([false, 'Request 2 of sequence 1.']);
  const third = { ...afterAnswer(second), isEnd: true };
  expect(describeDraft(third)).toBe('Request 3 of sequence 1, and ends it.');
  expect(describeDraft(afterAnswer(third))).toBe('Starts sequence 1.');
  const fromHistory = { id: '4', isStart: false, isEnd: false, answered: null };
  expect(describeDraft(afterAnswer(fromHistory))).toBe('Goes on with sequence 4.');
  expect(describeDraft({ ...FIRST_SEQUENCE, isEnd: true })).toBe('A sequence of one request: 1.');
});

test('a sequence that the server does not know is started again; other failures change nothing', () => {
  const second = afterAnswer(FIRST_SEQUENCE);
  const unknown =
    "inference request for sequence 1 to model 'm' must specify the START flag on the first request of the sequence";
  expect(afterFailure(second, unknown).isStart).toBe(true);
  expect(afterFailure(second, "input 'X' already exists in request")).toBe(second);
});

test('a new sequence has another id', () => {
  const next = (id: string) => nextSequence({ ...FIRST_SEQUENCE, id }).id;
  expect([next('7'), next('run-9'), next('abc'), next('')]).toEqual(['8', 'run-10', 'abc-2', '1']);
});

test('an id is a number or text, as the model takes it', () => {
  expect(placeOf(FIRST_SEQUENCE, 'any')).toEqual({ id: '1', idType: 'number', isStart: true, isEnd: false });
  expect(placeOf(FIRST_SEQUENCE, 'text').idType).toBe('text');
  expect(placeOf({ ...FIRST_SEQUENCE, id: 'a' }, 'any').idType).toBe('text');
  expect(idMistake('a', 'number')).toContain('whole number');
  expect(idMistake('0', 'any')).toContain('no sequence');
  expect(idMistake('0', 'text')).toBeNull();
  expect(idMistake('18446744073709551615', 'number')).toBeNull();
  expect(idMistake('18446744073709551616', 'number')).toContain('largest');
  expect(idMistake('ü'.repeat(65), 'any')).toContain('128 bytes');
  expect(idMistake('', 'any')).toContain('needs an id');
});
