/** What happens to requests that wait (`ModelQueuePolicy`). */
export interface QueuePolicy {
  /** 0: no limit. */
  readonly maxQueueSize: number;
  /** 0: none. */
  readonly defaultTimeoutMicroseconds: number;
  readonly allowsTimeoutOverride: boolean;
  /** What a request that has waited too long is: refused, or put behind all others. */
  readonly timeoutAction: 'REJECT' | 'DELAY';
}

/** A request as queues see it. Times in milliseconds of any one clock. */
export interface QueuedRequest<Work> {
  readonly work: Work;
  readonly rows: number;
  readonly enqueuedAt: number;
  /** When it has waited too long; null for never. */
  readonly expiresAt: number | null;
  /** Index of its queue. */
  readonly level: number;
  /** In its queue, in a batch that waits for an instance, started, or given up: then it is passed by. */
  state: 'queued' | 'formed' | 'started' | 'gone';
}

/** First in, first out; taking from the front costs nothing, whatever the length. */
class Line<Item> {
  #items: Item[] = [];
  #taken = 0;

  push(item: Item): void {
    this.#items.push(item);
  }

  get length(): number {
    return this.#items.length - this.#taken;
  }

  at(index: number): Item | undefined {
    return this.#items[this.#taken + index];
  }

  drop(count: number): void {
    this.#taken += count;
    if (this.#taken === this.#items.length) {
      this.#items = [];
      this.#taken = 0;
    } else if (this.#taken > 1024 && this.#taken * 2 > this.#items.length) {
      this.#items.splice(0, this.#taken);
      this.#taken = 0;
    }
  }

  replace(items: Item[]): void {
    this.#items = items;
    this.#taken = 0;
  }
}

/** The requests of one priority level, oldest first, and behind them those that have waited too long (DELAY). */
class Level<Work> {
  readonly policy: QueuePolicy;
  readonly waiting = new Line<QueuedRequest<Work>>();
  readonly delayed = new Line<QueuedRequest<Work>>();
  /** Those that are not gone. */
  size = 0;

  constructor(policy: QueuePolicy) {
    this.policy = policy;
  }

  expiry(timeoutMicroseconds: number, now: number): number | null {
    const { defaultTimeoutMicroseconds, allowsTimeoutOverride } = this.policy;
    const isShorter = timeoutMicroseconds > 0 && timeoutMicroseconds < defaultTimeoutMicroseconds;
    const microseconds =
      allowsTimeoutOverride && isShorter ? timeoutMicroseconds : defaultTimeoutMicroseconds;
    return microseconds === 0 ? null : now + microseconds / 1000;
  }
}

/** Which queues a scheduler has: one, or one for each priority level. */
export interface QueuePolicies {
  readonly defaultPolicy: QueuePolicy;
  /** 0: no priorities. */
  readonly levels: number;
  readonly defaultLevel: number;
  readonly policyOfLevel: ReadonlyMap<number, QueuePolicy>;
}

/** A queue without limits, timeouts or priorities. */
export const PLAIN_QUEUES: QueuePolicies = {
  defaultPolicy: {
    maxQueueSize: 0,
    defaultTimeoutMicroseconds: 0,
    allowsTimeoutOverride: false,
    timeoutAction: 'REJECT',
  },
  levels: 0,
  defaultLevel: 0,
  policyOfLevel: new Map(),
};

/** What a request brings to its queue. */
export interface QueueEntry<Work> {
  readonly work: Work;
  readonly rows: number;
  /** 0, or above the number of levels: the default level. 1 runs first. */
  readonly priority: number;
  /** 0: none. */
  readonly timeoutMicroseconds: number;
}

/** Triton's priority queue with its policies (`scheduler_utils.cc`): it decides; whoever owns it acts. */
export class PolicyQueue<Work> {
  readonly #policies: QueuePolicies;
  readonly #levels: readonly Level<Work>[];
  /** Earliest time at which a request may have waited too long. */
  #nextExpiry = Number.POSITIVE_INFINITY;
  #size = 0;

