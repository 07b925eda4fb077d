/** A quantile to estimate (0 to 1), and how far the rank of the estimate may be off, as a fraction of all. */
export interface SummaryQuantile {
  readonly quantile: number;
  readonly error: number;
}

/** Observations that are merged at once. */
const BUFFER_SIZE = 500;

interface Sample {
  readonly value: number;
  /** How many observations it stands for: those above the sample before, itself included. */
  readonly width: number;
  /** How far its rank may be above what the widths sum up to. */
  readonly slack: number;
}

/**
 * Estimates of targeted quantiles in little memory: Cormode, Korn, Muthukrishnan and Srivastava, "Effective Computation
 * of Biased Quantiles over Data Streams" (2005), which Triton's summaries use (prometheus-cpp).
 */
class QuantileEstimator {
  readonly #targets: readonly SummaryQuantile[];
  readonly #buffer: number[] = [];
  #samples: readonly Sample[] = [];
  #count = 0;

  constructor(targets: readonly SummaryQuantile[]) {
    this.#targets = targets;
  }

  insert(value: number): void {
    this.#buffer.push(value);
    if (this.#buffer.length >= BUFFER_SIZE) this.#settle();
  }

  estimate(quantile: number): number {
    this.#settle();
    const wanted = Math.floor(quantile * this.#count);
    const bound = wanted + this.#allowedError(wanted) / 2;
    let rank = 0;
    let before: Sample | null = null;
    for (const sample of this.#samples) {
      if (before && rank + sample.width + sample.slack > bound) return before.value;
      rank += sample.width;
      before = sample;
    }
    return before?.value ?? Number.NaN;
  }

  /** How many ranks an estimate near `rank` may be off. */
  #allowedError(rank: number): number {
    const errors = this.#targets.map(({ quantile, error }) => {
      const distance = rank <= quantile * this.#count ? this.#count - rank : rank;
      const scale = rank <= quantile * this.#count ? 1 - quantile : quantile;
      return (2 * error * distance) / Math.max(scale, Number.EPSILON);
    });
    return Math.min(this.#count, ...errors);
  }

  #settle(): void {
    if (this.#buffer.length === 0) return;
    const values = this.#buffer.splice(0).sort((left, right) => left - right);
    this.#count += values.length;
    this.#samples = this.#compress(this.#merge(values));
  }

  /** Samples and new values are both sorted: one walk puts each value in front of the first larger sample. */
  #merge(values: readonly number[]): Sample[] {
    const old = this.#samples;
    const merged: Sample[] = [];
    let at = 0;
    let rank = 0;
    for (const value of values) {
      for (let next = old[at]; next !== undefined && next.value <= value; next = old[at]) {
        merged.push(next);
        rank += next.width;
        at += 1;
      }
      const isEnd = merged.length === 0 || at === old.length;
      const slack = isEnd ? 0 : Math.max(0, Math.floor(this.#allowedError(rank)) - 1);
      merged.push({ value, width: 1, slack });
      rank += 1;
    }
    return [...merged, ...old.slice(at)];
  }

  /** Merges neighbours as far as the allowed error lets them, so that memory stays small; the least value stays. */
  #compress(samples: readonly Sample[]): Sample[] {
    const kept: Sample[] = [];
    let rank = 0;
    for (const sample of samples) {
      const before = kept.at(-1);
      const width = before ? before.width + sample.width : 0;
      if (before && kept.length > 1 && width + sample.slack <= this.#allowedError(rank)) {
        kept.pop();
        kept.push({ ...sample, width });
      } else kept.push(sample);
      rank += sample.width;
    }
    return kept;
  }
}

const WINDOW_MILLISECONDS = 60_000;
const WINDOW_PARTS = 5;
const PART_MILLISECONDS = WINDOW_MILLISECONDS / WINDOW_PARTS;

/**
 * Quantiles of what was observed in the last minute (to within 12 s), as Triton's summaries estimate them. Times are
 * milliseconds of any one clock that does not go back.
 */
export class SlidingQuantiles {
  readonly #targets: readonly SummaryQuantile[];
  /** The first covers the longest time; each next one was started a part of the window later. */
  readonly #estimators: QuantileEstimator[];
  #rotatedAt: number;

  constructor(targets: readonly SummaryQuantile[], now: number) {
    this.#targets = targets;
    this.#estimators = Array.from({ length: WINDOW_PARTS }, () => new QuantileEstimator(targets));
    this.#rotatedAt = now;
  }

  /** Notes one observation. */
  observe(value: number, now: number): void {
    this.#rotate(now);
    for (const estimator of this.#estimators) estimator.insert(value);
  }

  /** The estimate for a quantile; NaN if nothing was observed in the window. */
  estimate(quantile: number, now: number): number {
    this.#rotate(now);
    return this.#estimators[0]?.estimate(quantile) ?? Number.NaN;
  }

  #rotate(now: number): void {
    const due = Math.floor((now - this.#rotatedAt) / PART_MILLISECONDS);
    for (let index = 0; index < Math.min(due, WINDOW_PARTS); index += 1) {
      this.#estimators.shift();
      this.#estimators.push(new QuantileEstimator(this.#targets));
    }
    if (due > 0) this.#rotatedAt += due * PART_MILLISECONDS;
  }
}
