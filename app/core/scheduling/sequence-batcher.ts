import { DirectLanes } from './direct-lanes.ts';
import { OldestLanes } from './oldest-lanes.ts';
import type { SequenceId } from './sequence-controls.ts';
import type { LaneFacts, SequenceLanes, SequenceStep } from './sequence-lanes.ts';
import type { SequenceSettings } from './sequence-settings.ts';
import { SequenceSlots, type SequenceRequest, type SlotPlace } from './sequence-slots.ts';

/** What became of a request that came in. */
export type Arrival =
  | {
      readonly kind: 'taken';
      /** It starts a sequence although one of its id had not ended, which is over by that. */
      readonly isConflict: boolean;
    }
  /** It does not start a sequence, and none of its id is known. */
  | { readonly kind: 'not-started' };

/** When the scheduler does not start before so many requests wait (Triton's environment variables for tests). */
export interface SchedulerHold {
  /** `TRITONSERVER_DELAY_SCHEDULER`. */
  readonly queued: number;
  /** `TRITONSERVER_BACKLOG_DELAY_SCHEDULER`. */
  readonly backlogged: number;
}

/** What the batcher must know of the requests' owner; see {@link LaneFacts}. */
export type BatcherFacts<Work> = Pick<LaneFacts<Work>, 'states' | 'shapeKey' | 'isAbandoned'>;

/**
 * Triton's sequence batcher for one model: which requests of which sequences run together on which instance. Times are
 * microseconds of one clock. It decides; whoever owns it runs the batches and answers the requests.
 */
export class SequenceBatcher<Work> {
  readonly #settings: SequenceSettings;
  readonly #facts: BatcherFacts<Work>;
  readonly #slots: SequenceSlots<Work>;
  readonly #lanes: SequenceLanes<Work>[];
  #hold: SchedulerHold | null;
  #abandoned: SequenceRequest<Work>[] = [];

  constructor(
    settings: SequenceSettings,
    instanceCount: number,
    facts: BatcherFacts<Work>,
    hold: SchedulerHold,
  ) {
    const { slotsPerInstance, maxIdleMicroseconds } = settings;
    this.#settings = settings;
    this.#facts = facts;
    this.#hold = hold.queued > 0 ? hold : null;
    this.#slots = new SequenceSlots(instanceCount, slotsPerInstance, maxIdleMicroseconds);
    this.#lanes = Array.from({ length: instanceCount }, (_, instance) => this.#createLanes(instance));
  }

  #createLanes(instance: number): SequenceLanes<Work> {
    const { strategy, slotsPerInstance } = this.#settings;
    const facts: LaneFacts<Work> = {
      ...this.#facts,
      release: (slot, nowMicroseconds) => this.#release({ instance, slot }, nowMicroseconds),
      abandon: (slot, requests) => {
        const [first] = requests;
        if (first && !first.isLast) this.#slots.forget(first.id, { instance, slot });
        this.#abandoned.push(...requests);
      },
    };
    return strategy.kind === 'direct'
      ? new DirectLanes(strategy, slotsPerInstance, facts)
      : new OldestLanes(strategy, slotsPerInstance, facts);
  }

  #release(place: SlotPlace, nowMicroseconds: number): readonly SequenceRequest<Work>[] {
    const { next, abandoned } = this.#slots.release(place, nowMicroseconds, (work) =>
      this.#facts.isAbandoned(work),
    );
    this.#abandoned.push(...abandoned);
    return next;
  }

  /** Requests that wait, in slots and in the backlog. */
  get queuedCount(): number {
    return this.#slotted().length + this.#slots.backlogLength;
  }

  #slotted(): SequenceRequest<Work>[] {
    return this.#lanes.flatMap((lanes) => lanes.queued());
  }

  /** All requests that wait. */
  queued(): SequenceRequest<Work>[] {
    return [...this.#slotted(), ...this.#slots.backlog()];
  }

  /** Ids of all sequences that are under way. */
  liveIds(): SequenceId[] {
    return this.#slots.liveIds();
  }

  /** Takes a request. */
  enqueue(request: SequenceRequest<Work>, nowMicroseconds: number): Arrival {
    const isConflict = request.isStart && this.#slots.has(request.id);
    const placement = this.#slots.place(request, nowMicroseconds);
    if (placement.kind === 'not-started') return placement;
    if (placement.kind === 'slot') {
      const { instance, slot } = placement.place;
      this.#lanes[instance]?.add(slot, request, nowMicroseconds);
    }
    return { kind: 'taken', isConflict };
  }

  /** An idle instance asks what to do; the batch that it gets is under way until {@link completed}. */
  next(instance: number, nowMicroseconds: number): SequenceStep<Work> {
    if (this.#isHeld()) return { kind: 'idle' };
    return this.#lanes[instance]?.next(nowMicroseconds) ?? { kind: 'idle' };
  }

  #isHeld(): boolean {
    if (!this.#hold) return false;
    const { queued, backlogged } = this.#hold;
    if (this.#slotted().length < queued || this.#slots.backlogLength < backlogged) return true;
    this.#hold = null;
    return false;
  }

  /** The batch of an instance has run, or failed. */
  completed(instance: number, nowMicroseconds: number): void {
    this.#lanes[instance]?.completed(nowMicroseconds);
  }

  /** Ends what has waited or been idle for too long: the requests whose sequence has waited too long for a slot. */
  expire(nowMicroseconds: number): readonly SequenceRequest<Work>[] {
    const { idle, rejected } = this.#slots.expire(nowMicroseconds);
    for (const { instance, slot } of idle) this.#lanes[instance]?.endIdle(slot, nowMicroseconds);
    return rejected;
  }

  /** When {@link expire} has something to do again; Infinity: never. */
  nextExpiry(): number {
    return this.#slots.nextExpiry();
  }

  /** Requests that were given up since the last call, because nobody waits for one of their sequence any more. */
  takeAbandoned(): SequenceRequest<Work>[] {
    return this.#abandoned.splice(0);
  }
}
