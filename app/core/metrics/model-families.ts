import type { FailureReason, StatisticsSnapshot } from '../statistics/model-statistics.ts';
import { FIRST_RESPONSE_HISTOGRAM, type LatencyMetrics, type SummarisedKind } from './latency-metrics.ts';
import type { Labels, MetricFamily, Series } from './metric-text.ts';
import type { MetricsConfig } from './metrics-config.ts';

/** What the metrics know of one model version that is loaded. */
export interface MeasuredModel {
  /** `model`, `version` and the tags of its config. */
  readonly labels: Labels;
  /** `response_cache` is on: it has the cache families. */
  readonly hasCache: boolean;
  readonly loadSeconds: number;
  readonly statistics: StatisticsSnapshot;
  readonly latencies: LatencyMetrics | null;
}

/** In the order in which Triton prints them. */
const FAILURE_REASONS = ['OTHER', 'BACKEND', 'CANCELED', 'REJECTED'] as const satisfies FailureReason[];

interface ModelFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Latency counters go with `counter_latencies`, cache counters belong to models with a response cache. */
  readonly group: 'always' | 'latency' | 'cache';
  readonly value: (model: MeasuredModel) => number;
}

/** Help texts and order are Triton's (`metrics.cc`). */
const COUNTERS: readonly ModelFamily[] = [
  {
    name: 'nv_inference_request_success',
    type: 'counter',
    help: 'Number of successful inference requests, all batch sizes',
    group: 'always',
    value: ({ statistics }) => statistics.success.count,
  },
  {
    name: 'nv_inference_count',
    type: 'counter',
    help: 'Number of inferences performed (does not include cached requests)',
    group: 'always',
    value: ({ statistics }) => statistics.inferenceCount,
  },
  {
    name: 'nv_inference_exec_count',
    type: 'counter',
    help: 'Number of model executions performed (does not include cached requests)',
    group: 'always',
    value: ({ statistics }) => statistics.executionCount,
  },
  {
    name: 'nv_inference_request_duration_us',
    type: 'counter',
    help: 'Cumulative inference request duration in microseconds (includes cached requests)',
    group: 'latency',
    value: ({ statistics }) => statistics.success.us,
  },
  {
    name: 'nv_inference_queue_duration_us',
    type: 'counter',
    help: 'Cumulative inference queuing duration in microseconds (includes cached requests)',
    group: 'latency',
    value: ({ statistics }) => statistics.queue.us,
  },
  {
    name: 'nv_inference_compute_input_duration_us',
    type: 'counter',
    help: 'Cumulative compute input duration in microseconds (does not include cached requests)',
    group: 'latency',
    value: ({ statistics }) => statistics.computeInput.us,
  },
  {
    name: 'nv_inference_compute_infer_duration_us',
    type: 'counter',
    help: 'Cumulative compute inference duration in microseconds (does not include cached requests)',
    group: 'latency',
    value: ({ statistics }) => statistics.computeInfer.us,
  },
  {
    name: 'nv_inference_compute_output_duration_us',
    type: 'counter',
    help: 'Cumulative inference compute output duration in microseconds (does not include cached requests)',
    group: 'latency',
    value: ({ statistics }) => statistics.computeOutput.us,
  },
  {
    name: 'nv_cache_num_hits_per_model',
    type: 'counter',
    help: 'Number of cache hits per model',
    group: 'cache',
    value: ({ statistics }) => statistics.cacheHit.count,
  },
  {
    name: 'nv_cache_hit_duration_per_model',
    type: 'counter',
    help: 'Total cache hit duration per model, in microseconds',
    group: 'cache',
    value: ({ statistics }) => statistics.cacheHit.us,
  },
  {
    name: 'nv_cache_num_misses_per_model',
    type: 'counter',
    help: 'Number of cache misses per model',
    group: 'cache',
    value: ({ statistics }) => statistics.cacheMiss.count,
  },
  {
    name: 'nv_cache_miss_duration_per_model',
    type: 'counter',
    help: 'Total cache miss (insert+lookup) duration per model, in microseconds',
    group: 'cache',
    value: ({ statistics }) => statistics.cacheMiss.us,
  },
];

const GAUGES: readonly ModelFamily[] = [
  {
    name: 'nv_inference_pending_request_count',
    type: 'gauge',
    help: 'Instantaneous number of pending requests awaiting execution per-model.',
    group: 'always',
    value: ({ statistics }) => statistics.pendingCount,
  },
  {
    name: 'nv_model_load_duration_secs',
    type: 'gauge',
    help: 'Model load time in seconds',
    group: 'always',
    value: ({ loadSeconds }) => loadSeconds,
  },
];

