import type { SequenceId, SequenceSignals } from './sequence-controls.ts';

/** A request of a sequence, with what the slots must know of it. Times in microseconds of one clock. */
export interface SequenceRequest<Work> extends SequenceSignals {
  readonly work: Work;
  /** The sequence is over with it: its slot is free, its id too. */
  readonly isLast: boolean;
  /** When the client's patience ends while the sequence waits for a slot; Infinity: never. */
  readonly backlogDeadlineMicroseconds: number;
}

/** A row of an instance that one sequence has to itself. */
export interface SlotPlace {
  readonly instance: number;
  readonly slot: number;
}

/** Where a request has to wait. */
export type Placement =
  | { readonly kind: 'slot'; readonly place: SlotPlace }
  | { readonly kind: 'backlog' }
  /** It does not start a sequence, and none of its id is known. */
  | { readonly kind: 'not-started' };

/** What time has brought. */
export interface Expiry<Work> {
  /** Sequences that nobody has sent a request for too long: their slots are to be released after what waits there. */
  readonly idle: readonly SlotPlace[];
  /** Requests whose sequence has waited too long for a slot. */
  readonly rejected: readonly SequenceRequest<Work>[];
}

interface Backlog<Work> {
  readonly id: SequenceId;
  readonly requests: SequenceRequest<Work>[];
  deadlineMicroseconds: number;
}

/**
 * Which sequence has which slot, and which wait for one (Triton's `SequenceBatchScheduler`). A sequence keeps its slot
 * until its last request, or until no request has come for `maxIdleMicroseconds`; a free slot goes to the sequence that has
 * waited longest. It decides; whoever owns it acts.
 */
export class SequenceSlots<Work> {
  readonly #maxIdleMicroseconds: number;
  readonly #free: SlotPlace[] = [];
  readonly #slotOf = new Map<SequenceId, SlotPlace>();
  readonly #backlogOf = new Map<SequenceId, Backlog<Work>>();
  /** When each sequence that has a slot last got something to do; in this order. */
  readonly #latestRequest = new Map<SequenceId, number>();
  #backlog: Backlog<Work>[] = [];

  constructor(instanceCount: number, slotsPerInstance: number, maxIdleMicroseconds: number) {
    this.#maxIdleMicroseconds = maxIdleMicroseconds;
    for (let slot = 0; slot < slotsPerInstance; slot += 1) {
      for (let instance = 0; instance < instanceCount; instance += 1) this.#free.push({ instance, slot });
    }
  }

  /** Requests that wait for a slot. */
  get backlogLength(): number {
    return this.#backlog.reduce((total, { requests }) => total + requests.length, 0);
  }

  /** Whether a sequence of this id is under way, in a slot or in the backlog. */
  has(id: SequenceId): boolean {
    return this.#slotOf.has(id) || this.#backlogOf.has(id);
  }

  /** Ids of all sequences that are under way. */
  liveIds(): SequenceId[] {
    return [...this.#slotOf.keys(), ...this.#backlogOf.keys()];
  }

  /** Takes a request: into the slot of its sequence, a free slot, or the backlog. */
  place(request: SequenceRequest<Work>, nowMicroseconds: number): Placement {
    const { id, isStart, isLast } = request;
    if (!isStart && !this.has(id)) return { kind: 'not-started' };
    const waiting = this.#backlogOf.get(id);
    const place = this.#slotOf.get(id) ?? (waiting ? undefined : this.#free.shift());
    if (place) {
      if (isLast) this.#forgetId(id);
      else this.#keepSlot(id, place, nowMicroseconds);
      return { kind: 'slot', place };
    }
    this.#addToBacklog(request, waiting);
    return { kind: 'backlog' };
  }

  #keepSlot(id: SequenceId, place: SlotPlace, nowMicroseconds: number): void {
    this.#slotOf.set(id, place);
    this.#latestRequest.delete(id);
    this.#latestRequest.set(id, nowMicroseconds);
  }

