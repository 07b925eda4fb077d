/** Lets a number of requests at a time into a step; the others wait in their order (`max_inflight_requests`). */
export class StepLimiter {
  readonly #limit: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param limit 0: no limit. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves when there is a place, or when `signal` is aborted: then the step itself refuses the request. */
  async enter(signal: AbortSignal): Promise<void> {
    if (this.#limit === 0) return;
    if (this.#taken >= this.#limit && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const proceed = (): void => {
          signal.removeEventListener('abort', proceed);
          const place = this.#waiting.indexOf(proceed);
          if (place >= 0) this.#waiting.splice(place, 1);
          resolve();
        };
        this.#waiting.push(proceed);
        signal.addEventListener('abort', proceed);
      });
    }
    this.#taken += 1;
  }

  /** Gives a place back. */
  leave(): void {
    if (this.#limit === 0) return;
    this.#taken -= 1;
    if (this.#taken < this.#limit) this.#waiting[0]?.();
  }
}
