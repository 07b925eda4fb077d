import { requestPrefix } from '../../core/open-inference/check-infer-request.ts';
import type { ServedSignature } from '../../core/open-inference/served-signature.ts';
import type { BatchRule } from '../../core/scheduling/batch-tensors.ts';
import { canShareBatch, type SharingRule } from '../../core/scheduling/can-share-batch.ts';
import { DynamicBatcher, type BatcherPolicy } from '../../core/scheduling/dynamic-batcher.ts';
import { StatusError } from '../../core/status.ts';
import { onAbort } from './on-abort.ts';
import { formBatch } from './form-batch.ts';
import {
  RequestRejected,
  type PendingRequest,
  type Scheduler,
  type SchedulerEnvironment,
} from './scheduler.ts';

/** What a batch scheduler follows. */
export interface BatchSchedulerRules {
  readonly policy: BatcherPolicy;
  readonly sharing: SharingRule;
  readonly tensors: BatchRule;
  readonly signature: ServedSignature;
}

const cancelled = (): StatusError => new StatusError('cancelled', 'Request cancelled');

/** Triton's dynamic batcher and its default scheduler: acts on what {@link DynamicBatcher} decides. */
export class BatchScheduler implements Scheduler {
  readonly #rules: BatchSchedulerRules;
  readonly #environment: SchedulerEnvironment;
  readonly #batcher: DynamicBatcher<PendingRequest>;
  /** How to stop watching whether anybody still waits for a request that is queued. */
  readonly #watched = new Map<PendingRequest, () => void>();
  /** Ends the timer for the next decision. */
  #stopTimer: (() => void) | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(rules: BatchSchedulerRules, environment: SchedulerEnvironment) {
    this.#rules = rules;
    this.#environment = environment;
    this.#batcher = new DynamicBatcher(rules.policy, (lead, other) =>
      canShareBatch(rules.sharing, lead.checked.modelInputs, other.checked.modelInputs),
    );
  }

  get pendingCount(): number {
    return this.#batcher.pendingCount;
  }

  enqueue(request: PendingRequest): void {
    const { checked, signal } = request;
    if (signal.aborted) throw cancelled();
    const { id, control } = checked.request;
    const queued = this.#batcher.enqueue(
      {
        work: request,
        rows: Math.max(1, checked.batchSize),
        priority: Number(control.priority),
        timeoutMicroseconds: Number(control.timeoutMicroseconds),
      },
      request.enqueuedAt,
    );
    if (!queued) {
      throw new StatusError('unavailable', `${requestPrefix(id)}Exceeds maximum queue size`);
    }
    this.#decide(request.enqueuedAt);
    if (queued.state === 'started') return;
    const stop = onAbort(signal, () => {
      this.#watched.delete(request);
      this.#batcher.discard(queued);
      request.reject(cancelled());
    });
    this.#watched.set(request, stop);
  }

  /** The request waits no more, whatever becomes of it. */
  #unwatch(request: PendingRequest): void {
    this.#watched.get(request)?.();
    this.#watched.delete(request);
  }

  instanceIdle(instance: number): void {
    this.#batcher.instanceIdle(instance);
    this.#decide(this.#environment.clock.now());
  }

  #decide(now: number): void {
    const { starts, expired, decideAgainAt } = this.#batcher.decide(now);
    this.#setTimer(now, decideAgainAt);
    for (const { instance, works } of starts) {
      const { tensors, signature } = this.#rules;
      if (this.#watched.size > 0) for (const request of works) this.#unwatch(request);
      this.#environment.runBatch(instance, formBatch(tensors, signature, works));
    }
    for (const request of expired) {
      this.#unwatch(request);
      request.reject(new RequestRejected('Request timeout expired'));
    }
  }

  #setTimer(now: number, at: number | null): void {
    if (at === null) {
      this.#clearTimer();
      return;
    }
    if (this.#stopTimer && this.#timerAt <= at && this.#timerAt > now) return;
    this.#clearTimer();
    this.#timerAt = at;
    this.#stopTimer = this.#environment.clock.startTimer(Math.max(0, at - now), () => {
      this.#stopTimer = null;
      this.#decide(this.#environment.clock.now());
    });
  }

  #clearTimer(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  instancesLost(): void {
    this.#batcher.dropInstances();
  }

  rejectAll(cause: StatusError): void {
    for (const request of this.#batcher.drain()) {
      this.#unwatch(request);
      request.reject(cause);
    }
    this.#clearTimer();
  }

  close(): void {
    this.#batcher.dropInstances();
    this.#clearTimer();
  }
}
