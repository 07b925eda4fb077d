import type { StatisticDuration, StatisticsSnapshot } from './model-statistics.ts';

const duration = ({ count, ns }: StatisticDuration): StatisticDuration => ({ count, ns });

/**
 * One entry of `model_stats` as Triton prints it (`GET …/stats`). `response_stats` is filled by decoupled models and
 * `memory_usage` by backends that report it: none that are served here.
 */
export function printStatistics(name: string, version: string, statistics: StatisticsSnapshot): string {
  return JSON.stringify({
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
  });
}
