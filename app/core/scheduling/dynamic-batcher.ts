import type { Message, ModelConfig } from '../model-config/model-config.ts';
import { chooseBatch, type BatchPolicy } from './choose-batch.ts';
import {
  PLAIN_QUEUES,
  PolicyQueue,
  type QueuedRequest,
  type QueueEntry,
  type QueuePolicies,
  type QueuePolicy,
} from './policy-queue.ts';

/** What decides how the requests of a model are batched. */
export interface BatcherPolicy {
  /** Null: each request runs alone (Triton's default scheduler). */
  readonly batch: BatchPolicy | null;
  readonly queues: QueuePolicies;
  /** Nothing runs until so many requests wait, once (`TRITONSERVER_DELAY_SCHEDULER`); 0: at once. */
  readonly holdUntil: number;
}

/** What is to be done now. */
export interface BatcherDecisions<Work> {
  /** Batches that start, each on an instance that was idle. */
  readonly starts: readonly { readonly instance: number; readonly works: readonly Work[] }[];
  /** Requests that have waited too long. */
  readonly expired: readonly Work[];
  /** Time at which to decide again if nothing happens before; null: no need. */
  readonly decideAgainAt: number | null;
}

function queuePolicy(policy: Message<'ModelQueuePolicy'> | undefined): QueuePolicy {
  return {
    maxQueueSize: policy?.max_queue_size ?? 0,
    defaultTimeoutMicroseconds: policy?.default_timeout_microseconds ?? 0,
    allowsTimeoutOverride: policy?.allow_timeout_override ?? false,
    timeoutAction: policy?.timeout_action ?? 'REJECT',
  };
}

/** The policy of a config's `dynamic_batching`; without that section each request runs alone. */
export function batcherPolicy(config: ModelConfig, holdUntil = 0): BatcherPolicy {
  const batching = config.dynamic_batching;
  const maxBatchSize = config.max_batch_size ?? 0;
  if (!batching || maxBatchSize === 0) return { batch: null, queues: PLAIN_QUEUES, holdUntil: 0 };
  const preferred = batching.preferred_batch_size ?? [];
  return {
    batch: {
      maxBatchSize,
      preferredSizes: new Set(preferred.length === 0 ? [maxBatchSize] : preferred),
      maxQueueDelayMilliseconds: (batching.max_queue_delay_microseconds ?? 0) / 1000,
    },
    queues: {
      defaultPolicy: queuePolicy(batching.default_queue_policy),
      levels: batching.priority_levels ?? 0,
      defaultLevel: batching.default_priority_level ?? 0,
      policyOfLevel: new Map(
        Object.entries(batching.priority_queue_policy ?? {}).map(([level, policy]) => [
          Number(level),
          queuePolicy(policy),
        ]),
      ),
    },
    holdUntil,
  };
}

interface FormedBatch<Work> {
  rows: number;
  readonly requests: QueuedRequest<Work>[];
  isClosed: boolean;
}

/** Batches that are formed ahead for each instance while all are busy, as in Triton. */
const FORMED_AHEAD = 2;

function isPlain({ levels, defaultPolicy }: QueuePolicies): boolean {
  const { maxQueueSize, defaultTimeoutMicroseconds, allowsTimeoutOverride } = defaultPolicy;
  return levels < 2 && maxQueueSize === 0 && defaultTimeoutMicroseconds === 0 && !allowsTimeoutOverride;
}

/**
 * Triton's dynamic batcher, and with no batch policy its default scheduler, as a decision: told what came, which
 * instance is idle and what time it is (milliseconds of any one clock), it says what runs now. `isAlike` says whether
 * two requests may share a batch.
 */
export class DynamicBatcher<Work> {
  readonly #policy: BatcherPolicy;
  readonly #isAlike: (lead: Work, other: Work) => boolean;
  readonly #queue: PolicyQueue<Work>;
  readonly #formsAhead: boolean;
  #idle: number[] = [];
  #instanceCount = 0;
  #formed: FormedBatch<Work>[] = [];
  #formedCount = 0;
  #isHeld: boolean;

  constructor(policy: BatcherPolicy, isAlike: (lead: Work, other: Work) => boolean) {
    this.#policy = policy;
    this.#isAlike = isAlike;
    this.#queue = new PolicyQueue(policy.queues);
    this.#isHeld = policy.holdUntil > 0;
    const delay = policy.batch?.maxQueueDelayMilliseconds ?? 0;
    this.#formsAhead = delay > 0 && isPlain(policy.queues);
  }

