import type { ResourceLimit } from '../../core/model-config/check-rate-limit.ts';
import { RateLimiter, type LimitedInstance } from '../../core/scheduling/rate-limiter.ts';

/** The way of one instance through the gate. */
export interface GatePass {
  /** Calls back when the instance may run: now or later. Call `leave` when it has run. */
  enter(run: () => void): void;
  leave(): void;
  /** The instance is gone. */
  remove(): void;
}

/** Lets instances of all models run only while the resources that they need are free (`--rate-limit`). */
export class RateLimitGate {
  readonly #limiter: RateLimiter<Pass>;

  constructor(limits: readonly ResourceLimit[]) {
    this.#limiter = new RateLimiter(limits);
  }

  /** @throws StatusError `invalid-argument` in Triton's words if one of them could never run; then none is admitted. */
  admit(instances: readonly LimitedInstance[]): GatePass[] {
    const passes: Pass[] = [];
    try {
      for (const instance of instances) {
        const pass = new Pass(this.#limiter);
        this.#limiter.register(pass, instance);
        passes.push(pass);
      }
    } catch (cause) {
      for (const pass of passes) pass.remove();
      throw cause;
    }
    return passes;
  }
}

class Pass implements GatePass {
  readonly #limiter: RateLimiter<Pass>;
  #run: (() => void) | null = null;
  #isRunning = false;

  constructor(limiter: RateLimiter<Pass>) {
    this.#limiter = limiter;
  }

  enter(run: () => void): void {
    this.#run = run;
    start(this.#limiter.request(this));
  }

  start(): void {
    this.#isRunning = true;
    const run = this.#run;
    this.#run = null;
    run?.();
  }

  leave(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    start(this.#limiter.release(this));
  }

  remove(): void {
    const wasRunning = this.#isRunning;
    this.#isRunning = false;
    const granted = this.#limiter.unregister(this, wasRunning);
    // What it was to run fails by itself: its engine is gone.
    this.#run?.();
    this.#run = null;
    start(granted);
  }
}

function start(passes: readonly Pass[]): void {
  for (const pass of passes) pass.start();
}
