import { percentilesOf, type Percentiles } from './percentile.ts';
import type { RequestRing } from './request-ring.ts';

/** The windows that can be chosen, each in milliseconds. */
export const LATENCY_WINDOWS = {
  '1 min': 60_000,
  '5 min': 300_000,
  All: Infinity,
} as const;

/** A key of {@link LATENCY_WINDOWS}. */
export type LatencyWindow = keyof typeof LATENCY_WINDOWS;

/** Which requests a window holds, by their numbers in the ring. */
export interface RequestRange {
  readonly start: number;
  readonly end: number;
}

/** The figures above the chart, exact over one window. */
export interface WindowSummary extends Percentiles {
  readonly answered: number;
  readonly failed: number;
  /** Requests a second between the first and the last of the window; null with fewer than two. */
  readonly perSecond: number | null;
  /** Whose clock measured them. */
  readonly clock: 'server' | 'client' | 'server and client';
}

/** The requests of the last `window` before `now`, up to the number `end`. */
export function rangeOf(ring: RequestRing, end: number, window: LatencyWindow, now: number): RequestRange {
  const length = LATENCY_WINDOWS[window];
  const start = Number.isFinite(length) ? ring.firstSince(now - length) : ring.first;
  return { start: Math.min(start, end), end };
}

/** Sums up a range. Percentiles are of answered requests only: how long a refusal took says nothing of the model. */
export function summarize(ring: RequestRing, { start, end }: RequestRange): WindowSummary {
  const totals = new Float64Array(Math.max(0, end - start));
  let answered = 0;
  let clientClock = 0;
  for (let number = start; number < end; number++) {
    if (ring.label(number)?.clock === 'client') clientClock++;
    if (ring.isOk(number)) totals[answered++] = ring.value('total', number);
  }
  const count = end - start;
  const seconds = count < 2 ? 0 : (ring.value('at', end - 1) - ring.value('at', start)) / 1000;
  return {
    ...percentilesOf(totals.subarray(0, answered)),
    answered,
    failed: count - answered,
    perSecond: seconds > 0 ? (count - 1) / seconds : null,
    clock: clientClock === 0 ? 'server' : clientClock === count ? 'client' : 'server and client',
  };
}

const SHORTEST_SPAN = 15_000;

/**
 * Left and right end of the time axis in epoch milliseconds. A window that has not filled yet is drawn only as long as
 * there are requests, but never shorter than 15 s.
 */
export function endsOf(
  ring: RequestRing,
  { start, end }: RequestRange,
  window: LatencyWindow,
  now: number,
): readonly [number, number] {
  const isEmpty = start >= end;
  const oldest = isEmpty ? now : ring.value('at', start);
  const right = isEmpty
    ? now
    : LATENCY_WINDOWS[window] === Infinity
      ? ring.value('at', end - 1)
      : Math.max(now, ring.value('at', end - 1));
  const span = Math.max(SHORTEST_SPAN, Math.min(LATENCY_WINDOWS[window], (right - oldest) * 1.02));
  return [right - span, right + span * 0.02];
}