interface SummaryFamily {
  readonly name: string;
  readonly help: string;
  readonly kind: SummarisedKind;
  /** Of which models: with a response cache, without, or all. */
  readonly of: 'cached' | 'uncached' | 'all';
}

const SUMMARIES: readonly SummaryFamily[] = [
  {
    name: 'nv_inference_request_summary_us',
    help: 'Summary of inference request duration in microseconds (includes cached requests)',
    kind: 'request',
    of: 'uncached',
  },
  {
    name: 'nv_inference_queue_summary_us',
    help: 'Summary of inference queuing duration in microseconds (includes cached requests)',
    kind: 'queue',
    of: 'all',
  },
  {
    name: 'nv_inference_compute_input_summary_us',
    help: 'Cumulative compute input duration in microseconds (does not include cached requests)',
    kind: 'computeInput',
    of: 'all',
  },
  {
    name: 'nv_inference_compute_infer_summary_us',
    help: 'Cumulative compute inference duration in microseconds (does not include cached requests)',
    kind: 'computeInfer',
    of: 'all',
  },
  {
    name: 'nv_inference_compute_output_summary_us',
    help: 'Cumulative inference compute output duration in microseconds (does not include cached requests)',
    kind: 'computeOutput',
    of: 'all',
  },
  {
    name: 'nv_cache_hit_summary_per_model',
    help: 'Summary of cache hit counts/durations per model, in microseconds.',
    kind: 'cacheHit',
    of: 'cached',
  },
  {
    name: 'nv_cache_miss_summary_per_model',
    help: 'Summary of cache miss counts/durations per model, in microseconds.',
    kind: 'cacheMiss',
    of: 'cached',
  },
];

function isPresent({ group }: ModelFamily, model: MeasuredModel, { hasCounters }: MetricsConfig): boolean {
  if (group === 'always') return true;
  return hasCounters && (group === 'latency' || model.hasCache);
}

function family(spec: ModelFamily, models: readonly MeasuredModel[], config: MetricsConfig): MetricFamily {
  // Without counter_latencies Triton counts nothing at all: the counters stay, at 0.
  const isCounted = spec.type === 'gauge' || config.hasCounters;
  return {
    name: spec.name,
    type: spec.type,
    help: spec.help,
    series: models
      .filter((model) => isPresent(spec, model, config))
      .map((model) => ({ labels: model.labels, value: isCounted ? spec.value(model) : 0 })),
  };
}

function failureFamily(models: readonly MeasuredModel[], { hasCounters }: MetricsConfig): MetricFamily {
  return {
    name: 'nv_inference_request_failure',
    type: 'counter',
    help: 'Number of failed inference requests, all batch sizes',
    series: models.flatMap(({ labels, statistics }) =>
      FAILURE_REASONS.map((reason) => ({
        labels: { ...labels, reason },
        value: hasCounters ? statistics.failures[reason] : 0,
      })),
    ),
  };
}

function histogramFamily(models: readonly MeasuredModel[]): MetricFamily {
  return {
    name: FIRST_RESPONSE_HISTOGRAM,
    type: 'histogram',
    help: 'Duration from request to first response in milliseconds',
    series: models.flatMap(({ labels, latencies }): Series[] => {
      const value = latencies?.firstResponse() ?? null;
      return value === null ? [] : [{ labels, value }];
    }),
  };
}

function summaryFamily(spec: SummaryFamily, models: readonly MeasuredModel[]): MetricFamily {
  const isMeant = ({ hasCache }: MeasuredModel): boolean =>
    spec.of === 'all' || hasCache === (spec.of === 'cached');
  return {
    name: spec.name,
    type: 'summary',
    help: spec.help,
    series: models.filter(isMeant).flatMap(({ labels, latencies }): Series[] => {
      const value = latencies?.summary(spec.kind) ?? null;
      return value === null ? [] : [{ labels, value }];
    }),
  };
}

/** The families of the models, in Triton's order by kind: counters, gauges, then histograms and summaries. */
export function modelFamilies(
  models: readonly MeasuredModel[],
  config: MetricsConfig,
): {
  readonly counters: readonly MetricFamily[];
  readonly gauges: readonly MetricFamily[];
  readonly latencies: readonly MetricFamily[];
} {
  const of = (spec: ModelFamily): MetricFamily => family(spec, models, config);
  const [success, ...others] = COUNTERS.map(of);
  return {
    counters: [...(success ? [success] : []), failureFamily(models, config), ...others],
    gauges: GAUGES.map(of),
    latencies: [histogramFamily(models), ...SUMMARIES.map((spec) => summaryFamily(spec, models))],
  };
}
