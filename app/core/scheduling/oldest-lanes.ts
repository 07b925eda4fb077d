import {
  rowKey,
  sequenceFor,
  type LaneFacts,
  type LiveSequence,
  type SequenceLanes,
  type SequenceStep,
} from './sequence-lanes.ts';
import type { OldestStrategy } from './sequence-settings.ts';
import type { SequenceRequest } from './sequence-slots.ts';

interface Lane<Work> {
  /** `end`: the sequence was idle for too long. */
  queue: (SequenceRequest<Work> | 'end')[];
  sequence: LiveSequence | null;
  /** A request of this slot is a candidate or runs. */
  isBusy: boolean;
}

/** The oldest request of a slot, ready to be batched. */
interface Candidate<Work> {
  readonly slot: number;
  readonly request: SequenceRequest<Work>;
  readonly sequence: LiveSequence;
  readonly sinceMicroseconds: number;
}

/**
 * Triton's oldest strategy: the oldest request of each slot is a candidate; candidates are batched dynamically, first
 * come, first served. The next request of a slot becomes a candidate when the one before it has run.
 */
export class OldestLanes<Work> implements SequenceLanes<Work> {
  readonly #strategy: OldestStrategy;
  readonly #facts: LaneFacts<Work>;
  readonly #lanes: Lane<Work>[];
  readonly #candidateLimit: number;
  #candidates: Candidate<Work>[] = [];
  #running: readonly number[] = [];

  constructor(strategy: OldestStrategy, slotCount: number, facts: LaneFacts<Work>) {
    this.#strategy = strategy;
    this.#facts = facts;
    this.#candidateLimit = Math.max(1, strategy.maxBatchSize);
    this.#lanes = Array.from({ length: slotCount }, () => ({ queue: [], sequence: null, isBusy: false }));
  }

  queued(): SequenceRequest<Work>[] {
    const behind = this.#lanes.flatMap(({ queue }) => queue.filter((entry) => entry !== 'end'));
    return [...this.#candidates.map(({ request }) => request), ...behind];
  }

  add(slot: number, request: SequenceRequest<Work>, nowMicroseconds: number): void {
    this.#push(slot, request, nowMicroseconds);
  }

  endIdle(slot: number, nowMicroseconds: number): void {
    this.#push(slot, 'end', nowMicroseconds);
  }

  #push(slot: number, entry: SequenceRequest<Work> | 'end', nowMicroseconds: number): void {
    const lane = this.#lanes[slot];
    if (!lane) return;
    lane.queue.push(entry);
    this.#advance(lane, slot, nowMicroseconds);
  }

  /** Makes the next request of a slot a candidate, and hands the slot on where its sequence is over. */
  #advance(lane: Lane<Work>, slot: number, nowMicroseconds: number): void {
    while (!lane.isBusy) {
      const entry = lane.queue.shift();
      if (entry === undefined) return;
      if (entry === 'end') this.#refill(lane, slot, nowMicroseconds);
      else if (this.#facts.isAbandoned(entry.work)) this.#abandon(lane, slot, entry, nowMicroseconds);
      else {
        lane.isBusy = true;
        lane.sequence = sequenceFor(this.#facts, entry, lane.sequence);
        const { sequence } = lane;
        this.#candidates.push({ slot, request: entry, sequence, sinceMicroseconds: nowMicroseconds });
        if (entry.isLast) this.#refill(lane, slot, nowMicroseconds);
      }
    }
  }

  #refill(lane: Lane<Work>, slot: number, nowMicroseconds: number): void {
    lane.sequence = null;
    lane.queue.push(...this.#facts.release(slot, nowMicroseconds));
  }

  #abandon(lane: Lane<Work>, slot: number, request: SequenceRequest<Work>, nowMicroseconds: number): void {
    const behind = lane.queue.splice(0).filter((entry) => entry !== 'end');
    this.#facts.abandon(slot, [request, ...behind]);
    this.#refill(lane, slot, nowMicroseconds);
  }

  completed(nowMicroseconds: number): void {
    const running = this.#running;
    this.#running = [];
    for (const slot of running) this.#free(slot, nowMicroseconds);
  }

  #free(slot: number, nowMicroseconds: number): void {
    const lane = this.#lanes[slot];
    if (!lane) return;
    lane.isBusy = false;
    this.#advance(lane, slot, nowMicroseconds);
  }

  next(nowMicroseconds: number): SequenceStep<Work> {
    this.#dropAbandoned(nowMicroseconds);
    const [first] = this.#candidates;
    if (!first) return { kind: 'idle' };
    const count = this.#batchSize(this.#equalCandidates(first), first, nowMicroseconds);
    if (count === 0) {
      const untilMicroseconds = first.sinceMicroseconds + this.#strategy.maxQueueDelayMicroseconds;
      return { kind: 'wait', untilMicroseconds };
    }
    const taken = this.#candidates.splice(0, count);
    this.#running = taken.map(({ slot }) => slot);
    return { kind: 'run', rows: taken.map(({ request, sequence }) => ({ request, sequence })) };
  }

  /** A candidate whose client has gone is not run, and its sequence is over. */
  #dropAbandoned(nowMicroseconds: number): void {
    const abandoned = this.#candidates.filter(({ request }) => this.#facts.isAbandoned(request.work));
    if (abandoned.length === 0) return;
    this.#candidates = this.#candidates.filter((candidate) => !abandoned.includes(candidate));
    for (const { slot, request } of abandoned) {
      const lane = this.#lanes[slot];
      if (!lane) continue;
      // Behind its last request the slot belongs to another sequence already.
      if (request.isLast) this.#facts.abandon(slot, [request]);
      else this.#abandon(lane, slot, request, nowMicroseconds);
      this.#free(slot, nowMicroseconds);
    }
  }

  /** How many candidates, from the oldest on, can stand in one batch. */
  #equalCandidates(first: Candidate<Work>): number {
    const key = rowKey(this.#facts, first.request, first.sequence);
    const considered = this.#candidates.slice(0, this.#candidateLimit);
    const other = considered.findIndex(
      ({ request, sequence }) => rowKey(this.#facts, request, sequence) !== key,
    );
    return other === -1 ? considered.length : other;
  }

  /** Triton's dynamic batcher over the candidates: how many run now; 0 to wait for more. */
  #batchSize(possible: number, first: Candidate<Work>, nowMicroseconds: number): number {
    const { preferredBatchSizes, maxQueueDelayMicroseconds } = this.#strategy;
    const isOverdue = nowMicroseconds >= first.sinceMicroseconds + maxQueueDelayMicroseconds;
    if (isOverdue && maxQueueDelayMicroseconds > 0) return possible;
    const preferred = Math.max(0, ...preferredBatchSizes.filter((size) => size <= possible));
    if (preferred > 0) return preferred;
    const cannotGrow = possible < this.#candidates.length || possible === this.#candidateLimit;
    return cannotGrow || isOverdue ? possible : 0;
  }
}
