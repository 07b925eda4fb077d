import { array, assert, double, property } from 'fast-check';
import { expect, test } from 'vitest';
import { readMetricsConfig } from '../../../../app/core/metrics/metrics-config.ts';
import { SlidingQuantiles } from '../../../../app/core/metrics/sliding-quantiles.ts';

const { quantiles: TARGETS } = readMetricsConfig([]).config;

/** How far, as a fraction of all, the rank of `value` is from `quantile`; 0 where equal values cover it. */
function rankError(sorted: readonly number[], quantile: number, value: number): number {
  const first = sorted.findIndex((each) => each >= value);
  const last = sorted.findLastIndex((each) => each <= value);
  const wanted = quantile * sorted.length;
  return Math.max(0, first - wanted, wanted - (last + 1)) / sorted.length;
}

/** Quantiles whose estimate is further off than was promised. */
function brokenPromises(values: readonly number[]): number[] {
  const window = new SlidingQuantiles(TARGETS, 0);
  for (const value of values) window.observe(value, 0);
  const sorted = [...values].sort((left, right) => left - right);
  return TARGETS.filter(({ quantile, error }) => {
    const off = rankError(sorted, quantile, window.estimate(quantile, 0));
    return off > error + 1 / values.length;
  }).map(({ quantile }) => quantile);
}

test('estimates are within the stated error of the rank, for any values in any order', () => {
  const value = double({ noNaN: true, min: -1e9, max: 1e9 });
  assert(
    property(array(value, { minLength: 1, maxLength: 2000, size: 'max' }), (values) => {
      expect(brokenPromises(values)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test.each([
  ['rising', (index: number) => index],
  ['falling', (index: number) => -index],
  ['scattered', (index: number) => (index * 7919) % 10_007],
  ['all the same', () => 5],
])('estimates of 20,000 values that are %s are within the stated error', (_, valueOf) => {
  const values = Array.from({ length: 20_000 }, (__, index) => valueOf(index));
  expect(brokenPromises(values)).toEqual([]);
});

test('of two values every quantile is the smaller, as Triton answers', () => {
  const window = new SlidingQuantiles(TARGETS, 0);
  window.observe(694, 0);
  window.observe(679, 0);
  expect(TARGETS.map(({ quantile }) => window.estimate(quantile, 0))).toEqual([679, 679, 679, 679, 679]);
});

test('what is older than a minute is forgotten, and an empty window has no quantile', () => {
  const window = new SlidingQuantiles(TARGETS, 0);
  expect(window.estimate(0.5, 0)).toBeNaN();
  window.observe(1, 0);
  expect(window.estimate(0.5, 47_000)).toBe(1);
  window.observe(9, 50_000);
  expect(window.estimate(0.5, 70_000)).toBe(9);
  expect(window.estimate(0.5, 1_000_000)).toBeNaN();
});

test('quantiles are read in order; what cannot be read is said and left out', () => {
  const { config, mistakes } = readMetricsConfig(['summary_quantiles=0.5:0.05,x,0.9:y,2:0.1,0.9:0.01']);
  expect(config.quantiles).toEqual([
    { quantile: 0.5, error: 0.05 },
    { quantile: 0.9, error: 0.01 },
  ]);
  expect(mistakes).toEqual([
    "Invalid option: [x]. No ':' delimiter found. Expected format is <quantile>:<error>",
    'Invalid option: [0.9:y]. Error: stod',
    'Invalid option: [2:0.1]. Quantile and error are fractions between 0 and 1',
  ]);
});

test('other words than true and false change nothing', () => {
  const { config, mistakes } = readMetricsConfig([
    'histogram_latencies=maybe',
    'counter_latencies=no',
    'x=1',
    'y',
  ]);
  expect(config).toMatchObject({ hasCounters: true, hasHistograms: false, hasSummaries: false });
  expect(mistakes).toEqual([]);
});
