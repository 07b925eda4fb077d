import { performance } from 'node:perf_hooks';
import { setTimeout as startTimer } from 'node:timers';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import { requestPrefix, type CheckedRequest } from '../../core/open-inference/check-infer-request.ts';
import {
  reshapeDims,
  servedSignature,
  type ServedSignature,
} from '../../core/open-inference/served-signature.ts';
import { InstanceQueue } from '../../core/scheduling/instance-queue.ts';
import { restartDelay } from '../../core/scheduling/restart-policy.ts';
import type { ModelVersionState } from '../../core/server-events/server-event.ts';
import { ModelStatistics, type FailureReason } from '../../core/statistics/model-statistics.ts';
import { StatusError, statusOf } from '../../core/status.ts';
import type { NamedTensor } from '../../core/tensors/tensor.ts';
import {
  explainExit,
  startEngine,
  type Engine,
  type EngineEnvironment,
  type Execution,
} from '../engine/engine.ts';
import type { ProcessExit } from '../launch/process-launcher.ts';
import type { PreparedVersion } from './prepare-version.ts';
import type {
  Inference,
  InferenceCall,
  ModelVersion,
  VersionObserver,
  VersionStatus,
} from './model-version.ts';
import type { OutputLabels } from './read-labels.ts';

/** More than this may not wait for one version: the rest is refused at once. */
const MAX_QUEUED_REQUESTS = 8192;
const MAX_QUEUED_BYTES = 1024 ** 3;

interface Waiting {
  readonly checked: CheckedRequest;
  readonly byteLength: number;
  readonly arrivedAt: number;
  readonly signal: AbortSignal;
  readonly resolve: (inference: Inference) => void;
  readonly reject: (cause: unknown) => void;
}

/** Refused before it was queued. */
class QueueFull extends StatusError {
  constructor(text: string) {
    super('unavailable', text);
  }
}

function failureReason(cause: unknown): FailureReason {
  if (cause instanceof QueueFull) return 'REJECTED';
  return statusOf(cause).code === 'cancelled' ? 'CANCELED' : 'BACKEND';
}

const nanoseconds = (milliseconds: number): number => Math.max(0, Math.round(milliseconds * 1e6));

