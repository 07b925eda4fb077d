import type { RequestRing } from './request-ring.ts';
import type { RequestRange } from './window-summary.ts';

/** More dots than this are thinned out; a screen has no more to show. */
export const MAX_DOTS = 10_000;

/**
 * The requests of a range that are drawn as dots: all of them up to `most`; beyond that, of each run of neighbours the
 * first, the fastest and the slowest, and every failed one. Upwards by number.
 */
export function dotsOf(ring: RequestRing, range: RequestRange, most = MAX_DOTS): Int32Array {
  const count = range.end - range.start;
  if (count <= most)
    return Int32Array.from({ length: Math.max(0, count) }, (_, index) => range.start + index);
  const run = Math.ceil((count * 3) / most);
  const dots: number[] = [];
  for (let start = range.start; start < range.end; start += run) {
    const end = Math.min(start + run, range.end);
    let fastest = start;
    let slowest = start;
    for (let number = start; number < end; number++) {
      if (ring.value('total', number) < ring.value('total', fastest)) fastest = number;
      if (ring.value('total', number) > ring.value('total', slowest)) slowest = number;
    }
    for (let number = start; number < end; number++) {
      if (number === start || number === fastest || number === slowest || !ring.isOk(number))
        dots.push(number);
    }
  }
  return Int32Array.from(dots);
}

/** The columns of the chart: x in seconds, then answered and failed dots and three lines in milliseconds; null is a gap. */
export type ChartColumns = [number[], ...(number | null)[][]];

/** Fills the columns of the dots chart. */
export function chartColumns(ring: RequestRing, dots: Int32Array): ChartColumns {
  const x: number[] = [];
  const answered: (number | null)[] = [];
  const failed: (number | null)[] = [];
  const p50: (number | null)[] = [];
  const p95: (number | null)[] = [];
  const p99: (number | null)[] = [];
  for (const number of dots) {
    const total = ring.value('total', number) / 1000;
    const isOk = ring.isOk(number);
    x.push(ring.value('at', number) / 1000);
    answered.push(isOk ? total : null);
    failed.push(isOk ? null : total);
    p50.push(milliseconds(ring.value('p50', number)));
    p95.push(milliseconds(ring.value('p95', number)));
    p99.push(milliseconds(ring.value('p99', number)));
  }
  return [x, answered, failed, p50, p95, p99];
}

/**
 * The columns of the split chart over the newest `most` requests of a range, in milliseconds, stacked: rest on compute
 * on queue, so that the tallest column is the total.
 */
export function splitColumns(ring: RequestRing, range: RequestRange, most: number): ChartColumns {
  const x: number[] = [];
  const total: number[] = [];
  const computed: number[] = [];
  const queued: number[] = [];
  for (let number = Math.max(range.start, range.end - most); number < range.end; number++) {
    const queue = ring.value('queue', number);
    const compute = ring.value('compute', number);
    x.push(number);
    queued.push(queue / 1000);
    computed.push((queue + compute) / 1000);
    total.push(Math.max(ring.value('total', number), queue + compute) / 1000);
  }
  return [x, total, computed, queued];
}

function milliseconds(microseconds: number): number | null {
  return Number.isNaN(microseconds) ? null : microseconds / 1000;
}
