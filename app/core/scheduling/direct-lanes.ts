import {
  rowKey,
  sequenceFor,
  type LaneFacts,
  type LiveSequence,
  type SequenceLanes,
  type SequenceRow,
  type SequenceStep,
} from './sequence-lanes.ts';
import type { DirectStrategy } from './sequence-settings.ts';
import type { SequenceRequest } from './sequence-slots.ts';
import { idleStates } from './sequence-states.ts';

interface Lane<Work> {
  /** `end`: the sequence was idle for too long. */
  queue: ({ readonly request: SequenceRequest<Work>; readonly sinceMicroseconds: number } | 'end')[];
  sequence: LiveSequence | null;
}

/** The first request of a slot, and the sequence that it belongs to. */
interface Ready<Work> {
  readonly slot: number;
  readonly request: SequenceRequest<Work>;
  readonly sequence: LiveSequence;
  readonly sinceMicroseconds: number;
}

/**
 * Triton's direct strategy: a slot is a row of the instance's batch. A batch has all rows up to the highest slot that
 * has a request; slots without one, or with one of other shapes, stand in it as idle rows.
 */
export class DirectLanes<Work> implements SequenceLanes<Work> {
  readonly #strategy: DirectStrategy;
  readonly #facts: LaneFacts<Work>;
  readonly #lanes: Lane<Work>[];

  constructor(strategy: DirectStrategy, slotCount: number, facts: LaneFacts<Work>) {
    this.#strategy = strategy;
    this.#facts = facts;
    this.#lanes = Array.from({ length: slotCount }, () => ({ queue: [], sequence: null }));
  }

  queued(): SequenceRequest<Work>[] {
    return this.#lanes.flatMap(requestsOf);
  }

  add(slot: number, request: SequenceRequest<Work>, nowMicroseconds: number): void {
    this.#lanes[slot]?.queue.push({ request, sinceMicroseconds: nowMicroseconds });
  }

  endIdle(slot: number): void {
    this.#lanes[slot]?.queue.push('end');
  }

  completed(): void {
    // The next batch is formed from what waits then.
  }

  next(nowMicroseconds: number): SequenceStep<Work> {
    const ready = this.#lanes.flatMap((lane, slot) => this.#ready(lane, slot, nowMicroseconds));
    const [first] = ready;
    if (!first) return { kind: 'idle' };
    const untilMicroseconds = this.#waitsUntil(ready);
    if (untilMicroseconds > nowMicroseconds) return { kind: 'wait', untilMicroseconds };
    return { kind: 'run', rows: this.#rows(ready, first, nowMicroseconds) };
  }

  #ready(lane: Lane<Work>, slot: number, nowMicroseconds: number): Ready<Work>[] {
    for (;;) {
      const [entry] = lane.queue;
      if (entry === undefined) return [];
      if (entry === 'end') lane.queue.shift();
      else if (!this.#facts.isAbandoned(entry.request.work)) {
        const sequence = sequenceFor(this.#facts, entry.request, lane.sequence);
        return [{ slot, sequence, ...entry }];
      } else {
        this.#facts.abandon(slot, requestsOf(lane));
        lane.queue = [];
      }
      this.#refill(lane, slot, nowMicroseconds);
    }
  }

  #refill(lane: Lane<Work>, slot: number, nowMicroseconds: number): void {
    lane.sequence = null;
    for (const request of this.#facts.release(slot, nowMicroseconds))
      this.add(slot, request, nowMicroseconds);
  }

  /** When the batch runs if no other sequence becomes ready. */
  #waitsUntil(ready: readonly Ready<Work>[]): number {
    const { maxQueueDelayMicroseconds, minimumSlotUtilization, rows } = this.#strategy;
    if (maxQueueDelayMicroseconds === 0 || ready.length / rows >= minimumSlotUtilization) return 0;
    return Math.min(...ready.map(({ sinceMicroseconds }) => sinceMicroseconds)) + maxQueueDelayMicroseconds;
  }

  #rows(ready: readonly Ready<Work>[], first: Ready<Work>, nowMicroseconds: number): SequenceRow<Work>[] {
    const key = rowKey(this.#facts, first.request, first.sequence);
    const bySlot = new Map(ready.map((each) => [each.slot, each]));
    const highest = Math.max(...bySlot.keys());
    return this.#lanes.slice(0, highest + 1).map((lane, slot): SequenceRow<Work> => {
      const taken = bySlot.get(slot);
      if (!taken || rowKey(this.#facts, taken.request, taken.sequence) !== key) {
        return { request: null, sequence: { states: idleStates(first.sequence.states) } };
      }
      lane.queue.shift();
      lane.sequence = taken.sequence;
      if (taken.request.isLast) this.#refill(lane, slot, nowMicroseconds);
      return { request: taken.request, sequence: taken.sequence };
    });
  }
}

function requestsOf<Work>({ queue }: Lane<Work>): SequenceRequest<Work>[] {
  return queue.flatMap((entry) => (entry === 'end' ? [] : [entry.request]));
}
