import { expect, test } from 'vitest';
import { instanceLimit, RateLimiter } from '../../../../app/core/scheduling/rate-limiter.ts';

const needs = (count: number, isGlobal = false) => ({
  device: 0,
  needs: [{ name: 'R', count, isGlobal }],
  priority: 1,
});

test('an instance runs only while what it needs is free', () => {
  const limiter = new RateLimiter<string>([{ name: 'R', count: 3, device: null }]);
  limiter.register('a', needs(2));
  limiter.register('b', needs(2));
  expect(limiter.request('a')).toEqual(['a']);
  expect(limiter.request('b')).toEqual([]);
  expect(limiter.release('a')).toEqual(['b']);
});

test('without limits of the command line there is what the neediest instance needs', () => {
  const limiter = new RateLimiter<string>([]);
  limiter.register('small', needs(1));
  limiter.register('large', needs(2));
  expect(limiter.request('small')).toEqual(['small']);
  expect(limiter.request('large')).toEqual([]);
  expect(limiter.release('small')).toEqual(['large']);
});

test.each([
  ['too little of it', [{ name: 'R', count: 1, device: null }], 1],
  ['none of it', [{ name: 'other', count: 9, device: null }], 0],
  ['it on another device', [{ name: 'R', count: 9, device: 1 }], 0],
])('an instance that could never run is refused: %s', (_, limits, available) => {
  expect(() => new RateLimiter<string>(limits).register('a', needs(2))).toThrow(
    `Resource count for "R" is limited to ${available} which will prevent scheduling of one or more model instances, the minimum required count is 2`,
  );
});

test('devices have their own share, a global resource is shared by all', () => {
  const limiter = new RateLimiter<string>([{ name: 'R', count: 2, device: null }]);
  limiter.register('device 0', needs(2));
  limiter.register('device 1', { ...needs(2), device: 1 });
  limiter.register('one', needs(2, true));
  limiter.register('two', { ...needs(2, true), device: 1 });
  expect(limiter.request('device 0')).toEqual(['device 0']);
  expect(limiter.request('device 1')).toEqual(['device 1']);
  expect(limiter.request('one')).toEqual(['one']);
  expect(limiter.request('two')).toEqual([]);
});

test('who has run least for its priority runs next', () => {
  const limiter = new RateLimiter<string>([{ name: 'R', count: 1, device: null }]);
  const keys = ['often 1', 'often 2', 'seldom 1', 'seldom 2'];
  for (const key of keys) limiter.register(key, { ...needs(1), priority: key.startsWith('often') ? 1 : 2 });
  const runs: string[] = [];
  let [running = ''] = keys.flatMap((key) => limiter.request(key));
  for (let round = 0; round < 60; round += 1) {
    runs.push(running);
    const [next = ''] = limiter.release(running);
    expect(limiter.request(running)).toEqual([]);
    running = next;
  }
  const often = runs.filter((key) => key.startsWith('often')).length;
  expect(often / (60 - often)).toBeCloseTo(2, 0);
});

test('an instance that is gone gives back what it had', () => {
  const limiter = new RateLimiter<string>([{ name: 'R', count: 2, device: null }]);
  limiter.register('a', needs(2));
  limiter.register('b', needs(2));
  limiter.request('a');
  limiter.request('b');
  expect(limiter.unregister('a', true)).toEqual(['b']);
});

test('a group says what each of its instances needs', () => {
  const rate_limiter = { resources: [{ name: 'R', global: true, count: 2 }], priority: 3 };
  expect(instanceLimit({ rate_limiter })).toEqual({
    needs: [{ name: 'R', count: 2, isGlobal: true }],
    priority: 3,
  });
  expect(instanceLimit({})).toEqual({ needs: [], priority: 1 });
});
