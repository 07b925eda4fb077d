/** How percentiles are taken here, for people. */
export const PERCENTILE_FORMULA = 'nearest rank: the ⌈p × n⌉-th smallest of the n answered requests';

/** The exact percentile (nearest rank) of values sorted upwards; `fraction` is 0.95 for p95. NaN where there are none. */
export function percentileOfSorted(sorted: ArrayLike<number>, length: number, fraction: number): number {
  if (length === 0) return NaN;
  const rank = Math.max(1, Math.ceil(fraction * length - 1e-9));
  return sorted[Math.min(rank, length) - 1] ?? NaN;
}

/** The percentiles that are shown everywhere. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Exact percentiles of values in any order; the values are left alone. */
export function percentilesOf(values: Float64Array): Percentiles {
  const sorted = values.slice().sort();
  const at = (fraction: number) => percentileOfSorted(sorted, sorted.length, fraction);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Percentiles of the newest values only, kept sorted while values come: an insertion and a removal a value. */
export class RollingPercentiles {
  readonly #window: Float64Array;
  readonly #sorted: Float64Array;
  #count = 0;
  #next = 0;

  /** @param windowLength how many of the newest values count. */
  constructor(windowLength: number) {
    this.#window = new Float64Array(windowLength);
    this.#sorted = new Float64Array(windowLength);
  }

  /** Takes one value and forgets the oldest beyond the window. */
  push(value: number): void {
    if (this.#count === this.#window.length) this.#remove(this.#window[this.#next] ?? 0);
    this.#window[this.#next] = value;
    this.#next = (this.#next + 1) % this.#window.length;
    const place = this.#placeOf(value);
    this.#sorted.copyWithin(place + 1, place, this.#count);
    this.#sorted[place] = value;
    this.#count++;
  }

  at(fraction: number): number {
    return percentileOfSorted(this.#sorted, this.#count, fraction);
  }

  #remove(value: number): void {
    const place = this.#placeOf(value);
    this.#sorted.copyWithin(place, place + 1, this.#count);
    this.#count--;
  }

  /** The first place whose value is not smaller. */
  #placeOf(value: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
