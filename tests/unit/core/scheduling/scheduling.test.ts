import { expect, test } from 'vitest';
import { InstanceQueue } from '../../../../app/core/scheduling/instance-queue.ts';
import { restartDelay } from '../../../../app/core/scheduling/restart-policy.ts';

test('an idle instance takes a request at once; with none idle requests wait in their order', () => {
  const queue = new InstanceQueue<string, number>();
  expect(queue.release(0)).toBeUndefined();
  expect(queue.enqueue('a')).toBe(0);
  expect(queue.enqueue('b')).toBeUndefined();
  expect(queue.enqueue('c')).toBeUndefined();
  expect(queue.length).toBe(2);
  expect(queue.release(0)).toBe('b');
  expect(queue.drain()).toEqual(['c']);
  expect(queue.length).toBe(0);
});

test('ten thousand requests come out in the order in which they went in', () => {
  const queue = new InstanceQueue<number, number>();
  for (let request = 0; request < 10_000; request += 1) queue.enqueue(request);
  const taken = Array.from({ length: 10_000 }, () => queue.release(0));
  expect(taken).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
});

test('instances that are gone take nothing', () => {
  const queue = new InstanceQueue<string, number>();
  queue.release(0);
  queue.dropInstances();
  expect(queue.enqueue('a')).toBeUndefined();
});

test('restarts wait longer each time, and end after three deaths in five minutes', () => {
  expect(restartDelay([1000])).toBe(250);
  expect(restartDelay([1000, 2000])).toBe(500);
  expect(restartDelay([1000, 2000, 3000])).toBeNull();
  expect(restartDelay([0, 200_000, 400_000])).toBe(500);
});
