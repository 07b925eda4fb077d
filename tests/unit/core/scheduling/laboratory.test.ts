import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ModelConfig } from '../../../../app/core/model-config/model-config.ts';
import { batcherPolicy } from '../../../../app/core/scheduling/dynamic-batcher.ts';
import { poissonArrivals } from '../../../../app/core/scheduling/laboratory/poisson-arrivals.ts';
import {
  simulateSchedule,
  type SimulatedModel,
  type SimulatedRequest,
  type SimulatedSchedule,
} from '../../../../app/core/scheduling/laboratory/simulate-schedule.ts';
import { summarizeSchedule } from '../../../../app/core/scheduling/laboratory/summarize-schedule.ts';

type DynamicBatching = NonNullable<ModelConfig['dynamic_batching']>;

function modelOf(
  dynamicBatching: DynamicBatching | undefined,
  options: { max?: number; hold?: number; instances?: number; compute?: number } = {},
): SimulatedModel {
  const { max = 8, hold = 0, instances = 1, compute = 30 } = options;
  const config: ModelConfig = {
    max_batch_size: max,
    ...(dynamicBatching ? { dynamic_batching: dynamicBatching } : {}),
  };
  return {
    policy: batcherPolicy(config, hold),
    instanceCount: instances,
    preservesOrdering: dynamicBatching?.preserve_ordering ?? false,
    computeMilliseconds: () => compute,
    ingestMilliseconds: 0,
    answerMilliseconds: 0,
  };
}

/** Requests as the recordings sent them: one behind the other, `gap` milliseconds apart. */
function spaced(
  requests: readonly Partial<SimulatedRequest>[],
  gap = 20,
): { kind: 'open'; requests: SimulatedRequest[] } {
  return {
    kind: 'open',
    requests: requests.map((request, index) => ({ rows: 1, ...request, at: index * gap })),
  };
}

const rowsOf = ({ executions }: SimulatedSchedule): number[] => executions.map(({ rows }) => rows);
const ones = (count: number): { rows: number }[] => Array.from({ length: count }, () => ({ rows: 1 }));
const sizes = (...rows: number[]): { rows: number }[] => rows.map((each) => ({ rows: each }));
const DELAY = { max_queue_delay_microseconds: 300_000 };

// What a real Triton did with the same requests, held back until all were queued.
test.each<[string, DynamicBatching, { rows: number }[], number[]]>([
  ['all that wait fit', {}, ones(8), [8]],
  ['more than fit', {}, ones(12), [8, 4]],
  ['rows are never split', {}, sizes(1, 2, 3, 4, 5), [6, 4, 5]],
  ['nor reordered', {}, sizes(5, 4, 3, 2, 1), [5, 7, 3]],
  ['full ones', {}, sizes(8, 8), [8, 8]],
  ['a preferred size', { preferred_batch_size: [4] }, ones(8), [4, 4]],
  ['a preferred size and a rest', { preferred_batch_size: [4] }, ones(6), [4, 2]],
  ['a rest that waits', { preferred_batch_size: [4], ...DELAY }, ones(6), [4, 2]],
  ['the largest preferred size', { preferred_batch_size: [3, 6], ...DELAY }, ones(8), [6, 2]],
  ['no preferred size can be reached', { preferred_batch_size: [4], ...DELAY }, sizes(3, 3), [3, 3]],
  ['below the preferred size', { preferred_batch_size: [4], ...DELAY }, sizes(1, 2, 3), [3, 3]],
  ['a batch that waits keeps growing', { preferred_batch_size: [4], ...DELAY }, sizes(3, 2, 1, 1, 1), [3, 5]],
  ['fewer than the largest', DELAY, ones(3), [3]],
  ['one more than the largest', DELAY, ones(9), [8, 1]],
])('batches form as in Triton: %s', (_, batching, requests, expected) => {
  const schedule = simulateSchedule(modelOf(batching, { hold: requests.length }), spaced(requests));
  expect(rowsOf(schedule)).toEqual(expected);
});

test('without dynamic batching every request runs alone', () => {
  expect(rowsOf(simulateSchedule(modelOf(undefined), spaced(sizes(1, 2, 3), 0)))).toEqual([1, 2, 3]);
});

