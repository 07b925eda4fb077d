import { performance } from 'node:perf_hooks';
import { setTimeout as startTimer } from 'node:timers';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import {
  checkInferRequest,
  requestPrefix,
  type CheckedRequest,
} from '../../core/open-inference/check-infer-request.ts';
import { servedSignature, type ServedSignature } from '../../core/open-inference/served-signature.ts';
import type { ResponseCache } from '../../core/scheduling/response-cache.ts';
import { restartDelay } from '../../core/scheduling/restart-policy.ts';
import type { ModelVersionState } from '../../core/server-events/server-event.ts';
import { ModelStatistics, type FailureReason } from '../../core/statistics/model-statistics.ts';
import { StatusError, statusOf } from '../../core/status.ts';
import { explainExit, startEngine, type Engine, type EngineEnvironment } from '../engine/engine.ts';
import type { ProcessExit } from '../launch/process-launcher.ts';
import { CachedInference } from '../response-cache/cached-inference.ts';
import { BatchRunner } from '../scheduling/batch-runner.ts';
import type { GatePass, RateLimitGate } from '../scheduling/rate-limit-gate.ts';
import { createScheduler } from '../scheduling/create-scheduler.ts';
import { runWarmup } from '../scheduling/run-warmup.ts';
import {
  RequestRejected,
  SchedulerRefusal,
  type Batch,
  type PendingRequest,
  type Scheduler,
} from '../scheduling/scheduler.ts';
import { systemClock } from '../scheduling/system-clock.ts';
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
const MAX_IN_FLIGHT_BYTES = 1024 ** 3;

/** What a version runs on. */
export interface VersionMachinery extends EngineEnvironment {
  /** Null: instances run as soon as they are ready (`--rate-limit=off`). */
  readonly gate: RateLimitGate | null;
}

type Answer = { readonly inference: Inference } | { readonly failure: unknown };

function failureReason(cause: unknown): FailureReason {
  if (cause instanceof RequestRejected) return 'REJECTED';
  return statusOf(cause).code === 'cancelled' ? 'CANCELED' : 'BACKEND';
}

/** A request on its way through the scheduler. */
class AcceptedRequest implements PendingRequest {
  readonly checked: CheckedRequest;
  readonly arrivedAt: number;
  readonly enqueuedAt: number;
  readonly signal: AbortSignal;
  readonly byteLength: number;
  readonly #statistics: ModelStatistics;
  readonly #settle: (answer: Answer) => void;
  #isPending = true;

  constructor(
    checked: CheckedRequest,
    { arrivedAt, signal }: InferenceCall,
    statistics: ModelStatistics,
    settle: (answer: Answer) => void,
  ) {
    this.checked = checked;
    this.arrivedAt = arrivedAt;
    this.enqueuedAt = systemClock.now();
    this.signal = signal;
    this.byteLength = checked.modelInputs.reduce((total, { data }) => total + data.byteLength, 0);
    this.#statistics = statistics;
    this.#settle = settle;
    statistics.addPending();
  }

  started(): void {
    if (this.#isPending) this.#statistics.removePending();
    this.#isPending = false;
  }

  resolve(inference: Inference): void {
    this.#settle({ inference });
  }

  reject(failure: unknown): void {
    this.started();
    this.#settle({ failure });
  }
}

/** What a version counts in, and where its answers are kept. */
export interface VersionKeeping {
  readonly statistics: ModelStatistics;
  /** Null: the server was started without one. */
  readonly responseCache: ResponseCache | null;
}

/** A version that is executed by an engine process: its engine, its queue and its statistics. */
export class ServedVersion implements ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly config: ModelConfig;
  readonly signature: ServedSignature;
  readonly labels: OutputLabels;
  readonly statistics: ModelStatistics;
  readonly #prepared: PreparedVersion;
  readonly #environment: VersionMachinery;
  readonly #observer: VersionObserver;
  readonly #runTimeoutMilliseconds: number;
  readonly #cached: CachedInference | null;
  readonly #scheduler: Scheduler;
  readonly #runner: BatchRunner;
  readonly #deathTimes: number[] = [];
  #status: VersionStatus = { state: 'LOADING', reason: '' };
  #engine: Engine | null = null;
  /** One for each instance; null without a rate limiter. */
  #passes: GatePass[] | null = null;
  #inFlight = 0;
  #inFlightBytes = 0;
  #isStopping = false;
  #restart: NodeJS.Timeout | null = null;
  /** Engines that were ended because a run took too long, and what to say of it. */
  readonly #timedOut = new WeakMap<Engine, string>();
  #whenIdle: (() => void)[] = [];
  #successor: ModelVersion | null = null;
  loadMilliseconds = 0;