  constructor(policies: QueuePolicies) {
    this.#policies = policies;
    const count = Math.max(1, policies.levels);
    this.#levels = Array.from({ length: count }, (_, index) => {
      const own = policies.levels === 0 ? undefined : policies.policyOfLevel.get(index + 1);
      return new Level(own ?? policies.defaultPolicy);
    });
  }

  /** Requests that wait. */
  get size(): number {
    return this.#size;
  }

  /** When the next request will have waited too long; null for never. */
  get nextExpiry(): number | null {
    return Number.isFinite(this.#nextExpiry) ? this.#nextExpiry : null;
  }

  #levelOf(priority: number): number {
    const { levels, defaultLevel } = this.#policies;
    if (levels === 0) return 0;
    return Math.max(1, priority === 0 || priority > levels ? defaultLevel : priority) - 1;
  }

  /** Takes a request; null if its queue is full. */
  enqueue(entry: QueueEntry<Work>, now: number): QueuedRequest<Work> | null {
    const index = this.#levelOf(entry.priority);
    const level = this.#levels[index];
    if (!level) return null;
    const { maxQueueSize } = level.policy;
    if (maxQueueSize > 0 && level.size >= maxQueueSize) return null;
    const expiresAt = level.expiry(entry.timeoutMicroseconds, now);
    const { work, rows } = entry;
    const request: QueuedRequest<Work> = {
      work,
      rows,
      enqueuedAt: now,
      expiresAt,
      level: index,
      state: 'queued',
    };
    level.waiting.push(request);
    level.size += 1;
    this.#size += 1;
    if (expiresAt !== null) this.#nextExpiry = Math.min(this.#nextExpiry, expiresAt);
    return request;
  }

  /** Applies the timeouts: the requests that are to be refused are taken out and given back, in order. */
  expire(now: number): Work[] {
    if (now < this.#nextExpiry) return [];
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    return this.#levels.flatMap((level) => this.#expireLevel(level, now));
  }

  #expireLevel(level: Level<Work>, now: number): Work[] {
    const kept: QueuedRequest<Work>[] = [];
    const refused: Work[] = [];
    for (let index = 0; index < level.waiting.length; index += 1) {
      const request = level.waiting.at(index);
      if (request?.state !== 'queued') continue;
      if (request.expiresAt === null || now < request.expiresAt) {
        kept.push(request);
        if (request.expiresAt !== null) this.#nextExpiry = Math.min(this.#nextExpiry, request.expiresAt);
      } else if (level.policy.timeoutAction === 'DELAY') level.delayed.push(request);
      else {
        request.state = 'gone';
        refused.push(request.work);
      }
    }
    level.waiting.replace(kept);
    level.size -= refused.length;
    this.#size -= refused.length;
    return refused;
  }

  /** The first `limit` requests in the order in which they would run. */
  first(limit: number): QueuedRequest<Work>[] {
    const found: QueuedRequest<Work>[] = [];
    for (const { waiting, delayed } of this.#levels) {
      for (const line of [waiting, delayed]) {
        for (let index = 0; index < line.length && found.length < limit; index += 1) {
          const request = line.at(index);
          if (request?.state === 'queued') found.push(request);
        }
      }
    }
    return found;
  }

  /** Takes the first `count` requests out. */
  take(count: number): QueuedRequest<Work>[] {
    const taken: QueuedRequest<Work>[] = [];
    for (const level of this.#levels) {
      const before = taken.length;
      for (const line of [level.waiting, level.delayed]) {
        let passed = 0;
        for (; passed < line.length && taken.length < count; passed += 1) {
          const request = line.at(passed);
          if (request?.state !== 'queued') continue;
          request.state = 'formed';
          taken.push(request);
        }
        line.drop(passed);
      }
      level.size -= taken.length - before;
    }
    this.#size -= taken.length;
    return taken;
  }

  /** Nobody waits for this request any more. */
  discard(request: QueuedRequest<Work>): void {
    const level = this.#levels[request.level];
    if (request.state === 'queued' && level) {
      level.size -= 1;
      this.#size -= 1;
    }
    request.state = 'gone';
  }
}
