/** How often something happened and how long it took in all, in nanoseconds. */
export interface StatisticDuration {
  readonly count: number;
  readonly ns: number;
}

/** Why a request that had reached its scheduler was not answered: the `reason` label of the failure counter. */
export type FailureReason = 'REJECTED' | 'CANCELED' | 'BACKEND' | 'OTHER';

/** What one execution cost, in nanoseconds. Every request of a batch is charged the whole of it. */
export interface ExecutionTimes {
  readonly computeInputNs: number;
  readonly computeInferNs: number;
  readonly computeOutputNs: number;
}

/** A request that an execution answered. */
export interface SuccessfulRequest extends ExecutionTimes {
  /** From its arrival to its answer. */
  readonly requestNs: number;
  readonly queueNs: number;
  /** Inferences that it counts for: its batch size, 1 if the model does not batch. */
  readonly batchSize: number;
}

/** A request that the response cache answered: it succeeded, but counts for no inference and no execution. */
export interface CachedRequest {
  /** From its arrival to its answer. */
  readonly requestNs: number;
  /** From its arrival to the lookup. */
  readonly queueNs: number;
  readonly lookupNs: number;
}

/** What is told of a duration besides being summed up: histograms and summaries listen here. */
export type LatencyKind =
  | 'firstResponse'
  | 'request'
  | 'queue'
  | 'computeInput'
  | 'computeInfer'
  | 'computeOutput'
  | 'cacheHit'
  | 'cacheMiss';

/** Hears of every single duration, in nanoseconds. */
export interface LatencyObserver {
  observe(kind: LatencyKind, ns: number): void;
}

/** `us` sums up whole microseconds of each single duration, as Triton's metrics do. */
class Duration implements StatisticDuration {
  count = 0;
  ns = 0;
  us = 0;

  add(ns: number): void {
    this.count += 1;
    this.extend(ns);
  }

  /** More time for what was counted already. */
  extend(ns: number): void {
    this.ns += ns;
    this.us += Math.floor(ns / 1000);
  }

  snapshot(): CountedDuration {
    return { count: this.count, ns: this.ns, us: this.us };
  }
}

/** A {@link StatisticDuration} with the sum of the whole microseconds of each, which the metrics report. */
export interface CountedDuration extends StatisticDuration {
  readonly us: number;
}

/** One entry of `batch_stats`: executions of one size. */
export interface BatchStatistics {
  /** Rows that were executed together; 0 for an identity model that does not batch. */
  readonly batchSize: number;
  readonly computeInput: StatisticDuration;
  readonly computeInfer: StatisticDuration;
  readonly computeOutput: StatisticDuration;
}

/** Everything that was counted for a version, at one moment. */
export interface StatisticsSnapshot {
  /** Epoch milliseconds of the last execution, 0 without one. */
  readonly lastInference: number;
  readonly inferenceCount: number;
  readonly executionCount: number;
  readonly success: CountedDuration;
  readonly fail: CountedDuration;
  readonly queue: CountedDuration;
  readonly computeInput: CountedDuration;
  readonly computeInfer: CountedDuration;
  readonly computeOutput: CountedDuration;
  readonly cacheHit: CountedDuration;
  readonly cacheMiss: CountedDuration;
  /** Sorted by batch size. */
  readonly batches: readonly BatchStatistics[];
  readonly failures: Readonly<Record<FailureReason, number>>;
  /** Requests that wait for execution now. */
  readonly pendingCount: number;
}

interface BatchDurations {
  readonly input: Duration;
  readonly infer: Duration;
  readonly output: Duration;
}

/**
 * The statistics of one model version, accumulated by Triton's rules (`infer_stats.cc`). Requests that validation
 * refuses never come here; warm-up runs do.
 */
export class ModelStatistics {
  #lastInference = 0;
  #inferenceCount = 0;
  #executionCount = 0;
  #pendingCount = 0;
  #observer: LatencyObserver | null = null;
  readonly #success = new Duration();
  readonly #fail = new Duration();
  readonly #queue = new Duration();
  readonly #computeInput = new Duration();
  readonly #computeInfer = new Duration();
  readonly #computeOutput = new Duration();
  readonly #cacheHit = new Duration();
  readonly #cacheMiss = new Duration();
  readonly #failures: Record<FailureReason, number> = { REJECTED: 0, CANCELED: 0, BACKEND: 0, OTHER: 0 };
  readonly #batches = new Map<number, BatchDurations>();

