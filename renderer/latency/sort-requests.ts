import type { RequestRing } from './request-ring.ts';
import type { RequestRange } from './window-summary.ts';

/** Columns of the request table that can be sorted by. */
export const SORT_KEYS = ['number', 'status', 'total', 'queue', 'compute', 'rest'] as const;

/** One of {@link SORT_KEYS}. */
export type SortKey = (typeof SORT_KEYS)[number];

/** By what the table is sorted, and which end comes first. */
export interface SortOrder {
  readonly key: SortKey;
  readonly isDescending: boolean;
}

/** The numbers of a range in the order of the table; equal values: newest first. */
export function sortRequests(ring: RequestRing, { start, end }: RequestRange, order: SortOrder): Int32Array {
  const numbers = Int32Array.from({ length: Math.max(0, end - start) }, (_, index) => end - 1 - index);
  if (order.key === 'number') return order.isDescending ? numbers : numbers.toReversed();
  const keys = Float64Array.from({ length: numbers.length }, (_, index) =>
    sortValue(ring, order.key, start + index),
  );
  const sign = order.isDescending ? -1 : 1;
  return numbers.sort((one, other) => {
    const difference = (keys[one - start] ?? 0) - (keys[other - start] ?? 0);
    return difference === 0 ? other - one : sign * difference;
  });
}

function sortValue(ring: RequestRing, key: SortKey, number: number): number {
  switch (key) {
    case 'number':
      return number;
    case 'status':
      return ring.isOk(number) ? 0 : 1;
    case 'total':
    case 'queue':
    case 'compute':
      return ring.value(key, number);
    case 'rest':
      return restOf(ring, number);
  }
}

/** What is neither queue nor compute of a request, in microseconds. */
export function restOf(ring: RequestRing, number: number): number {
  return Math.max(
    0,
    ring.value('total', number) - ring.value('queue', number) - ring.value('compute', number),
  );
}