/** A version that is executed by an engine process: its engine, its queue and its statistics. */
export class ServedVersion implements ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly config: ModelConfig;
  readonly signature: ServedSignature;
  readonly labels: OutputLabels;
  readonly statistics = new ModelStatistics();
  readonly #prepared: PreparedVersion;
  readonly #environment: EngineEnvironment;
  readonly #observer: VersionObserver;
  readonly #runTimeoutMilliseconds: number;
  readonly #queue = new InstanceQueue<Waiting, number>();
  readonly #deathTimes: number[] = [];
  #status: VersionStatus = { state: 'LOADING', reason: '' };
  #engine: Engine | null = null;
  #queuedBytes = 0;
  #inFlight = 0;
  #isStopping = false;
  #restart: NodeJS.Timeout | null = null;
  /** Engines that were ended because a run took too long, and what to say of it. */
  readonly #timedOut = new WeakMap<Engine, string>();
  #whenIdle: (() => void)[] = [];
  #isReplaced = false;
  loadMilliseconds = 0;

  constructor(
    version: string,
    prepared: PreparedVersion,
    environment: EngineEnvironment,
    observer: VersionObserver,
    runTimeoutSeconds: number,
  ) {
    this.name = prepared.config.name ?? '';
    this.version = version;
    this.config = prepared.config;
    this.signature = servedSignature(prepared.config);
    this.labels = prepared.labels;
    this.#prepared = prepared;
    this.#environment = environment;
    this.#observer = observer;
    const own = Number(prepared.config.parameters?.['conch_run_timeout_secs']?.string_value ?? Number.NaN);
    this.#runTimeoutMilliseconds = (Number.isFinite(own) ? own : runTimeoutSeconds) * 1000;
  }

  get status(): VersionStatus {
    return this.#status;
  }

  get engine(): Engine | null {
    return this.#engine;
  }

  /** Requests that were accepted and not answered yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  #setStatus(state: ModelVersionState, reason = ''): void {
    this.#status = { state, reason };
    if (!this.#isReplaced) this.#observer.stateChanged(this);
  }

  /** Starts the engine. Rejects with the reason; then the version is UNAVAILABLE. */
  async start(): Promise<void> {
    const startedAt = performance.now();
    this.#setStatus('LOADING');
    const engine = await startEngine(this.#environment, this.#prepared.engine);
    this.loadMilliseconds = performance.now() - startedAt;
    if (this.#isStopping) {
      await engine.stop();
      return;
    }
    this.#engine = engine;
    void this.#watchEngine(engine);
    this.#setStatus('READY');
    for (let instance = 0; instance < engine.instanceCount; instance += 1) this.#instanceIsIdle(instance);
  }

  /** Says that the version will not come (back). */
  fail(reason: string): void {
    this.#setStatus('UNAVAILABLE', reason);
  }

  async #watchEngine(engine: Engine): Promise<void> {
    const exit = await engine.exited;
    if (this.#engine !== engine) return;
    this.#engine = null;
    this.#queue.dropInstances();
    if (this.#isStopping) return;
    this.#planRestart(this.#timedOut.get(engine) ?? explainExit(exit), exit);
  }

  #planRestart(cause: string, exit: ProcessExit): void {
    this.#deathTimes.push(performance.now());
    const delay = restartDelay(this.#deathTimes);
    const reason = `the engine process of model '${this.name}' ended: ${cause}`;
    const next =
      delay === null
        ? 'it ended 3 times within 5 minutes and is not started again; load the model again to retry'
        : 'it is being started again';
    this.#rejectQueued(new StatusError('unavailable', `${reason}; ${next}`));
    if (delay === null) this.#setStatus('UNAVAILABLE', `${reason}; ${next}`);
    else {
      this.#setStatus('LOADING', `${reason}; ${next}`);
      this.#restart = startTimer(() => void this.#startAgain(), delay);
    }
    this.#observer.engineDied(this, exit, reason, delay);
  }

  async #startAgain(): Promise<void> {
    this.#restart = null;
    await this.start().catch((cause: unknown) => {
      const text = cause instanceof Error ? cause.message : String(cause);
      this.#planRestart(`it could not be started again: ${text}`, {
        code: null,
        signal: null,
        stderrTail: '',
      });
    });
  }

  #rejectQueued(cause: StatusError): void {
    for (const waiting of this.#queue.drain()) {
      this.#leftQueue(waiting);
      waiting.reject(cause);
    }
  }

  /** Executes a checked request. Rejects with a StatusError. */
  async infer(checked: CheckedRequest, { arrivedAt, signal }: InferenceCall): Promise<Inference> {
    if (this.#isStopping || this.#status.state !== 'READY') {
      const reason = this.#status.reason === '' ? '' : ` (${this.#status.reason})`;
      throw new StatusError(
        'unavailable',
        `Request for unknown model: '${this.name}' version ${this.version} is not at ready state${reason}`,
      );
    }
    this.#inFlight += 1;
    try {
      const inference = await this.#enqueue(checked, arrivedAt, signal);
      this.statistics.addSuccess({
        ...inference,
        requestNs: nanoseconds(performance.now() - arrivedAt),
        batchSize: checked.batchSize,
      });
      return inference;
    } catch (cause) {
      this.statistics.addFailure(failureReason(cause), nanoseconds(performance.now() - arrivedAt));
      throw cause;
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) for (const settle of this.#whenIdle.splice(0)) settle();
    }
  }

  #enqueue(checked: CheckedRequest, arrivedAt: number, signal: AbortSignal): Promise<Inference> {
    const byteLength = checked.modelInputs.reduce((total, { data }) => total + data.byteLength, 0);
    if (this.#queue.length >= MAX_QUEUED_REQUESTS || this.#queuedBytes + byteLength > MAX_QUEUED_BYTES) {
      throw new QueueFull(`${requestPrefix(checked.request.id)}Exceeds maximum queue size`);
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { checked, byteLength, arrivedAt, signal, resolve, reject };
      this.#queuedBytes += byteLength;
      this.statistics.addPending();
      const instance = this.#queue.enqueue(waiting);
      if (instance !== undefined) void this.#execute(instance, waiting);
    });
  }

  #instanceIsIdle(instance: number): void {
    const waiting = this.#queue.release(instance);
    if (waiting) void this.#execute(instance, waiting);
  }

  #leftQueue({ byteLength }: Waiting): void {
    this.#queuedBytes -= byteLength;
    this.statistics.removePending();
  }

  async #execute(instance: number, waiting: Waiting): Promise<void> {
    this.#leftQueue(waiting);
    const engine = this.#engine;
    try {
      if (waiting.signal.aborted) throw new StatusError('cancelled', 'the client closed the connection');
      if (!engine)
        throw new StatusError('unavailable', `the engine process of model '${this.name}' has ended`);
      waiting.resolve(await this.#run(engine, instance, waiting));
    } catch (cause) {
      const timeout = engine && this.#timedOut.get(engine);
      waiting.reject(timeout ? new StatusError('unavailable', timeout) : cause);
    }
    if (this.#engine === engine && engine) this.#instanceIsIdle(instance);
  }

  async #run(engine: Engine, instance: number, { checked, arrivedAt }: Waiting): Promise<Inference> {
    const startedAt = performance.now();
    const requested = checked.request.outputs.map(({ name }) => name);
    const outputs = requested.length > 0 ? requested : [...this.signature.outputs.keys()];
    const delay = Number(this.config.parameters?.['execute_delay_ms']?.string_value ?? 0);
    const timer = this.#watch(engine);
    const execution = await engine
      .execute(instance, checked.modelInputs, outputs, delay)
      .finally(() => clearTimeout(timer));
    const elapsedNs = nanoseconds(performance.now() - startedAt);
    const times = {
      computeInputNs: Math.max(0, elapsedNs - execution.inferNs - execution.outputNs),
      computeInferNs: execution.inferNs,
      computeOutputNs: execution.outputNs,
    };
    this.statistics.addExecution(this.#executedBatch(checked), times, Date.now());
    return {
      outputs: this.#wireOutputs(execution),
      parameters: execution.parameters,
      queueNs: nanoseconds(startedAt - arrivedAt),
      ...times,
    };
  }

  /** Triton's identity backend reports the rows of the batch dimension: none where there is no such dimension. */
  #executedBatch({ batchSize }: CheckedRequest): number {
    return this.config.backend === 'identity' && this.signature.maxBatchSize === 0 ? 0 : batchSize;
  }

  /** A run cannot be interrupted: past its time the whole process is ended, and started again. */
  #watch(engine: Engine): NodeJS.Timeout | undefined {
    if (this.#runTimeoutMilliseconds <= 0) return undefined;
    return startTimer(() => {
      const seconds = this.#runTimeoutMilliseconds / 1000;
      this.#timedOut.set(engine, `a run took longer than ${seconds} s, its limit, and was ended`);
      void engine.stop();
    }, this.#runTimeoutMilliseconds);
  }

  #wireOutputs({ outputs }: Execution): NamedTensor[] {
    const wire = outputs.map((output) => {
      const declared = this.signature.outputs.get(output.name);
      if (!declared) return output;
      if (declared.datatype !== output.datatype) {
        throw new StatusError(
          'internal',
          `configuration expects datatype ${declared.datatype} for output '${output.name}', model provides ${output.datatype}`,
        );
      }
      if (!declared.reshape) return output;
      const isBatched = this.signature.maxBatchSize > 0;
      const dims = isBatched ? output.shape.slice(1) : output.shape;
      const shape = reshapeDims(dims, declared.reshape, declared.dims);
      return { ...output, shape: isBatched ? [...output.shape.slice(0, 1), ...shape] : shape };
    });
    return wire.sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** Another engine serves this version from now on: nobody is told any more what becomes of this one. */
  replace(): void {
    this.#isReplaced = true;
  }

  /** Takes no more requests, answers those that it has, and ends the engine. Past the limit they fail. */
  async stop(drainMilliseconds: number, reason = 'unloaded'): Promise<void> {
    this.#isStopping = true;
    if (this.#restart) clearTimeout(this.#restart);
    this.#setStatus('UNLOADING');
    await this.#drained(drainMilliseconds);
    await this.#engine?.stop();
    this.#engine = null;
    this.#setStatus('UNAVAILABLE', reason);
  }

  async #drained(limitMilliseconds: number): Promise<void> {
    if (this.#inFlight === 0) return;
    await new Promise<void>((resolve) => {
      const timer = startTimer(() => {
        this.#rejectQueued(new StatusError('unavailable', 'Server exiting'));
        resolve();
      }, limitMilliseconds);
      this.#whenIdle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
