import type { ModelConfig } from '../../core/model-config/model-config.ts';
import type { ServedSignature } from '../../core/open-inference/served-signature.ts';
import { requestPrefix } from '../../core/open-inference/check-infer-request.ts';
import { batchRule, gatherInputs, type BatchRule } from '../../core/scheduling/batch-tensors.ts';
import { SequenceBatcher, type SchedulerHold } from '../../core/scheduling/sequence-batcher.ts';
import {
  sequenceControls,
  type SequenceControls,
  type SequenceId,
} from '../../core/scheduling/sequence-controls.ts';
import type { SequenceRow } from '../../core/scheduling/sequence-lanes.ts';
import { rowInputs, splitStates } from '../../core/scheduling/sequence-rows.ts';
import type { SequenceSettings } from '../../core/scheduling/sequence-settings.ts';
import type { SequenceRequest } from '../../core/scheduling/sequence-slots.ts';
import { refuseGrowableMemory, stateSpecs, type StateSpec } from '../../core/scheduling/sequence-states.ts';
import { StatusError } from '../../core/status.ts';
import type { NamedTensor } from '../../core/tensors/tensor.ts';
import { requestedOutputs } from './form-batch.ts';
import {
  RequestRejected,
  SchedulerRefusal,
  type Batch,
  type PendingRequest,
  type Scheduler,
  type SchedulerEnvironment,
} from './scheduler.ts';

type Row = SequenceRow<PendingRequest>;

/** Sequences that ended with the engine are remembered for their clients, but not more than this many. */
const MAX_REMEMBERED = 10_000;
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1;

/**
 * Triton's sequence batcher: the requests of a sequence run one after the other on the same instance, with the controls
 * and states that the model wants. The states live here and nowhere else: a sequence does not survive its engine.
 */
export class SequenceScheduler implements Scheduler {
  readonly #config: ModelConfig;
  readonly #settings: SequenceSettings;
  readonly #signature: ServedSignature;
  readonly #environment: SchedulerEnvironment;
  readonly #hold: SchedulerHold;
  readonly #rule: BatchRule;
  readonly #controls: SequenceControls;
  readonly #states: readonly StateSpec[];
  readonly #idle = new Set<number>();
  /** Sequences that ended with the engine: what to tell their clients. */
  readonly #lost = new Map<SequenceId, string>();
  #lostIds: readonly SequenceId[] = [];
  #batcher: SequenceBatcher<PendingRequest>;
  #pending = 0;
  #iterations = 0n;
  #wakesAt = Infinity;
  #stopTimer: () => void = () => undefined;

  constructor(
    config: ModelConfig,
    settings: SequenceSettings,
    signature: ServedSignature,
    environment: SchedulerEnvironment,
    hold: SchedulerHold,
  ) {
    this.#config = config;
    this.#settings = settings;
    this.#signature = signature;
    this.#environment = environment;
    this.#hold = hold;
    this.#rule = batchRule(config);
    this.#controls = sequenceControls(config);
    this.#states = stateSpecs(config, environment.stateFiles);
    this.#batcher = this.#createBatcher();
  }

  #createBatcher(): SequenceBatcher<PendingRequest> {
    const facts = {
      states: this.#states,
      shapeKey: (request: PendingRequest) => this.#shapeKey(request),
      isAbandoned: ({ signal }: PendingRequest) => signal.aborted,
    };
    return new SequenceBatcher(this.#settings, this.#environment.instanceCount, facts, this.#hold);
  }

  #shapeKey({ checked }: PendingRequest): string {
    return checked.modelInputs
      .map(({ name, shape }) => (this.#rule.raggedInputs.has(name) ? name : `${name}[${shape.join(',')}]`))
      .sort()
      .join(' ');
  }

  get #nowMicroseconds(): number {
    return this.#environment.clock.now() * 1000;
  }

  get pendingCount(): number {
    return this.#pending;
  }

  enqueue(request: PendingRequest): void {
    this.#refuse(request);
    const sequenced = this.#sequenced(request);
    const now = this.#nowMicroseconds;
    this.#expire(now);
    const arrival = this.#batcher.enqueue(sequenced, now);
    if (arrival.kind === 'not-started') throw this.#notStarted(sequenced.id);
    this.#lost.delete(sequenced.id);
    if (arrival.isConflict) this.#warnOfConflict(sequenced.id);
    this.#pending += 1;
    this.#runIdleInstances();
  }

  #refuse({ checked }: PendingRequest): void {
    const { request, batchSize } = checked;
    const { modelName } = this.#signature;
    const place = `inference request to model '${modelName}' must specify`;
    if (batchSize > 1) {
      throw new SchedulerRefusal(
        'invalid-argument',
        `${place} batch-size 1 due to requirements of sequence batcher`,
      );
    }
    const { sequenceId } = request.control;
    if (!this.#settings.isIterative && (sequenceId === 0n || sequenceId === '')) {
      throw new SchedulerRefusal('invalid-argument', `${place} a non-zero or non-empty correlation ID`);
    }
    const growable = refuseGrowableMemory(this.#config);
    if (growable !== null) {
      throw new SchedulerRefusal('unsupported', `${requestPrefix(request.id)}${growable}`);
    }
  }

