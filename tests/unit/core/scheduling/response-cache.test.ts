import { array, assert, constantFrom, nat, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ResponseCache, type CachedResponse } from '../../../../app/core/scheduling/response-cache.ts';
import type { NamedTensor } from '../../../../app/core/tensors/tensor.ts';

const exact = (inputs: readonly NamedTensor[]): string =>
  inputs.map(({ name, shape, data }) => `${name} ${shape.join()} ${data.join()}`).join(';');

function tensor(name: string, ...bytes: readonly number[]): NamedTensor {
  return { name, datatype: 'UINT8', shape: [bytes.length], data: Uint8Array.from(bytes) };
}

const response = (...outputs: readonly NamedTensor[]): CachedResponse => ({ outputs, parameters: [] });

describe('a response cache', () => {
  test('finds an answer by the inputs, whatever their order, for outputs that it has', () => {
    const cache = new ResponseCache(10_000, exact);
    const owner = {};
    const [a, b] = [tensor('a', 1), tensor('b', 2)];
    cache.keep(cache.keyOf(owner, [a, b]), response(tensor('x', 3)));
    const key = cache.keyOf(owner, [b, a]);
    expect(cache.find(key, ['x'])).toEqual(response(tensor('x', 3)));
    expect(cache.find(key, ['x', 'y'])).toBeUndefined();
    cache.keep(key, response(tensor('y', 4)));
    expect(cache.find(key, ['x', 'y'])).toEqual(response(tensor('x', 3), tensor('y', 4)));
    expect(cache.find(cache.keyOf(owner, [a]), ['x'])).toBeUndefined();
    expect(cache.find(cache.keyOf({}, [a, b]), ['x'])).toBeUndefined();
  });

  test('keeps bytes of its own: what the answer came in may be used again', () => {
    const cache = new ResponseCache(10_000, exact);
    const key = cache.keyOf({}, [tensor('a', 1)]);
    const output = tensor('x', 3);
    cache.keep(key, response(output));
    output.data[0] = 9;
    expect([...(cache.find(key, ['x'])?.outputs[0]?.data ?? [])]).toEqual([3]);
  });

  test('forgets one owner, and does not take an answer that was begun before', () => {
    const cache = new ResponseCache(10_000, exact);
    const [one, other] = [{}, {}];
    const [mine, theirs] = [one, other].map((owner) => cache.keyOf(owner, [tensor('a', 1)]));
    if (!mine || !theirs) throw new Error('no keys');
    cache.keep(mine, response(tensor('x', 1)));
    cache.keep(theirs, response(tensor('x', 2)));
    cache.forget(one);
    expect(cache.find(mine, ['x'])).toBeUndefined();
    expect(cache.find(theirs, ['x'])).toBeDefined();
    expect(cache.keep(mine, response(tensor('x', 1)))).toBe(false);
    expect(cache.entryCount).toBe(1);
  });

  test('never holds more than it may, and gives up what was not used for longest', () => {
    const step = record({
      key: nat(9),
      kind: constantFrom('find' as const, 'keep' as const),
      size: nat(900),
    });
    assert(
      property(array(step, { maxLength: 60 }), (steps) => {
        const cache = new ResponseCache(3000, exact);
        const owner = {};
        let used: number[] = [];
        for (const { key: index, kind, size } of steps) {
          const key = cache.keyOf(owner, [tensor('a', index)]);
          const isKnown = cache.find(key, ['x']) !== undefined;
          expect(isKnown).toBe(used.includes(index));
          if (isKnown) used = [...used.filter((each) => each !== index), index];
          if (kind === 'find') continue;
          expect(cache.keep(key, response(tensor('x', ...Array<number>(size).fill(index))))).toBe(true);
          used = [...used.filter((each) => each !== index), index].slice(-cache.entryCount);
          expect(cache.usedBytes).toBeLessThanOrEqual(cache.capacityBytes);
        }
        expect(cache.entryCount).toBe(used.length);
      }),
    );
  });

  test('passes over an answer that is larger than all of it', () => {
    const cache = new ResponseCache(500, exact);
    const key = cache.keyOf({}, [tensor('a', 1)]);
    expect(cache.keep(key, response(tensor('x', ...Array<number>(600).fill(0))))).toBe(false);
    expect([cache.entryCount, cache.usedBytes]).toEqual([0, 0]);
  });
});
