import type { ServedSignature } from '../../core/open-inference/served-signature.ts';
import type { BatchRule } from '../../core/scheduling/batch-tensors.ts';
import { InstanceQueue } from '../../core/scheduling/instance-queue.ts';
import { StatusError } from '../../core/status.ts';
import { formBatch } from './form-batch.ts';
import type { PendingRequest, Scheduler, SchedulerEnvironment } from './scheduler.ts';

/** Triton's default scheduler: each request runs alone, first come, first served. */
export class DefaultScheduler implements Scheduler {
  readonly #rule: BatchRule;
  readonly #signature: ServedSignature;
  readonly #environment: SchedulerEnvironment;
  readonly #queue = new InstanceQueue<PendingRequest, number>();

  constructor(rule: BatchRule, signature: ServedSignature, environment: SchedulerEnvironment) {
    this.#rule = rule;
    this.#signature = signature;
    this.#environment = environment;
  }

  get pendingCount(): number {
    return this.#queue.length;
  }

  enqueue(request: PendingRequest): void {
    const instance = this.#queue.enqueue(request);
    if (instance !== undefined) this.#run(instance, request);
  }

  instanceIdle(instance: number): void {
    for (;;) {
      const next = this.#queue.release(instance);
      if (!next) return;
      if (!next.signal.aborted) {
        this.#run(instance, next);
        return;
      }
      next.reject(new StatusError('cancelled', 'the client closed the connection'));
    }
  }

  #run(instance: number, request: PendingRequest): void {
    this.#environment.runBatch(instance, formBatch(this.#rule, this.#signature, [request]));
  }

  instancesLost(): void {
    this.#queue.dropInstances();
  }

  rejectAll(cause: StatusError): void {
    for (const request of this.#queue.drain()) request.reject(cause);
  }

  close(): void {
    this.#queue.dropInstances();
  }
}