  #sequenced(request: PendingRequest): SequenceRequest<PendingRequest> {
    const { control } = request.checked.request;
    const { timeoutMicroseconds } = control;
    const backlogDeadlineMicroseconds =
      timeoutMicroseconds > 0n ? this.#nowMicroseconds + Number(timeoutMicroseconds) : Infinity;
    const common = { work: request, backlogDeadlineMicroseconds };
    const { sequenceId: id, isSequenceStart: isStart, isSequenceEnd: isEnd } = control;
    if (!this.#settings.isIterative) return { ...common, id, isStart, isEnd, isLast: isEnd };
    // A backend that asks for no other round ends the sequence with each answer.
    if (id !== 0n && id !== '') return { ...common, id, isStart, isEnd, isLast: true };
    this.#iterations += 1n;
    return { ...common, id: this.#iterations, isStart: true, isEnd: false, isLast: true };
  }

  #notStarted(id: SequenceId): SchedulerRefusal {
    const lost = this.#lost.get(id);
    if (lost !== undefined) return new SchedulerRefusal('unavailable', lost);
    return new SchedulerRefusal(
      'invalid-argument',
      `inference request for sequence ${id} to model '${this.#signature.modelName}' must specify the START flag on the first request of the sequence`,
    );
  }

  #warnOfConflict(id: SequenceId): void {
    this.#environment.warn(
      `sequence ${id} for model '${this.#signature.modelName}' has a conflict. The previous sequence did not end before this sequence start. Previous sequence will be terminated early.`,
    );
  }

  instanceIdle(instance: number): void {
    const now = this.#nowMicroseconds;
    this.#batcher.completed(instance, now);
    this.#idle.add(instance);
    this.#expire(now);
    this.#runIdleInstances();
  }

  #expire(nowMicroseconds: number): void {
    const rejected = this.#batcher.expire(nowMicroseconds);
    const cause = new RequestRejected('timeout of the corresponding sequence has been expired');
    for (const { work } of rejected) this.#reject(work, cause);
  }

  #reject(request: PendingRequest, cause: StatusError): void {
    this.#pending -= 1;
    request.reject(cause);
  }

  /** Gives every idle instance what it can do now, and wakes when time alone changes that. */
  #runIdleInstances(): void {
    const now = this.#nowMicroseconds;
    let wakeAt = Infinity;
    for (const instance of this.#idle) {
      const step = this.#batcher.next(instance, now);
      if (step.kind === 'wait') wakeAt = Math.min(wakeAt, step.untilMicroseconds);
      else if (step.kind === 'run') this.#run(instance, step.rows);
    }
    const cancelled = new StatusError('cancelled', 'the client closed the connection');
    for (const { work } of this.#batcher.takeAbandoned()) this.#reject(work, cancelled);
    this.#wakeAt(Math.min(wakeAt, this.#batcher.nextExpiry()), now);
  }

  /** Waking too early is harmless: a timer that comes before is kept. */
  #wakeAt(atMicroseconds: number, nowMicroseconds: number): void {
    if (this.#wakesAt <= atMicroseconds) return;
    this.#stopTimer();
    this.#wakesAt = atMicroseconds;
    const wanted = Math.ceil((atMicroseconds - nowMicroseconds) / 1000);
    const milliseconds = Math.min(Math.max(1, wanted), MAX_TIMER_MILLISECONDS);
    this.#stopTimer = this.#environment.clock.startTimer(milliseconds, () => {
      this.#wakesAt = Infinity;
      this.#expire(this.#nowMicroseconds);
      this.#runIdleInstances();
    });
  }

  #run(instance: number, rows: readonly Row[]): void {
    this.#idle.delete(instance);
    const batch = this.#batch(rows);
    this.#pending -= batch.requests.length;
    this.#environment.runBatch(instance, batch);
  }

  #batch(rows: readonly Row[]): Batch {
    const taken = rows.flatMap(({ request }, row) => (request ? [{ row, request: request.work }] : []));
    const requests = taken.map(({ request }) => request);
    const like = requests[0]?.checked.modelInputs ?? [];
    const members = rows.map(({ request, sequence }) => ({
      batchSize: 1,
      modelInputs: rowInputs(this.#controls, request, request?.work.checked.modelInputs ?? like, sequence),
    }));
    const states = this.#states.map(({ outputName }) => outputName);
    return {
      requests,
      firstRows: taken.map(({ row }) => row),
      batchSize: rows.length,
      inputs: gatherInputs(this.#rule, members),
      outputs: [...new Set([...requestedOutputs(this.#signature, requests), ...states])],
      executed: (outputs) => this.#keepStates(rows, outputs),
    };
  }

  /** The states go to the sequences; a request whose states could not be told from the others' fails. */
  #keepStates(rows: readonly Row[], outputs: readonly NamedTensor[]): Map<PendingRequest, StatusError> {
    const failures = new Map<PendingRequest, StatusError>();
    const before = rows.map(({ sequence }) => sequence.states);
    const split = splitStates(this.#rule, this.#states, before, outputs);
    for (const [row, result] of split.entries()) {
      const { request, sequence } = rows[row] ?? {};
      if (!request || !sequence) continue;
      if (typeof result !== 'string') sequence.states = result;
      else {
        const text = `${requestPrefix(request.work.checked.request.id)}${result}`;
        failures.set(request.work, new StatusError('unsupported', text));
      }
    }
    return failures;
  }

  instancesLost(): void {
    this.#idle.clear();
    this.#lostIds = this.#batcher.liveIds();
  }

  rejectAll(cause: StatusError): void {
    const waiting = this.#batcher.queued();
    this.#remember(cause);
    this.#batcher = this.#createBatcher();
    for (const { work } of waiting) this.#reject(work, cause);
  }

  #remember(cause: StatusError): void {
    const { modelName } = this.#signature;
    for (const id of this.#lostIds) {
      const text = `sequence ${id} of model '${modelName}' has ended and has to be started again: ${cause.message}`;
      this.#lost.set(id, text);
    }
    this.#lostIds = [];
    for (const id of this.#lost.keys()) {
      if (this.#lost.size <= MAX_REMEMBERED) return;
      this.#lost.delete(id);
    }
  }

  close(): void {
    this.#idle.clear();
    this.#stopTimer();
  }
}