  #forgetId(id: SequenceId): void {
    this.#slotOf.delete(id);
    this.#latestRequest.delete(id);
  }

  #addToBacklog(request: SequenceRequest<Work>, existing: Backlog<Work> | undefined): void {
    const { id, isLast, backlogDeadlineMicroseconds } = request;
    const entry = existing ?? { id, requests: [], deadlineMicroseconds: Infinity };
    if (!existing) this.#backlog.push(entry);
    entry.requests.push(request);
    entry.deadlineMicroseconds = Math.min(entry.deadlineMicroseconds, backlogDeadlineMicroseconds);
    // Another sequence of this id has to wait for itself.
    if (isLast) this.#backlogOf.delete(id);
    else this.#backlogOf.set(id, entry);
  }

  /**
   * A slot is free again: the requests of the sequence that gets it, or none. Sequences for which `isAbandoned` holds
   * of a request do not get it; their requests come back as `abandoned`.
   */
  release(
    place: SlotPlace,
    nowMicroseconds: number,
    isAbandoned: (work: Work) => boolean,
  ): {
    readonly next: readonly SequenceRequest<Work>[];
    readonly abandoned: readonly SequenceRequest<Work>[];
  } {
    const abandoned: SequenceRequest<Work>[] = [];
    for (let entry = this.#backlog.shift(); entry; entry = this.#backlog.shift()) {
      const isCurrent = this.#backlogOf.get(entry.id) === entry;
      if (isCurrent) this.#backlogOf.delete(entry.id);
      if (entry.requests.some(({ work }) => isAbandoned(work))) {
        abandoned.push(...entry.requests);
        continue;
      }
      if (isCurrent) this.#keepSlot(entry.id, place, nowMicroseconds);
      return { next: entry.requests, abandoned };
    }
    this.#free.push(place);
    this.#free.sort((left, right) => left.slot - right.slot || left.instance - right.instance);
    return { next: [], abandoned };
  }

  /** Forgets a sequence that was given up; its slot is still to be released. */
  forget(id: SequenceId, place: SlotPlace): void {
    const current = this.#slotOf.get(id);
    if (current?.instance === place.instance && current.slot === place.slot) this.#forgetId(id);
  }

  /** Ends what has been idle or waiting for too long. */
  expire(nowMicroseconds: number): Expiry<Work> {
    return { idle: this.#expireIdle(nowMicroseconds), rejected: this.#expireBacklog(nowMicroseconds) };
  }

  #expireIdle(nowMicroseconds: number): SlotPlace[] {
    const idle: SlotPlace[] = [];
    for (const [id, latest] of this.#latestRequest) {
      if (nowMicroseconds - latest < this.#maxIdleMicroseconds) break;
      const place = this.#slotOf.get(id);
      if (place) idle.push(place);
      this.#forgetId(id);
    }
    return idle;
  }

  #expireBacklog(nowMicroseconds: number): SequenceRequest<Work>[] {
    const expired = this.#backlog.filter((entry) => entry.deadlineMicroseconds <= nowMicroseconds);
    if (expired.length === 0) return [];
    this.#backlog = this.#backlog.filter((entry) => entry.deadlineMicroseconds > nowMicroseconds);
    for (const entry of expired) {
      if (this.#backlogOf.get(entry.id) === entry) this.#backlogOf.delete(entry.id);
    }
    return expired.flatMap(({ requests }) => requests);
  }

  /** When {@link expire} has something to do again; Infinity: never. */
  nextExpiry(): number {
    const [oldest = Infinity] = this.#latestRequest.values();
    let next = oldest + this.#maxIdleMicroseconds;
    for (const { deadlineMicroseconds } of this.#backlog) next = Math.min(next, deadlineMicroseconds);
    return next;
  }

  /** The requests in the backlog, in order. */
  backlog(): SequenceRequest<Work>[] {
    return this.#backlog.flatMap(({ requests }) => requests);
  }
}
