import { array, assert, constantFrom, property } from 'fast-check';
import { expect, test } from 'vitest';
import {
  ModelStatistics,
  type FailureReason,
  type LatencyKind,
} from '../../../../app/core/statistics/model-statistics.ts';
import { printStatistics } from '../../../../app/core/statistics/print-statistics.ts';

const TIMES = { computeInputNs: 1500, computeInferNs: 2500, computeOutputNs: 3500 };
const REQUEST = { ...TIMES, requestNs: 9999, queueNs: 999, batchSize: 2 };

const printed = (statistics: ModelStatistics) =>
  JSON.parse(printStatistics('m', '1', statistics.snapshot())) as Record<string, Record<string, unknown>>;

test('a fresh version prints every field of Triton as zero', () => {
  const zero = '{"count":0,"ns":0}';
  const kinds = ['success', 'fail', 'queue', 'compute_input', 'compute_infer', 'compute_output'];
  const stats = [...kinds, 'cache_hit', 'cache_miss'].map((kind) => `"${kind}":${zero}`).join(',');
  expect(printStatistics('m', '1', new ModelStatistics().snapshot())).toBe(
    `{"name":"m","version":"1","last_inference":0,"inference_count":0,"execution_count":0,"inference_stats":{${stats}},"response_stats":{},"batch_stats":[],"memory_usage":[]}`,
  );
});

test('each request of a batch is charged the whole execution, which counts once', () => {
  const statistics = new ModelStatistics();
  statistics.addExecution(4, TIMES, 1000);
  statistics.addSuccess(REQUEST);
  statistics.addSuccess(REQUEST);
  const { inference_stats, batch_stats, ...rest } = printed(statistics);
  expect(rest).toMatchObject({ last_inference: 1000, inference_count: 4, execution_count: 1 });
  expect(inference_stats?.['compute_infer']).toEqual({ count: 2, ns: 5000 });
  expect(batch_stats).toEqual([
    {
      batch_size: 4,
      compute_input: { count: 1, ns: 1500 },
      compute_infer: { count: 1, ns: 2500 },
      compute_output: { count: 1, ns: 3500 },
    },
  ]);
});

test('a cache hit succeeds without an inference; a miss adds its time to the request that was executed', () => {
  const statistics = new ModelStatistics();
  statistics.addExecution(2, TIMES, 1000);
  statistics.addSuccess(REQUEST);
  statistics.addCacheMiss(1000);
  statistics.addCacheHit({ requestNs: 700, queueNs: 70, lookupNs: 7 });
  const { inference_stats, ...rest } = printed(statistics);
  expect(rest).toMatchObject({ inference_count: 2, execution_count: 1 });
  expect(inference_stats).toMatchObject({
    success: { count: 2, ns: 9999 + 1000 + 700 },
    queue: { count: 2, ns: 999 + 70 },
    compute_infer: { count: 1, ns: 2500 },
    cache_hit: { count: 1, ns: 7 },
    cache_miss: { count: 1, ns: 1000 },
  });
});

test('metrics sum up whole microseconds of every single duration', () => {
  const statistics = new ModelStatistics();
  statistics.addSuccess(REQUEST);
  statistics.addSuccess(REQUEST);
  const { success, queue, computeInput } = statistics.snapshot();
  expect([success.us, queue.us, computeInput.us]).toEqual([18, 0, 2]);
});

test('an observer hears of every duration once', () => {
  const heard: [LatencyKind, number][] = [];
  const statistics = new ModelStatistics();
  statistics.observeWith({ observe: (kind, ns) => heard.push([kind, ns]) });
  statistics.addSuccess(REQUEST);
  statistics.addCacheHit({ requestNs: 700, queueNs: 70, lookupNs: 7 });
  statistics.addCacheMiss(5);
  statistics.addFailure('BACKEND', 1);
  expect(heard).toEqual([
    ['firstResponse', 9999],
    ['request', 9999],
    ['queue', 999],
    ['computeInput', 1500],
    ['computeInfer', 2500],
    ['computeOutput', 3500],
    ['firstResponse', 700],
    ['queue', 70],
    ['cacheHit', 7],
    ['cacheMiss', 5],
  ]);
});

test('whatever happens, every request is counted exactly once, by its reason where it failed', () => {
  const reasons: readonly FailureReason[] = ['REJECTED', 'CANCELED', 'BACKEND', 'OTHER'];
  assert(
    property(array(constantFrom('success', 'hit', ...reasons)), (outcomes) => {
      const statistics = new ModelStatistics();
      for (const outcome of outcomes) {
        statistics.addPending();
        statistics.removePending();
        if (outcome === 'success') statistics.addSuccess(REQUEST);
        else if (outcome === 'hit') statistics.addCacheHit({ requestNs: 1, queueNs: 1, lookupNs: 1 });
        else statistics.addFailure(outcome, 1);
      }
      const { success, fail, failures, pendingCount } = statistics.snapshot();
      expect(success.count + fail.count).toBe(outcomes.length);
      expect(pendingCount).toBe(0);
      for (const reason of reasons) {
        expect(failures[reason]).toBe(outcomes.filter((outcome) => outcome === reason).length);
      }
    }),
  );
});