test('a request that waits for company waits no longer than the queue delay', () => {
  const { outcomes } = simulateSchedule(modelOf(DELAY), spaced(ones(1)));
  expect(outcomes[0]?.startedAt).toBe(300);
});

test('a higher priority runs first; none, or one that does not exist, is the default', () => {
  const model = modelOf({ priority_levels: 3, default_priority_level: 2 }, { max: 1, hold: 5 });
  const { outcomes } = simulateSchedule(
    model,
    spaced([{ priority: 3 }, {}, { priority: 1 }, { priority: 0 }, { priority: 9 }]),
  );
  const order = outcomes.map((_, index) => index);
  order.sort((left, right) => (outcomes[left]?.answeredAt ?? 0) - (outcomes[right]?.answeredAt ?? 0));
  expect(order).toEqual([2, 1, 3, 4, 0]);
});

test('a batch mixes priority levels', () => {
  const model = modelOf({ priority_levels: 2, default_priority_level: 2 }, { max: 4, hold: 4 });
  const requests = [{ priority: 2 }, { priority: 1 }, { priority: 2 }, { priority: 1 }];
  expect(rowsOf(simulateSchedule(model, spaced(requests)))).toEqual([4]);
});

test('a full queue refuses, and only the level whose policy says so', () => {
  const limited = modelOf({ default_queue_policy: { max_queue_size: 2 } }, { max: 1, compute: 400 });
  const outcomes = (schedule: SimulatedSchedule): string[] => schedule.outcomes.map(({ outcome }) => outcome);
  expect(outcomes(simulateSchedule(limited, spaced(ones(6), 30)))).toEqual([
    'answered',
    'answered',
    'answered',
    'refused',
    'refused',
    'refused',
  ]);
  const perLevel = modelOf(
    {
      priority_levels: 2,
      default_priority_level: 1,
      priority_queue_policy: { '2': { max_queue_size: 1 } },
    },
    { max: 1, compute: 400 },
  );
  const requests = [{}, { priority: 2 }, { priority: 2 }, { priority: 1 }];
  expect(outcomes(simulateSchedule(perLevel, spaced(requests, 30)))).toEqual([
    'answered',
    'answered',
    'refused',
    'answered',
  ]);
});

test('a timeout refuses on time, may be shortened by a request that is allowed to, and never lengthened', () => {
  const policy = { default_timeout_microseconds: 1_000_000, allow_timeout_override: true };
  const model = modelOf({ default_queue_policy: policy }, { max: 1, compute: 400 });
  const { outcomes } = simulateSchedule(
    model,
    spaced([{}, { timeoutMicroseconds: 50_000 }, { timeoutMicroseconds: 5_000_000 }, {}, {}], 30),
  );
  expect(outcomes.map(({ outcome, answeredAt }) => [outcome, Math.round(answeredAt)])).toEqual([
    ['answered', 400],
    ['expired', 80],
    ['answered', 800],
    ['answered', 1200],
    ['expired', 1120],
  ]);
});

test.each([
  ['no timeout is there to be shortened', { allow_timeout_override: true }],
  ['it may not', { default_timeout_microseconds: 0, allow_timeout_override: false }],
])('a request cannot set a timeout where %s', (_, policy) => {
  const model = modelOf({ default_queue_policy: policy }, { max: 1, compute: 400 });
  const { outcomes } = simulateSchedule(model, spaced([{}, { timeoutMicroseconds: 50_000 }], 30));
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['answered', 'answered']);
});

test('DELAY puts what has waited too long behind the others instead of refusing it', () => {
  const policy = { timeout_action: 'DELAY', default_timeout_microseconds: 500_000 } as const;
  const model = modelOf({ default_queue_policy: policy }, { max: 1, compute: 400 });
  const requests = [...spaced(ones(4), 30).requests, { at: 600, rows: 1 }];
  const { outcomes } = simulateSchedule(model, { kind: 'open', requests });
  expect(outcomes.map(({ answeredAt }) => answeredAt)).toEqual([400, 800, 1600, 2000, 1200]);
});

const arbitraryBatching = fc.record({
  preferred_batch_size: fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { maxLength: 3 }),
  max_queue_delay_microseconds: fc.constantFrom(0, 0, 2000, 50_000),
  preserve_ordering: fc.nat(1).map(Boolean),
});