  /** Tells `observer` of every single duration from now on. */
  observeWith(observer: LatencyObserver): void {
    this.#observer = observer;
  }

  /** Counts one request that an execution answered. */
  addSuccess(request: SuccessfulRequest): void {
    this.#success.add(request.requestNs);
    this.#queue.add(request.queueNs);
    this.#computeInput.add(request.computeInputNs);
    this.#computeInfer.add(request.computeInferNs);
    this.#computeOutput.add(request.computeOutputNs);
    this.#inferenceCount += request.batchSize;
    const observer = this.#observer;
    if (!observer) return;
    observer.observe('firstResponse', request.requestNs);
    observer.observe('request', request.requestNs);
    observer.observe('queue', request.queueNs);
    observer.observe('computeInput', request.computeInputNs);
    observer.observe('computeInfer', request.computeInferNs);
    observer.observe('computeOutput', request.computeOutputNs);
  }

  /** Counts one request that failed after it had reached the scheduler. */
  addFailure(reason: FailureReason, requestNs: number): void {
    this.#fail.add(requestNs);
    this.#failures[reason] += 1;
  }

  /** Counts one execution of `batchSize` rows that succeeded. */
  addExecution(batchSize: number, times: ExecutionTimes, atEpochMilliseconds: number): void {
    this.#executionCount += 1;
    this.#lastInference = Math.max(this.#lastInference, atEpochMilliseconds);
    const batch = this.#batches.get(batchSize) ?? {
      input: new Duration(),
      infer: new Duration(),
      output: new Duration(),
    };
    this.#batches.set(batchSize, batch);
    batch.input.add(times.computeInputNs);
    batch.infer.add(times.computeInferNs);
    batch.output.add(times.computeOutputNs);
  }

  /** Counts one request that the response cache answered, instead of {@link addSuccess}. */
  addCacheHit({ requestNs, queueNs, lookupNs }: CachedRequest): void {
    this.#success.add(requestNs);
    this.#queue.add(queueNs);
    this.#cacheHit.add(lookupNs);
    this.#observer?.observe('firstResponse', requestNs);
    this.#observer?.observe('queue', queueNs);
    this.#observer?.observe('cacheHit', lookupNs);
  }

  /** Counts one miss (lookup and insertion) of a request that {@link addSuccess} counts as well. */
  addCacheMiss(lookupAndInsertNs: number): void {
    this.#success.extend(lookupAndInsertNs);
    this.#cacheMiss.add(lookupAndInsertNs);
    this.#observer?.observe('cacheMiss', lookupAndInsertNs);
  }

  /** A request waits for execution. Each is followed by one {@link removePending}, whatever becomes of it. */
  addPending(): void {
    this.#pendingCount += 1;
  }

  /** A request waits no longer: it is being executed, or was given up. */
  removePending(): void {
    this.#pendingCount -= 1;
  }

  /** What was counted until now. */
  snapshot(): StatisticsSnapshot {
    return {
      lastInference: this.#lastInference,
      inferenceCount: this.#inferenceCount,
      executionCount: this.#executionCount,
      success: this.#success.snapshot(),
      fail: this.#fail.snapshot(),
      queue: this.#queue.snapshot(),
      computeInput: this.#computeInput.snapshot(),
      computeInfer: this.#computeInfer.snapshot(),
      computeOutput: this.#computeOutput.snapshot(),
      cacheHit: this.#cacheHit.snapshot(),
      cacheMiss: this.#cacheMiss.snapshot(),
      batches: [...this.#batches]
        .sort(([left], [right]) => left - right)
        .map(([batchSize, { input, infer, output }]) => ({
          batchSize,
          computeInput: input.snapshot(),
          computeInfer: infer.snapshot(),
          computeOutput: output.snapshot(),
        })),
      failures: { ...this.#failures },
      pendingCount: this.#pendingCount,
    };
  }
}
