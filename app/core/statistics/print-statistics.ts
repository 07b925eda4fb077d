import type { StatisticDuration, StatisticsSnapshot } from './model-statistics.ts';

const duration = ({ count, ns }: StatisticDuration): StatisticDuration => ({ count, ns });

interface DurationsByName {
  readonly [name: string]: StatisticDuration;
}

/** One entry of `model_stats`, with the names and the order that both protocols have. */
export interface StatisticsEntry {
  readonly name: string;
  readonly version: string;
  readonly last_inference: number;
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: DurationsByName;
  readonly response_stats: Readonly<Record<string, never>>;
  readonly batch_stats: readonly {
    readonly batch_size: number;
    readonly compute_input: StatisticDuration;
    readonly compute_infer: StatisticDuration;
    readonly compute_output: StatisticDuration;
  }[];
  readonly memory_usage: readonly [];
}

/**
 * What was counted for a version, as clients get it. `response_stats` is filled by decoupled models and
 * `memory_usage` by backends that report it: none that are served here.
 */
export function describeStatistics(
  name: string,
  version: string,
  statistics: StatisticsSnapshot,
): StatisticsEntry {
  return {
    name,
    version,
    last_inference: statistics.lastInference,
    inference_count: statistics.inferenceCount,
    execution_count: statistics.executionCount,
    inference_stats: {
      success: duration(statistics.success),
      fail: duration(statistics.fail),
      queue: duration(statistics.queue),
      compute_input: duration(statistics.computeInput),
      compute_infer: duration(statistics.computeInfer),
      compute_output: duration(statistics.computeOutput),
      cache_hit: duration(statistics.cacheHit),
      cache_miss: duration(statistics.cacheMiss),
    },
    response_stats: {},
    batch_stats: statistics.batches.map(({ batchSize, computeInput, computeInfer, computeOutput }) => ({
      batch_size: batchSize,
      compute_input: duration(computeInput),
      compute_infer: duration(computeInfer),
      compute_output: duration(computeOutput),
    })),
    memory_usage: [],
  };
}

/** One entry of `model_stats` as Triton prints it (`GET …/stats`). */
export function printStatistics(name: string, version: string, statistics: StatisticsSnapshot): string {
  return JSON.stringify(describeStatistics(name, version, statistics));
}