const arbitraryRequests = fc
  .array(fc.record({ gap: fc.nat(40), rows: fc.integer({ min: 1, max: 8 }) }), {
    minLength: 1,
    maxLength: 60,
  })
  .map((steps) => {
    let at = 0;
    return steps.map(({ gap, rows }) => {
      at += gap;
      return { at, rows };
    });
  });

test('whatever comes: no request is lost, none is overtaken, no batch is too large, no one waits idly past the delay', () => {
  fc.assert(
    fc.property(
      arbitraryBatching,
      arbitraryRequests,
      fc.integer({ min: 1, max: 3 }),
      (batching, requests, instances) => {
        const model = modelOf(batching, { instances });
        const { outcomes, executions } = simulateSchedule(model, { kind: 'open', requests });
        expect(outcomes.every(({ outcome }) => outcome === 'answered')).toBe(true);
        expect(executions.reduce((total, { requestCount }) => total + requestCount, 0)).toBe(requests.length);
        expect(executions.every(({ rows }) => rows <= 8)).toBe(true);
        const starts = outcomes.map(({ startedAt }) => startedAt ?? 0);
        expect(starts).toEqual(starts.toSorted((left, right) => left - right));
        const answers = batching.preserve_ordering ? outcomes.map(({ answeredAt }) => answeredAt) : [];
        expect(answers).toEqual(answers.toSorted((left, right) => left - right));
        const delay = batching.max_queue_delay_microseconds / 1000;
        for (const { enqueuedAt, startedAt } of outcomes) {
          const due = enqueuedAt + delay;
          const isIdleAt = (time: number): boolean =>
            executions.filter((run) => run.startedAt <= time && time < run.endedAt).length < instances;
          const later = executions
            .map(({ endedAt }) => endedAt)
            .filter((time) => time >= due && isIdleAt(time));
          const latest = isIdleAt(due) ? due : Math.min(...later);
          expect(startedAt).toBeLessThanOrEqual(latest + 1e-6);
        }
      },
    ),
  );
});

test('limits and timeouts lose no request either: each is answered, refused or expired', () => {
  const policy = fc.record({
    max_queue_size: fc.nat(4),
    default_timeout_microseconds: fc.constantFrom(0, 10_000, 100_000),
    timeout_action: fc.constantFrom('REJECT' as const, 'DELAY' as const),
  });
  fc.assert(
    fc.property(arbitraryBatching, policy, arbitraryRequests, (batching, queue, requests) => {
      const model = modelOf({ ...batching, default_queue_policy: queue });
      const { outcomes, executions } = simulateSchedule(model, { kind: 'open', requests });
      const count = (kind: string): number => outcomes.filter(({ outcome }) => outcome === kind).length;
      expect(count('answered') + count('refused') + count('expired')).toBe(requests.length);
      expect(executions.reduce((total, { requestCount }) => total + requestCount, 0)).toBe(count('answered'));
      const mayExpire = queue.default_timeout_microseconds > 0 && queue.timeout_action === 'REJECT';
      expect(count('refused') > 0 && queue.max_queue_size === 0).toBe(false);
      expect(count('expired') > 0 && !mayExpire).toBe(false);
    }),
  );
});

test('a closed loop keeps its concurrency, and its figures follow from the compute time', () => {
  const load = { kind: 'closed', concurrency: 4, rows: 1, count: 400, thinkMilliseconds: 0 } as const;
  const alone = summarizeSchedule(simulateSchedule(modelOf(undefined, { compute: 10 }), load));
  expect(alone.requestsPerSecond).toBeCloseTo(100, 0);
  expect(alone.p50Milliseconds).toBeCloseTo(40, 5);
  const together = summarizeSchedule(simulateSchedule(modelOf({}, { compute: 10 }), load));
  expect(together.requestsPerSecond).toBeGreaterThan(190);
  expect(together.meanBatchSize).toBeGreaterThan(1.9);
});

test('arrivals of a Poisson process have their rate, and are the same for the same seed', () => {
  const arrivals = poissonArrivals(7, 200, 10_000, 1);
  expect(10_000 / ((arrivals.at(-1)?.at ?? 0) / 1000)).toBeCloseTo(200, -1);
  expect(arrivals).toEqual(poissonArrivals(7, 200, 10_000, 1));
});
