import { array, assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chartColumns, dotsOf, splitColumns } from '../../../../renderer/latency/chart-points.ts';
import {
  percentileOfSorted,
  percentilesOf,
  RollingPercentiles,
} from '../../../../renderer/latency/percentile.ts';
import { RequestRing, type RingRequest } from '../../../../renderer/latency/request-ring.ts';
import { requestsCsv } from '../../../../renderer/latency/requests-csv.ts';
import { sortRequests } from '../../../../renderer/latency/sort-requests.ts';
import { endsOf, rangeOf, summarize } from '../../../../renderer/latency/window-summary.ts';

const LABEL: RingRequest['label'] = {
  requestId: '',
  version: '1',
  httpStatus: 200,
  batchSize: 1,
  requestBytes: 10,
  responseBytes: 20,
  inputs: 'x [1] FP32',
  clock: 'server',
};

function ringOf(
  totals: readonly number[],
  change: (index: number) => Partial<RingRequest> = () => ({}),
  capacity = 1000,
) {
  const ring = new RequestRing(capacity);
  for (const [index, total] of totals.entries()) {
    ring.push({ at: index * 1000, isOk: true, total, queue: 1, compute: 2, label: LABEL, ...change(index) });
  }
  return ring;
}

const all = (ring: RequestRing) => ({ start: ring.first, end: ring.end });

describe('percentiles', () => {
  test('are by nearest rank', () => {
    const sorted = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([0.5, 0.95, 0.99, 1].map((fraction) => percentileOfSorted(sorted, 100, fraction))).toEqual([
      50, 95, 99, 100,
    ]);
    expect(percentileOfSorted([7], 1, 0.01)).toBe(7);
    expect(percentileOfSorted([], 0, 0.5)).toBeNaN();
    expect(percentilesOf(Float64Array.of(3, 1, 2))).toEqual({ p50: 2, p95: 3, p99: 3 });
  });

  test('that roll are those of the newest values at every moment', () => {
    assert(
      property(array(integer({ min: 0, max: 20 }), { maxLength: 60 }), (values) => {
        const rolling = new RollingPercentiles(7);
        for (const [index, value] of values.entries()) {
          rolling.push(value);
          const newest = Float64Array.from(values.slice(Math.max(0, index - 6), index + 1));
          expect({ p50: rolling.at(0.5), p95: rolling.at(0.95), p99: rolling.at(0.99) }).toEqual(
            percentilesOf(newest),
          );
        }
      }),
    );
  });
});

describe('the ring of requests', () => {
  test('keeps the newest and their numbers', () => {
    const ring = ringOf(
      Array.from({ length: 2500 }, (_, index) => index),
      () => ({}),
      2000,
    );
    expect(all(ring)).toEqual({ start: 500, end: 2500 });
    expect([ring.value('total', 500), ring.value('total', 2499)]).toEqual([500, 2499]);
    expect(ring.label(499)).toBeUndefined();
    expect(ring.label(2499)).toBe(LABEL);
  });

  test('finds the first request since a moment', () => {
    const ring = ringOf([1, 1, 1, 1]);
    expect([-1, 0, 1, 2500, 9999].map((moment) => ring.firstSince(moment))).toEqual([0, 0, 1, 3, 4]);
  });

  test('does not count failed requests in its percentiles', () => {
    const ring = ringOf([10, 9000, 30], (index) => ({ isOk: index !== 1 }));
    expect(ring.value('p99', 1)).toBe(10);
    expect(ring.value('p99', 2)).toBe(30);
  });
});

describe('the figures of a window', () => {
  test('count, rate and percentiles are of the window alone', () => {
    const ring = ringOf(
      Array.from({ length: 121 }, (_, index) => index),
      (index) => ({ isOk: index !== 100 }),
    );
    const range = rangeOf(ring, ring.end, '1 min', 120_000);
    expect(range).toEqual({ start: 60, end: 121 });
    expect(summarize(ring, range)).toEqual({
      answered: 60,
      failed: 1,
      perSecond: 1,
      p50: 89,
      p95: 117,
      p99: 120,
      clock: 'server',
    });
  });

  test('say nothing where there is nothing', () => {
    const ring = ringOf([]);
    expect(summarize(ring, all(ring))).toMatchObject({ answered: 0, perSecond: null, p50: NaN });
  });
});

describe('the time axis', () => {
  test('is as long as its window once that is full', () => {
    const ring = ringOf(Array.from({ length: 400 }, () => 1));
    const [left, right] = endsOf(ring, rangeOf(ring, ring.end, '1 min', 399_000), '1 min', 399_000);
    expect([left, right]).toEqual([339_000, 400_200]);
  });

  test('is no longer than there are requests, and never shorter than 15 s', () => {
    const ring = ringOf([1, 1]);
    expect(endsOf(ring, all(ring), '5 min', 2000)).toEqual([-13_000, 2300]);
    expect(endsOf(ring, { start: 0, end: 0 }, 'All', 20_000)).toEqual([5000, 20_300]);
  });
});

describe('the chart', () => {
  test('draws every request while there are few', () => {
    const ring = ringOf([1000, 2000], (index) => ({ isOk: index === 0 }));
    const [x, answered, failed, p50] = chartColumns(ring, dotsOf(ring, all(ring)));
    expect([x, answered, failed, p50]).toEqual([
      [0, 1],
      [1, null],
      [null, 2],
      [1, 1],
    ]);
  });

  test('of many keeps the extremes and every failure', () => {
    const totals = Array.from({ length: 900 }, (_, index) => (index === 450 ? 9999 : 100 + (index % 7)));
    const ring = ringOf(totals, (index) => ({ isOk: index !== 700 }));
    const dots = dotsOf(ring, all(ring), 90);
    expect(dots.length).toBeLessThanOrEqual(92);
    expect([...dots]).toEqual([...dots].sort((one, other) => one - other));
    expect(dots).toContain(450);
    expect(dots).toContain(700);
  });

  test('of the split stacks rest on compute on queue', () => {
    const ring = ringOf([5000], () => ({ queue: 1000, compute: 3000 }));
    expect(splitColumns(ring, all(ring), 40)).toEqual([[0], [5], [4], [1]]);
  });
});

test('the table is sorted by any column, equal ones newest first', () => {
  const ring = ringOf([5, 9, 5], (index) => ({ isOk: index !== 2, queue: 0, compute: index }));
  const sorted = (key: 'number' | 'total' | 'status' | 'rest', isDescending: boolean) => [
    ...sortRequests(ring, all(ring), { key, isDescending }),
  ];
  expect(sorted('number', true)).toEqual([2, 1, 0]);
  expect(sorted('total', false)).toEqual([2, 0, 1]);
  expect(sorted('status', true)).toEqual([2, 1, 0]);
  expect(sorted('rest', true)).toEqual([1, 0, 2]);
});

test('CSV has one line a request, quotes what must be quoted and holds no formula', () => {
  const ring = ringOf([5], () => ({
    isOk: false,
    label: { ...LABEL, requestId: '=1+1', error: 'a "b", c' },
  }));
  const [header, line] = requestsCsv(ring, all(ring)).split('\r\n');
  expect(header?.split(',')).toHaveLength(16);
  expect(line).toBe(
    `1,1970-01-01T00:00:00.000Z,false,200,5,1,2,2,server,1,10,20,1,'=1+1,"a ""b"", c",x [1] FP32`,
  );
});
