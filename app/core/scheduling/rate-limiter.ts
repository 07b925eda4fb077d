import type { ResourceLimit } from '../model-config/check-rate-limit.ts';
import type { ModelInstanceGroup } from '../model-config/model-config.ts';
import { StatusError } from '../status.ts';

/** A resource that an instance needs while it runs. */
export interface ResourceNeed {
  readonly name: string;
  readonly count: number;
  /** Shared by all devices instead of being counted for each. */
  readonly isGlobal: boolean;
}

/** An instance as the rate limiter knows it. */
export interface LimitedInstance {
  readonly device: number;
  readonly needs: readonly ResourceNeed[];
  /** Its share is inverse to this; 1 unless the config says otherwise. */
  readonly priority: number;
}

/** What each instance of a group needs, and its priority (`instance_group.rate_limiter`). */
export function instanceLimit(group: ModelInstanceGroup): Omit<LimitedInstance, 'device'> {
  const { resources = [], priority = 0 } = group.rate_limiter ?? {};
  return {
    needs: resources.map(({ name = '', count = 0, global = false }) => ({ name, count, isGlobal: global })),
    priority: Math.max(1, priority),
  };
}

interface Entry<Key> {
  readonly key: Key;
  readonly instance: LimitedInstance;
  executions: number;
}

const poolOf = ({ name, isGlobal }: ResourceNeed, device: number): string =>
  JSON.stringify([name, isGlobal ? null : device]);

/**
 * Triton's rate limiter (`rate_limiter.cc`, `--rate-limit=execution_count`): an instance runs only while what it needs is
 * free, and of those that wait the one runs next that has run least for its priority. Without limits of the command line
 * there is of each resource what the neediest instance needs.
 */
export class RateLimiter<Key> {
  readonly #limits: readonly ResourceLimit[];
  readonly #entries = new Map<Key, Entry<Key>>();
  readonly #used = new Map<string, number>();
  #waiting: Entry<Key>[] = [];

  constructor(limits: readonly ResourceLimit[]) {
    this.#limits = limits;
  }

  #limitOf(need: ResourceNeed, device: number): number {
    const named = this.#limits.filter(({ name }) => name === need.name);
    if (this.#limits.length > 0) {
      const own = need.isGlobal ? undefined : named.find((limit) => limit.device === device);
      return (own ?? named.find((limit) => limit.device === null))?.count ?? 0;
    }
    const pool = poolOf(need, device);
    let largest = need.count;
    for (const { instance } of this.#entries.values()) {
      for (const each of instance.needs) {
        if (poolOf(each, instance.device) === pool) largest = Math.max(largest, each.count);
      }
    }
    return largest;
  }

  /** @throws StatusError `invalid-argument` in Triton's words if an instance could never run. */
  register(key: Key, instance: LimitedInstance): void {
    for (const need of instance.needs) {
      const limit = this.#limitOf(need, instance.device);
      if (need.count > limit) {
        throw new StatusError(
          'invalid-argument',
          `Resource count for "${need.name}" is limited to ${limit} which will prevent scheduling of one or more model instances, the minimum required count is ${need.count}`,
        );
      }
    }
    this.#entries.set(key, { key, instance, executions: 0 });
  }

  /** The instance is gone, whether it runs, waits or does nothing. The result: who may run now. */
  unregister(key: Key, isRunning: boolean): Key[] {
    const entry = this.#entries.get(key);
    if (entry && isRunning) this.#give(entry, -1);
    this.#entries.delete(key);
    this.#waiting = this.#waiting.filter((each) => each.key !== key);
    return this.#grant();
  }

  /** The instance wants to run. The result: who may run now, perhaps it. */
  request(key: Key): Key[] {
    const entry = this.#entries.get(key);
    if (!entry) return [key];
    this.#waiting.push(entry);
    return this.#grant();
  }

  /** The instance has run. The result: who may run now. */
  release(key: Key): Key[] {
    const entry = this.#entries.get(key);
    if (entry) this.#give(entry, -1);
    return this.#grant();
  }

  #give({ instance }: Entry<Key>, sign: 1 | -1): void {
    for (const need of instance.needs) {
      const pool = poolOf(need, instance.device);
      this.#used.set(pool, (this.#used.get(pool) ?? 0) + sign * need.count);
    }
  }

  #isFree({ instance }: Entry<Key>): boolean {
    return instance.needs.every((need) => {
      const used = this.#used.get(poolOf(need, instance.device)) ?? 0;
      return used + need.count <= this.#limitOf(need, instance.device);
    });
  }

  #grant(): Key[] {
    const granted: Key[] = [];
    const rank = ({ executions, instance }: Entry<Key>): number => executions * instance.priority;
    this.#waiting.sort((left, right) => rank(left) - rank(right));
    for (;;) {
      const [next] = this.#waiting;
      // The next in line is not overtaken by one that needs less.
      if (!next || !this.#isFree(next)) return granted;
      this.#waiting.shift();
      this.#give(next, 1);
      next.executions += 1;
      granted.push(next.key);
    }
  }
}
