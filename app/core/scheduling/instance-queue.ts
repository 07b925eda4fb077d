/**
 * Requests waiting for one of several equal instances: first come, first served, each executed alone (Triton's
 * default scheduler). It decides; whoever owns it acts.
 */
export class InstanceQueue<Work, Instance> {
  readonly #waiting: Work[] = [];
  readonly #idle: Instance[] = [];
  #taken = 0;

  /** Requests that wait. */
  get length(): number {
    return this.#waiting.length - this.#taken;
  }

  /** A request has come: the instance that executes it now, or undefined if it has to wait. */
  enqueue(work: Work): Instance | undefined {
    const instance = this.#idle.shift();
    if (instance === undefined) this.#waiting.push(work);
    return instance;
  }

  /** An instance is idle: the request that it executes next, or undefined if none waits. */
  release(instance: Instance): Work | undefined {
    const work = this.#waiting[this.#taken];
    if (work === undefined) {
      this.#idle.push(instance);
      return undefined;
    }
    this.#taken += 1;
    if (this.#taken > 1024 && this.#taken * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#taken);
      this.#taken = 0;
    }
    return work;
  }

  /** Forgets all instances; the requests keep waiting. */
  dropInstances(): void {
    this.#idle.length = 0;
  }

  /** Takes all waiting requests out, in order. */
  drain(): Work[] {
    const waiting = this.#waiting.splice(0).slice(this.#taken);
    this.#taken = 0;
    return waiting;
  }
}
