import type { ModelConfig } from '../../core/model-config/model-config.ts';
import { requestPrefix } from '../../core/open-inference/check-infer-request.ts';
import { reshapeDims, type ServedSignature } from '../../core/open-inference/served-signature.ts';
import { batchRule, gatherInputs, splitOutput, type BatchRule } from '../../core/scheduling/batch-tensors.ts';
import type { ExecutionTimes, ModelStatistics } from '../../core/statistics/model-statistics.ts';
import { StatusError } from '../../core/status.ts';
import type { NamedTensor } from '../../core/tensors/tensor.ts';
import type { Engine, Execution } from '../engine/engine.ts';
import type { Inference } from '../repository/model-version.ts';
import type { Batch, PendingRequest, SchedulerClock } from './scheduler.ts';

const nanoseconds = (milliseconds: number): number => Math.max(0, Math.round(milliseconds * 1e6));

type Answer = { readonly inference: Inference } | { readonly failure: unknown };

/** A request of a batch and what became of it. */
export type Answered = readonly [PendingRequest, Answer];

/** Runs batches of one model and makes each request's answer of what came. */
export class BatchRunner {
  readonly #rule: BatchRule;
  readonly #signature: ServedSignature;
  readonly #statistics: ModelStatistics;
  readonly #clock: SchedulerClock;
  readonly #delayMilliseconds: number;
  /** Triton's identity backend reports 0 for a model without batch dimension. */
  readonly #reportsNoBatch: boolean;

  constructor(
    config: ModelConfig,
    signature: ServedSignature,
    statistics: ModelStatistics,
    clock: SchedulerClock,
  ) {
    this.#rule = batchRule(config);
    this.#signature = signature;
    this.#statistics = statistics;
    this.#clock = clock;
    this.#delayMilliseconds = Number(config.parameters?.['execute_delay_ms']?.string_value ?? 0);
    this.#reportsNoBatch = config.backend === 'identity' && signature.maxBatchSize === 0;
  }

  /**
   * Runs a batch. What fails in the runtime may be the fault of one request alone: then each is run again by itself,
   * so that no other one fails with it. Never rejects.
   */
  async run(engine: Engine, instance: number, batch: Batch): Promise<readonly Answered[]> {
    const startedAt = this.#clock.now();
    try {
      return await this.#runOnce(engine, instance, batch, startedAt);
    } catch (cause) {
      const isAlone = batch.requests.length < 2 || batch.firstRows !== undefined;
      const isEngineGone = !(cause instanceof StatusError) || cause.code === 'unavailable';
      if (isAlone || isEngineGone) return batch.requests.map((request) => [request, { failure: cause }]);
      return this.#runEach(engine, instance, batch);
    }
  }

  async #runEach(engine: Engine, instance: number, batch: Batch): Promise<readonly Answered[]> {
    const answered: Answered[] = [];
    for (const request of batch.requests) {
      const { checked } = request;
      const inputs = gatherInputs(this.#rule, [checked]);
      const alone: Batch = { ...batch, requests: [request], batchSize: checked.batchSize, inputs };
      answered.push(...(await this.run(engine, instance, alone)));
    }
    return answered;
  }

  async #runOnce(
    engine: Engine,
    instance: number,
    batch: Batch,
    startedAt: number,
  ): Promise<readonly Answered[]> {
    const { inputs, outputs, batchSize } = batch;
    const execution = await engine.execute(instance, inputs, outputs, this.#delayMilliseconds);
    const elapsedNs = nanoseconds(this.#clock.now() - startedAt);
    const times = {
      computeInputNs: Math.max(0, elapsedNs - execution.inferNs - execution.outputNs),
      computeInferNs: execution.inferNs,
      computeOutputNs: execution.outputNs,
    };
    this.#statistics.addExecution(this.#reportsNoBatch ? 0 : batchSize, times, Date.now());
    const failures = batch.executed?.(execution.outputs);
    const answers = this.#answers(batch, execution, times, startedAt);
    if (!failures?.size) return answers;
    return answers.map(([request, answer]) => {
      const failure = failures.get(request);
      return [request, failure ? { failure } : answer];
    });
  }

  #answers(batch: Batch, execution: Execution, times: ExecutionTimes, startedAt: number): Answered[] {
    // States are outputs of the model that clients do not see.
    const seen = execution.outputs.filter(({ name }) => this.#signature.outputs.has(name));
    const wire = seen.map((output) => this.#checkOutput(output)).sort(byName);
    const shares = wire.map((output) => this.#split(batch, output));
    return batch.requests.map((request, index): Answered => {
      const { id, outputs: requested } = request.checked.request;
      const outputs: NamedTensor[] = [];
      for (const share of shares) {
        if (share instanceof StatusError) {
          return [request, { failure: new StatusError(share.code, `${requestPrefix(id)}${share.message}`) }];
        }
        const output = share[index];
        if (!output) continue;
        if (requested.length > 0 && !requested.some(({ name }) => name === output.name)) continue;
        outputs.push(this.#wireOutput(output));
      }
      const queueNs = nanoseconds(startedAt - request.enqueuedAt);
      const { parameters } = execution;
      return [request, { inference: { outputs, parameters, queueNs, ...times } }];
    });
  }

  #split(batch: Batch, output: NamedTensor): readonly NamedTensor[] | StatusError {
    try {
      const members = batch.requests.map(({ checked }) => checked);
      return splitOutput(this.#rule, output, members, batch.firstRows);
    } catch (cause) {
      if (cause instanceof StatusError) return cause;
      throw cause;
    }
  }

  #checkOutput(output: NamedTensor): NamedTensor {
    const declared = this.#signature.outputs.get(output.name);
    if (!declared || declared.datatype === output.datatype) return output;
    throw new StatusError(
      'internal',
      `configuration expects datatype ${declared.datatype} for output '${output.name}', model provides ${output.datatype}`,
    );
  }

  #wireOutput(output: NamedTensor): NamedTensor {
    const declared = this.#signature.outputs.get(output.name);
    if (!declared?.reshape) return output;
    const { isBatched } = this.#rule;
    const dims = isBatched ? output.shape.slice(1) : output.shape;
    const shape = reshapeDims(dims, declared.reshape, declared.dims);
    return { ...output, shape: isBatched ? [...output.shape.slice(0, 1), ...shape] : shape };
  }
}

function byName(left: NamedTensor, right: NamedTensor): number {
  return left.name < right.name ? -1 : 1;
}
