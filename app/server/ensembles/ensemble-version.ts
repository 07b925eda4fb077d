import { performance } from 'node:perf_hooks';
import { setTimeout as startTimer } from 'node:timers';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import { checkInferRequest, type CheckedRequest } from '../../core/open-inference/check-infer-request.ts';
import {
  servedSignature,
  wireShape,
  type ServedSignature,
} from '../../core/open-inference/served-signature.ts';
import { planEnsemble, producerOf } from '../../core/scheduling/ensemble-plan.ts';
import type { ResponseCache } from '../../core/scheduling/response-cache.ts';
import type { ModelVersionState } from '../../core/server-events/server-event.ts';
import { ModelStatistics } from '../../core/statistics/model-statistics.ts';
import { StatusError } from '../../core/status.ts';
import type {
  Inference,
  InferenceCall,
  ModelVersion,
  VersionObserver,
  VersionStatus,
} from '../repository/model-version.ts';
import type { PreparedEnsemble } from '../repository/prepare-ensemble.ts';
import type { OutputLabels } from '../repository/read-labels.ts';
import { CachedInference } from '../response-cache/cached-inference.ts';
import { runEnsemble, type FindVersion, type RunningEnsemble } from './run-ensemble.ts';
import { StepLimiter } from './step-limiter.ts';

const nanoseconds = (milliseconds: number): number => Math.max(0, Math.round(milliseconds * 1e6));

/** What an ensemble needs of the server. */
export interface EnsembleEnvironment {
  readonly findVersion: FindVersion;
  readonly observer: VersionObserver;
  readonly responseCache: ResponseCache | null;
}

/** A version that other models execute: it has no process of its own. */
export class EnsembleVersion implements ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly config: ModelConfig;
  readonly signature: ServedSignature;
  readonly statistics = new ModelStatistics();
  readonly engine = null;
  readonly loadMilliseconds = 0;
  readonly #ensemble: RunningEnsemble;
  readonly #ownLabels: OutputLabels;
  readonly #observer: VersionObserver;
  readonly #cached: CachedInference | null;
  #status: VersionStatus = { state: 'LOADING', reason: '' };
  #inFlight = 0;
  #successor: ModelVersion | null = null;
  #whenIdle: (() => void)[] = [];

  constructor(version: string, prepared: PreparedEnsemble, environment: EnsembleEnvironment) {
    const { findVersion, observer, responseCache } = environment;
    this.name = prepared.config.name ?? '';
    this.version = version;
    this.config = prepared.config;
    this.signature = servedSignature(prepared.config);
    this.#ownLabels = prepared.labels;
    this.#observer = observer;
    this.#cached =
      responseCache && this.config.response_cache?.enable ? new CachedInference(responseCache, this) : null;
    const plan = planEnsemble(prepared.config);
    this.#ensemble = {
      name: this.name,
      plan,
      signature: this.signature,
      findVersion,
      limiters: plan.steps.map(() => new StepLimiter(plan.maxInflightRequests)),
    };
  }

  get status(): VersionStatus {
    return this.#status;
  }

  /** Requests that were accepted and not answered yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** An output without labels of its own has those of the step that makes it. */
  get labels(): OutputLabels {
    const { plan, findVersion } = this.#ensemble;
    const labels = new Map(this.#ownLabels);
    for (const tensor of plan.outputs.keys()) {
      const step = producerOf(plan, tensor);
      if (labels.has(tensor) || !step) continue;
      const output = [...step.outputs].find(([, written]) => written === tensor)?.[0] ?? '';
      const inherited = findVersion(step.modelName, step.version).labels.get(output);
      if (inherited) labels.set(tensor, inherited);
    }
    return labels;
  }

  #setStatus(state: ModelVersionState, reason = ''): void {
    this.#status = { state, reason };
    if (!this.#successor) this.#observer.stateChanged(this);
  }

  /** Makes it ready: its models are. */
  start(): Promise<void> {
    this.#setStatus('READY');
    return Promise.resolve();
  }

  /** Says that the version will not come (back). */
  fail(reason: string): void {
    this.#setStatus('UNAVAILABLE', reason);
  }

  /** Executes a checked request by executing its steps. Rejects with a StatusError. */
  async infer(checked: CheckedRequest, call: InferenceCall): Promise<Inference> {
    if (this.#successor && this.#status.state !== 'READY') {
      return this.#successor.infer(checkInferRequest(this.#successor.signature, checked.request), call);
    }
    if (this.#status.state !== 'READY') {
      throw new StatusError(
        'unavailable',
        `Request for unknown model: '${this.name}' version ${this.version} is not at ready state`,
      );
    }
    this.#inFlight += 1;
    try {
      const run = (): Promise<Inference> => this.#run(checked, call);
      return await (this.#cached ? this.#cached.infer(checked, call, run) : run());
    } catch (cause) {
      this.statistics.addFailure('OTHER', nanoseconds(performance.now() - call.arrivedAt));
      throw cause;
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) for (const settle of this.#whenIdle.splice(0)) settle();
    }
  }

  async #run(checked: CheckedRequest, call: InferenceCall): Promise<Inference> {
    const { arrivedAt } = call;
    const queueNs = nanoseconds(performance.now() - arrivedAt);
    const { outputs, ...ran } = await runEnsemble(this.#ensemble, checked, call);
    const wire = outputs.map(({ name, datatype, shape, data }) => {
      return { name, datatype, shape: wireShape(this.signature, name, shape), data };
    });
    const { batchSize } = checked;
    this.statistics.addExecution(batchSize, ran, Date.now());
    this.statistics.addSuccess({
      ...ran,
      queueNs,
      requestNs: nanoseconds(performance.now() - arrivedAt),
      batchSize,
    });
    return { ...ran, queueNs, outputs: wire.sort((left, right) => (left.name < right.name ? -1 : 1)) };
  }

  /** What its models answered before holds no longer. */
  dependencyChanged(): void {
    this.#cached?.forget();
  }

  /** Another one serves this version from now on: nobody is told any more what becomes of this one. */
  replace(successor: ModelVersion): void {
    this.#successor = successor;
  }

  /** Takes no more requests and answers those that it has. Past the limit they end with their models. */
  async stop(drainMilliseconds: number, reason = 'unloaded'): Promise<void> {
    this.#setStatus('UNLOADING');
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        const timer = startTimer(resolve, drainMilliseconds);
        this.#whenIdle.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    this.#cached?.forget();
    this.#setStatus('UNAVAILABLE', reason);
  }
}
