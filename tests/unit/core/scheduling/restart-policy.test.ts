import { expect, test } from 'vitest';
import { restartDelay } from '../../../../app/core/scheduling/restart-policy.ts';

test('restarts wait longer each time, and end after three deaths in five minutes', () => {
  expect(restartDelay([1000])).toBe(250);
  expect(restartDelay([1000, 2000])).toBe(500);
  expect(restartDelay([1000, 2000, 3000])).toBeNull();
  expect(restartDelay([0, 200_000, 400_000])).toBe(500);
});
