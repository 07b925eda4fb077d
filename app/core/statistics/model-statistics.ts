/** How often something happened and how long it took in all, in nanoseconds. */
export interface StatisticDuration {
  readonly count: number;
  readonly ns: number;
}

/** What one execution cost, in nanoseconds. Every request of a batch is charged the whole of it. */
export interface ExecutionTimes {
  readonly computeInputNs: number;
  readonly computeInferNs: number;
  readonly computeOutputNs: number;
}

/** A request that was answered. */
export interface SuccessfulRequest extends ExecutionTimes {
  /** From its arrival to its answer. */
  readonly requestNs: number;
  readonly queueNs: number;
  /** Inferences that it counts for: its batch size. */
  readonly batchSize: number;
  readonly atEpochMilliseconds: number;
}

class Duration implements StatisticDuration {
  count = 0;
  ns = 0;

  add(ns: number): void {
    this.count += 1;
    this.ns += ns;
  }
}

interface BatchDurations {
  readonly input: Duration;
  readonly infer: Duration;
  readonly output: Duration;
}

/** The statistics of one model version, accumulated by Triton's rules (`infer_stats.cc`). */
export class ModelStatistics {
  #lastInference = 0;
  #inferenceCount = 0;
  #executionCount = 0;
  readonly #success = new Duration();
  readonly #fail = new Duration();
  readonly #queue = new Duration();
  readonly #computeInput = new Duration();
  readonly #computeInfer = new Duration();
  readonly #computeOutput = new Duration();
  readonly #cacheHit = new Duration();
  readonly #cacheMiss = new Duration();
  readonly #batches = new Map<number, BatchDurations>();

  /** Counts one answered request. */
  addSuccess(request: SuccessfulRequest): void {
    this.#success.add(request.requestNs);
    this.#queue.add(request.queueNs);
    this.#computeInput.add(request.computeInputNs);
    this.#computeInfer.add(request.computeInferNs);
    this.#computeOutput.add(request.computeOutputNs);
    this.#inferenceCount += request.batchSize;
    this.#lastInference = Math.max(this.#lastInference, request.atEpochMilliseconds);
  }

  /** Counts one request that failed after it had reached the scheduler. */
  addFailure(requestNs: number): void {
    this.#fail.add(requestNs);
  }

  /** Counts one execution of the model with `batchSize` rows. */
  addExecution(batchSize: number, times: ExecutionTimes): void {
    this.#executionCount += 1;
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

  /** One entry of `model_stats` as Triton prints it. */
  printJson(name: string, version: string): string {
    const stats = {
      name,
      version,
      last_inference: this.#lastInference,
      inference_count: this.#inferenceCount,
      execution_count: this.#executionCount,
      inference_stats: {
        success: this.#success,
        fail: this.#fail,
        queue: this.#queue,
        compute_input: this.#computeInput,
        compute_infer: this.#computeInfer,
        compute_output: this.#computeOutput,
        cache_hit: this.#cacheHit,
        cache_miss: this.#cacheMiss,
      },
      response_stats: {},
      batch_stats: [...this.#batches]
        .sort(([left], [right]) => left - right)
        .map(([batchSize, { input, infer, output }]) => ({
          batch_size: batchSize,
          compute_input: input,
          compute_infer: infer,
          compute_output: output,
        })),
      memory_usage: [],
    };
    return JSON.stringify(stats);
  }
}