  /** Requests that wait for their execution. */
  get pendingCount(): number {
    return this.#queue.size + this.#formedCount;
  }

  /** Takes a request; null if its queue is full. Decide afterwards. */
  enqueue(entry: QueueEntry<Work>, now: number): QueuedRequest<Work> | null {
    return this.#queue.enqueue(entry, now);
  }

  /** An instance has nothing to do. Decide afterwards. */
  instanceIdle(instance: number): void {
    this.#instanceCount = Math.max(this.#instanceCount, instance + 1);
    this.#idle.push(instance);
  }

  /** No instance exists any more; the requests keep waiting. */
  dropInstances(): void {
    this.#idle = [];
  }

  /** Nobody waits for this request any more. */
  discard(request: QueuedRequest<Work>): void {
    if (request.state === 'formed') this.#formedCount -= 1;
    this.#queue.discard(request);
  }

  /** Takes all requests out, in the order in which they would run. */
  drain(): Work[] {
    const formed = this.#formed.flatMap(({ requests }) => requests).filter(({ state }) => state === 'formed');
    this.#formed = [];
    this.#formedCount = 0;
    const all = [...formed, ...this.#queue.take(this.#queue.size)];
    for (const request of all) request.state = 'gone';
    return all.map(({ work }) => work);
  }

  /** What is to be done now. */
  decide(now: number): BatcherDecisions<Work> {
    const expired = this.#queue.expire(now);
    if (this.#isHeld && this.#queue.size >= this.#policy.holdUntil) this.#isHeld = false;
    const starts: { instance: number; works: Work[] }[] = [];
    let wait: number | null = null;
    if (!this.#isHeld) {
      while (this.#idle.length > 0) {
        wait = this.#formed.length > 0 ? null : this.#form(now);
        const works = this.#takeFormed();
        if (works === null) break;
        const instance = works.length > 0 ? this.#idle.shift() : undefined;
        if (instance !== undefined) starts.push({ instance, works });
      }
      if (this.#formsAhead && this.#idle.length === 0) wait = this.#formAhead(now);
    }
    const expiry = this.#queue.nextExpiry;
    const again = wait === null ? expiry : Math.min(now + wait, expiry ?? Number.POSITIVE_INFINITY);
    return { starts, expired, decideAgainAt: again };
  }

  /** The next batch, of which those that were cancelled are gone; null if none is formed. */
  #takeFormed(): Work[] | null {
    const batch = this.#formed.shift();
    if (!batch) return null;
    const works: Work[] = [];
    for (const request of batch.requests) {
      if (request.state !== 'formed') continue;
      request.state = 'started';
      works.push(request.work);
    }
    this.#formedCount -= works.length;
    return works;
  }

  #formAhead(now: number): number | null {
    for (;;) {
      const last = this.#formed.at(-1);
      const isFull = this.#formed.length >= FORMED_AHEAD * this.#instanceCount;
      if (this.#queue.size === 0 || (isFull && last?.isClosed !== false)) return null;
      const before = this.#queue.size;
      const wasClosed = last?.isClosed;
      const wait = this.#form(now);
      if (this.#queue.size === before && last?.isClosed === wasClosed) return wait;
    }
  }

  /** Begins a batch or lets the last one grow. The result: how long to wait for more at most. */
  #form(now: number): number | null {
    const { batch: policy } = this.#policy;
    if (this.#queue.size === 0) return null;
    if (policy === null) {
      this.#add(null, 1, true);
      return null;
    }
    const last = this.#formed.at(-1);
    const open = last && !last.isClosed ? last : null;
    const lead = open?.requests[0];
    const choice = chooseBatch(
      policy,
      this.#queue.first(policy.maxBatchSize + 1),
      open && lead ? { rows: open.rows, lead } : null,
      now,
      (first, candidate) => this.#isAlike(first.work, candidate.work),
    );
    this.#add(open, choice.count, choice.isClosed);
    return choice.waitMilliseconds;
  }

  #add(open: FormedBatch<Work> | null, count: number, isClosed: boolean): void {
    if (open) open.isClosed = isClosed;
    if (count === 0) return;
    const taken = this.#queue.take(count);
    this.#formedCount += taken.length;
    const rows = taken.reduce((total, request) => total + request.rows, 0);
    if (!open) {
      this.#formed.push({ rows, requests: taken, isClosed });
      return;
    }
    open.rows += rows;
    open.requests.push(...taken);
  }
}
