import { performance } from 'node:perf_hooks';
import {
  checkInferRequest,
  requestPrefix,
  type CheckedRequest,
} from '../../core/open-inference/check-infer-request.ts';
import type { InferRequest } from '../../core/open-inference/infer-request.ts';
import type { ServedSignature } from '../../core/open-inference/served-signature.ts';
import { EnsembleFlow } from '../../core/scheduling/ensemble-flow.ts';
import type { EnsemblePlan } from '../../core/scheduling/ensemble-plan.ts';
import { StatusError, statusOf } from '../../core/status.ts';
import type { NamedTensor } from '../../core/tensors/tensor.ts';
import type { Inference, InferenceCall, ModelVersion } from '../repository/model-version.ts';
import { inferTraced } from '../trace/trace-inference.ts';
import type { StepLimiter } from './step-limiter.ts';

/** The version of a model that a step runs on. @throws StatusError in Triton's words if it is not ready. */
export type FindVersion = (name: string, version: string | null) => ModelVersion;

/** What an ensemble is made of while it is served. */
export interface RunningEnsemble {
  readonly name: string;
  readonly plan: EnsemblePlan;
  readonly signature: ServedSignature;
  readonly findVersion: FindVersion;
  /** One for each step. */
  readonly limiters: readonly StepLimiter[];
}

/** What comes with the request of the client to each of its steps. */
type EnsembleCall = Pick<InferenceCall, 'signal' | 'trace'>;

/** What all steps of one ensemble request took together, in nanoseconds. */
interface ComputeTimes {
  computeInputNs: number;
  computeInferNs: number;
  computeOutputNs: number;
}

interface RanStep {
  readonly step: number;
  readonly outputs: readonly NamedTensor[];
  readonly batchSize: number;
}

/** One request of an ensemble: runs its steps as their tensors come to be. */
class EnsembleRun {
  readonly #ensemble: RunningEnsemble;
  readonly #checked: CheckedRequest;
  readonly #call: EnsembleCall;
  readonly #flow: EnsembleFlow;
  readonly times: ComputeTimes = { computeInputNs: 0, computeInferNs: 0, computeOutputNs: 0 };
  #failure: unknown = null;

  constructor(ensemble: RunningEnsemble, checked: CheckedRequest, call: EnsembleCall) {
    this.#ensemble = ensemble;
    this.#checked = checked;
    this.#call = call;
    const wanted = checked.request.outputs.map(({ name }) => name);
    this.#flow = new EnsembleFlow(ensemble.plan, wanted);
  }

  get #isBatched(): boolean {
    return this.#ensemble.signature.maxBatchSize > 0;
  }

  /** Ends when no step is running any more. Rejects with the first failure; after it no step is started. */
  async run(): Promise<readonly NamedTensor[]> {
    const { modelInputs, batchSize } = this.#checked;
    await this.#runSteps(this.#flow.start(modelInputs, this.#isBatched ? batchSize : 0));
    if (this.#failure !== null) throw this.#failure;
    const outputs = this.#flow.outputs(this.#isBatched);
    if (outputs) return outputs;
    throw new StatusError(
      'invalid-argument',
      `${requestPrefix(this.#checked.request.id)}unexpected deadlock, at least one output is not set while no more ensemble steps can be made`,
    );
  }

  async #runSteps(steps: readonly number[]): Promise<void> {
    await Promise.all(
      steps.map(async (step) => {
        const next = await this.#runStep(step).catch((cause: unknown) => {
          this.#failure ??= cause;
          return [];
        });
        await this.#runSteps(next);
      }),
    );
  }

  async #runStep(step: number): Promise<readonly number[]> {
    const limiter = this.#ensemble.limiters[step];
    await limiter?.enter(this.#call.signal);
    try {
      if (this.#failure !== null) return [];
      const ran = await this.#infer(step);
      return this.#failure === null ? this.#flow.finish(ran.step, ran.outputs, ran.batchSize) : [];
    } finally {
      limiter?.leave();
    }
  }

  async #infer(step: number): Promise<RanStep> {
    const { plan, findVersion } = this.#ensemble;
    const { modelName = '', version = null, outputs = new Map<string, string>() } = plan.steps[step] ?? {};
    // Whoever is found takes the request at once: in between it could have been replaced.
    const model = findVersion(modelName, version);
    const { signature } = model;
    const isBatched = signature.maxBatchSize > 0;
    const inputs = this.#flow.takeInputs(step, {
      isBatched,
      inputDims: (input) => signature.inputs.get(input)?.dims ?? [],
    });
    const checked = checkInferRequest(signature, this.#stepRequest(inputs, [...outputs.keys()]));
    const { signal, trace } = this.#call;
    const inference = await inferTraced(model, checked, {
      arrivedAt: performance.now(),
      signal,
      trace: trace?.child() ?? null,
    });
    this.#addTimes(inference);
    return { step, outputs: inference.outputs, batchSize: isBatched ? checked.batchSize : 0 };
  }

  /** Every step is asked with the id, the priority, the sequence and the parameters of the ensemble's own request. */
  #stepRequest(inputs: readonly NamedTensor[], outputs: readonly string[]): InferRequest {
    return {
      ...this.#checked.request,
      inputs,
      outputs: outputs.map((name) => ({ name, isBinary: true, classification: 0 })),
      isRaw: false,
    };
  }

  #addTimes(inference: Inference): void {
    this.times.computeInputNs += inference.computeInputNs;
    this.times.computeInferNs += inference.computeInferNs;
    this.times.computeOutputNs += inference.computeOutputNs;
  }
}

/**
 * Executes one request of an ensemble. Times are the sums over its steps; each step has a trace that names its parent.
 * @throws StatusError with the first failure of a step, which says in which ensemble.
 */
export async function runEnsemble(
  ensemble: RunningEnsemble,
  checked: CheckedRequest,
  call: EnsembleCall,
): Promise<Omit<Inference, 'queueNs'>> {
  const run = new EnsembleRun(ensemble, checked, call);
  try {
    const outputs = await run.run();
    const { sequenceId, isSequenceStart, isSequenceEnd } = checked.request.control;
    return {
      outputs,
      // Triton says these once for each step; once is what a client can read.
      parameters: [
        ['sequence_id', sequenceId],
        ['sequence_start', isSequenceStart],
        ['sequence_end', isSequenceEnd],
      ],
      ...run.times,
    };
  } catch (cause) {
    const { code, message } = statusOf(cause);
    throw new StatusError(code, `in ensemble '${ensemble.name}', ${message}`, { cause });
  }
}
