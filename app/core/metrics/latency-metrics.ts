import type { ModelConfig } from '../model-config/model-config.ts';
import type { LatencyKind, LatencyObserver } from '../statistics/model-statistics.ts';
import type { HistogramValue, SummaryValue } from './metric-text.ts';
import type { MetricsConfig } from './metrics-config.ts';
import { SlidingQuantiles, type SummaryQuantile } from './sliding-quantiles.ts';

/** The histogram of the time to the first response. */
export const FIRST_RESPONSE_HISTOGRAM = 'nv_inference_first_response_histogram_ms';
const DEFAULT_BUCKETS = [100, 500, 2000, 5000];

/** Upper bounds of a model's histogram in milliseconds: `model_metrics` of its config, or Triton's own. */
export function histogramBounds(config: ModelConfig): readonly number[] {
  const control = config.model_metrics?.metric_control?.find(
    ({ metric_identifier }) => metric_identifier?.family === FIRST_RESPONSE_HISTOGRAM,
  );
  const own = control?.histogram_options?.buckets ?? [];
  const isRising = own.every((bound, index) => bound > (own[index - 1] ?? Number.NEGATIVE_INFINITY));
  return own.length > 0 && isRising ? own : DEFAULT_BUCKETS;
}

/** Triton's warnings of `model_metrics` for families that cannot be changed. */
export function unknownMetricFamilies({ model_metrics }: ModelConfig): readonly string[] {
  return (model_metrics?.metric_control ?? []).flatMap(({ metric_identifier }) => {
    const family = metric_identifier?.family ?? '';
    return family === FIRST_RESPONSE_HISTOGRAM
      ? []
      : [`Metric family '${family}' in 'metric_identifier' is not a customizable metric in Triton core.`];
  });
}

class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#count += 1;
    this.#sum += value;
    for (const [index, bound] of this.#bounds.entries()) {
      if (value <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    }
  }

  value(): HistogramValue {
    return {
      kind: 'histogram',
      count: this.#count,
      sum: this.#sum,
      bounds: this.#bounds,
      counts: [...this.#counts],
    };
  }
}

class Summary {
  readonly #targets: readonly SummaryQuantile[];
  readonly #window: SlidingQuantiles;
  #count = 0;
  #sum = 0;

  constructor(targets: readonly SummaryQuantile[], now: number) {
    this.#targets = targets;
    this.#window = new SlidingQuantiles(targets, now);
  }

  observe(value: number, now: number): void {
    this.#count += 1;
    this.#sum += value;
    this.#window.observe(value, now);
  }

  value(now: number): SummaryValue {
    const estimates = this.#targets.map(
      (target) => [target, this.#window.estimate(target.quantile, now)] as const,
    );
    return { kind: 'summary', count: this.#count, sum: this.#sum, quantiles: estimates };
  }
}

/** Durations of which there is a summary. */
export type SummarisedKind = Exclude<LatencyKind, 'firstResponse'>;

function isSummarised(kind: LatencyKind): kind is SummarisedKind {
  return kind !== 'firstResponse';
}

/**
 * The histogram and the summaries of one model version. They take whole milliseconds and whole microseconds of each
 * duration, as Triton's do. `now` gives milliseconds of a clock that does not go back.
 */
export class LatencyMetrics implements LatencyObserver {
  readonly #now: () => number;
  readonly #firstResponse: Histogram | null;
  readonly #summaries: Readonly<Record<SummarisedKind, Summary>> | null;

  constructor(config: MetricsConfig, bounds: readonly number[], now: () => number) {
    this.#now = now;
    this.#firstResponse = config.hasHistograms ? new Histogram(bounds) : null;
    const summary = (): Summary => new Summary(config.quantiles, now());
    this.#summaries = config.hasSummaries
      ? {
          request: summary(),
          queue: summary(),
          computeInput: summary(),
          computeInfer: summary(),
          computeOutput: summary(),
          cacheHit: summary(),
          cacheMiss: summary(),
        }
      : null;
  }

  observe(kind: LatencyKind, ns: number): void {
    if (isSummarised(kind)) this.#summaries?.[kind].observe(Math.floor(ns / 1e3), this.#now());
    else this.#firstResponse?.observe(Math.floor(ns / 1e6));
  }

  /** Null: histograms were not asked for. */
  firstResponse(): HistogramValue | null {
    return this.#firstResponse?.value() ?? null;
  }

  /** Null: summaries were not asked for. */
  summary(kind: SummarisedKind): SummaryValue | null {
    return this.#summaries?.[kind].value(this.#now()) ?? null;
  }
}
