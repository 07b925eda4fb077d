import { expect, test } from 'vitest';
import { progressText } from '../../../../renderer/jobs/progress-text.ts';

const MEBIBYTE = 1_048_576;

test('says what goes on, how far, how fast and how long still', () => {
  const progress = {
    stage: 'Copying',
    doneUnits: 10 * MEBIBYTE,
    totalUnits: 40 * MEBIBYTE,
    unit: 'bytes',
  } as const;
  expect(progressText(progress, 1_000)).toBe('Copying · 10.0 MiB of 40.0 MiB · 10.0 MiB/s · 3.0 s left');
});

test('promises no end while the size is unknown', () => {
  expect(progressText({ stage: 'Reading', doneUnits: 0, unit: 'bytes' }, 5_000)).toBe('Reading');
  expect(progressText({ stage: 'Packing', doneUnits: 3, totalUnits: 9, unit: 'files' }, 5_000)).toBe(
    'Packing · 3 files of 9 files',
  );
});