  constructor(
    version: string,
    prepared: PreparedVersion,
    environment: VersionMachinery,
    observer: VersionObserver,
    runTimeoutSeconds: number,
    { statistics, responseCache }: VersionKeeping,
  ) {
    this.statistics = statistics;
    this.name = prepared.config.name ?? '';
    this.version = version;
    this.config = prepared.config;
    this.signature = servedSignature(prepared.config);
    this.labels = prepared.labels;
    this.#runner = new BatchRunner(this.config, this.signature, this.statistics, systemClock);
    this.#scheduler = createScheduler(this.config, this.signature, {
      clock: systemClock,
      instanceCount: prepared.engine.instances.length,
      stateFiles: prepared.stateFiles,
      warn: (text) => observer.warned(text),
      runBatch: (instance, batch) => this.#runWhenAllowed(instance, batch),
    });
    this.#prepared = prepared;
    this.#cached =
      responseCache && prepared.config.response_cache?.enable
        ? new CachedInference(responseCache, this)
        : null;
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
    if (!this.#successor) this.#observer.stateChanged(this);
  }

  /** Starts the engine. Rejects with the reason; then the version is UNAVAILABLE. */
  async start(): Promise<void> {
    const startedAt = performance.now();
    this.#setStatus('LOADING');
    this.#passes ??= this.#admitInstances();
    const engine = await startEngine(this.#environment, this.#prepared.engine).catch((cause: unknown) => {
      this.#leaveGate();
      throw cause;
    });
    if (this.#isStopping) {
      await engine.stop();
      return;
    }
    await this.#warmUp(engine);
    this.#engine = engine;
    void this.#watchEngine(engine);
    this.loadMilliseconds = performance.now() - startedAt;
    this.#setStatus('READY');
    for (const [instance, { isPassive }] of this.#prepared.engine.instances.entries()) {
      if (!isPassive) this.#scheduler.instanceIdle(instance);
    }
  }

  #admitInstances(): GatePass[] | null {
    const instances = this.#prepared.engine.instances.map(({ place, limit }) => ({
      ...limit,
      device: place.device,
    }));
    return this.#environment.gate?.admit(instances) ?? null;
  }

  #leaveGate(): void {
    for (const pass of this.#passes ?? []) pass.remove();
    this.#passes = null;
  }

  /** Runs the warm-up samples on every instance. Rejects with what failed; then the engine has ended. */
  async #warmUp(engine: Engine): Promise<void> {
    const samples = this.#prepared.warmup;
    if (samples.length === 0) return;
    const environment = { version: this, runner: this.#runner, clock: systemClock };
    const timer = this.#watch(engine);
    try {
      const instances = [...Array(engine.instanceCount).keys()];
      await Promise.all(instances.map((instance) => runWarmup(environment, engine, instance, samples)));
    } catch (cause) {
      await engine.stop();
      throw cause;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says that the version will not come (back). */
  fail(reason: string): void {
    this.#leaveGate();
    this.#setStatus('UNAVAILABLE', reason);
  }

  async #watchEngine(engine: Engine): Promise<void> {
    const exit = await engine.exited;
    if (this.#engine !== engine) return;
    this.#engine = null;
    this.#cached?.forget();
    this.#scheduler.instancesLost();
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
    this.#scheduler.rejectAll(new StatusError('unavailable', `${reason}; ${next}`));
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

  /** Executes a checked request. Rejects with a StatusError. */
  infer(checked: CheckedRequest, call: InferenceCall): Promise<Inference> {
    if (this.#isStopping && this.#successor) {
      const successor = this.#successor;
      return successor.infer(checkInferRequest(successor.signature, checked.request), call);
    }
    const run = (): Promise<Inference> => this.#schedule(checked, call);
    return this.#cached ? this.#cached.infer(checked, call, run) : run();
  }

  #schedule(checked: CheckedRequest, call: InferenceCall): Promise<Inference> {
    return new Promise((resolve, reject) => {
      this.#refuse(checked);
      const request = new AcceptedRequest(checked, call, this.statistics, (answer) => {
        this.#answered(request, answer);
        if ('inference' in answer) resolve(answer.inference);
        else reject(answer.failure);
      });
      this.#inFlight += 1;
      this.#inFlightBytes += request.byteLength;
      try {
        this.#scheduler.enqueue(request);
      } catch (cause) {
        request.started();
        this.#left(request);
        throw cause;
      }
    });
  }

  /** @throws StatusError if a request cannot be taken now; it then never reached the scheduler. */
  #refuse(checked: CheckedRequest): void {
    if (this.#isStopping || this.#status.state !== 'READY') {
      const reason = this.#status.reason === '' ? '' : ` (${this.#status.reason})`;
      throw new StatusError(
        'unavailable',
        `Request for unknown model: '${this.name}' version ${this.version} is not at ready state${reason}`,
      );
    }
    if (this.#scheduler.pendingCount < MAX_QUEUED_REQUESTS && this.#inFlightBytes < MAX_IN_FLIGHT_BYTES)
      return;
    throw new SchedulerRefusal(
      'unavailable',
      `${requestPrefix(checked.request.id)}Exceeds maximum queue size`,
    );
  }

  #answered(request: AcceptedRequest, answer: Answer): void {
    const { checked, arrivedAt } = request;
    const requestNs = Math.max(0, Math.round((systemClock.now() - arrivedAt) * 1e6));
    if ('inference' in answer) {
      this.statistics.addSuccess({ ...answer.inference, requestNs, batchSize: checked.batchSize });
    } else this.statistics.addFailure(failureReason(answer.failure), requestNs);
    this.#left(request);
  }

  #left({ byteLength }: AcceptedRequest): void {
    this.#inFlight -= 1;
    this.#inFlightBytes -= byteLength;
    if (this.#inFlight === 0) for (const settle of this.#whenIdle.splice(0)) settle();
  }

  /** Runs a batch as soon as the rate limiter lets its instance. */
  #runWhenAllowed(instance: number, batch: Batch): void {
    const pass = this.#passes?.[instance];
    if (!pass) {
      void this.#runBatch(instance, batch);
      return;
    }
    pass.enter(() => void this.#runBatch(instance, batch, pass));
  }

  async #runBatch(instance: number, batch: Batch, pass?: GatePass): Promise<void> {
    const engine = this.#engine;
    if (!engine) {
      const gone = new StatusError('unavailable', `the engine process of model '${this.name}' has ended`);
      pass?.leave();
      for (const request of batch.requests) request.reject(gone);
      return;
    }
    for (const request of batch.requests) request.started();
    const timer = this.#watch(engine);
    const answered = await this.#runner.run(engine, instance, batch);
    clearTimeout(timer);
    pass?.leave();
    // The next batch first: the instance works while we answer this one.
    if (this.#engine === engine) this.#scheduler.instanceIdle(instance);
    const timeout = this.#timedOut.get(engine);
    for (const [request, answer] of answered) {
      if ('inference' in answer) request.resolve(answer.inference);
      else request.reject(timeout === undefined ? answer.failure : new StatusError('unavailable', timeout));
    }
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

  /** Another engine serves this version from now on: nobody is told any more what becomes of this one. */
  replace(successor: ModelVersion): void {
    this.#successor = successor;
  }

  /** Takes no more requests, answers those that it has, and ends the engine. Past the limit they fail. */
  async stop(drainMilliseconds: number, reason = 'unloaded'): Promise<void> {
    this.#isStopping = true;
    if (this.#restart) clearTimeout(this.#restart);
    this.#setStatus('UNLOADING');
    await this.#drained(drainMilliseconds);
    this.#scheduler.close();
    await this.#engine?.stop();
    this.#cached?.forget();
    this.#engine = null;
    this.#leaveGate();
    this.#setStatus('UNAVAILABLE', reason);
  }

  async #drained(limitMilliseconds: number): Promise<void> {
    if (this.#inFlight === 0) return;
    await new Promise<void>((resolve) => {
      const timer = startTimer(() => {
        this.#scheduler.rejectAll(new StatusError('unavailable', 'Server exiting'));
        resolve();
      }, limitMilliseconds);
      this.#whenIdle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
