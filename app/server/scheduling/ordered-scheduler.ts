import type { StatusError } from '../../core/status.ts';
import type { Inference } from '../repository/model-version.ts';
import type { PendingRequest, Scheduler } from './scheduler.ts';

interface Place {
  /** Null: not answered yet. */
  answer: (() => void) | null;
}

/** A scheduler whose answers leave in the order in which their requests came (`preserve_ordering`). */
export class OrderedScheduler implements Scheduler {
  readonly #scheduler: Scheduler;
  #places: Place[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get pendingCount(): number {
    return this.#scheduler.pendingCount;
  }

  enqueue(request: PendingRequest): void {
    const place: Place = { answer: null };
    const settle = (answer: () => void): void => {
      place.answer = answer;
      this.#release();
    };
    this.#places.push(place);
    try {
      this.#scheduler.enqueue({
        checked: request.checked,
        arrivedAt: request.arrivedAt,
        enqueuedAt: request.enqueuedAt,
        signal: request.signal,
        started: () => request.started(),
        resolve: (inference: Inference) => settle(() => request.resolve(inference)),
        reject: (cause: unknown) => settle(() => request.reject(cause)),
      });
    } catch (cause) {
      this.#places = this.#places.filter((each) => each !== place);
      this.#release();
      throw cause;
    }
  }

  #release(): void {
    for (;;) {
      const answer = this.#places[0]?.answer;
      if (!answer) return;
      this.#places.shift();
      answer();
    }
  }

  instanceIdle(instance: number): void {
    this.#scheduler.instanceIdle(instance);
  }

  instancesLost(): void {
    this.#scheduler.instancesLost();
  }

  rejectAll(cause: StatusError): void {
    this.#scheduler.rejectAll(cause);
  }

  close(): void {
    this.#scheduler.close();
  }
}
