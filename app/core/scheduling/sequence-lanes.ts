import type { SequenceRequest } from './sequence-slots.ts';
import { initialStates, type SequenceStates, type StateSpec } from './sequence-states.ts';

/** A sequence that has a slot: what its requests hand on to each other. */
export interface LiveSequence {
  states: SequenceStates;
}

/** A row of a batch: a request, or the place of a slot that has none now. */
export interface SequenceRow<Work> {
  readonly request: SequenceRequest<Work> | null;
  /** The request's sequence; for an idle row one whose states nobody reads. */
  readonly sequence: LiveSequence;
}

/** What an instance does next. */
export type SequenceStep<Work> =
  | { readonly kind: 'run'; readonly rows: readonly SequenceRow<Work>[] }
  /** Nothing before this time, unless a request comes. */
  | { readonly kind: 'wait'; readonly untilMicroseconds: number }
  | { readonly kind: 'idle' };

/** What the lanes must know of the requests' owner. */
export interface LaneFacts<Work> {
  readonly states: readonly StateSpec[];
  /** Equal for requests whose inputs can stand in one batch. */
  shapeKey(work: Work): string;
  /** Whether nobody waits for the answer any more. */
  isAbandoned(work: Work): boolean;
  /** Gives a slot back: the requests of the sequence that gets it. */
  release(slot: number, nowMicroseconds: number): readonly SequenceRequest<Work>[];
  /** The sequence of these requests is given up, because one of them was abandoned. */
  abandon(slot: number, requests: readonly SequenceRequest<Work>[]): void;
}

/** The sequences of one instance, each with the requests that wait in its slot, in their order. */
export interface SequenceLanes<Work> {
  /** Requests that wait in the slots, the oldest of each slot first. */
  queued(): SequenceRequest<Work>[];
  add(slot: number, request: SequenceRequest<Work>, nowMicroseconds: number): void;
  /** The sequence of a slot was idle for too long: the slot is free after what waits there. */
  endIdle(slot: number, nowMicroseconds: number): void;
  /** The instance has nothing to do: what now? A batch that it gets is under way until {@link completed}. */
  next(nowMicroseconds: number): SequenceStep<Work>;
  completed(nowMicroseconds: number): void;
}

/** Whether requests and states of these keys can stand in one batch. */
export function rowKey<Work>(
  facts: LaneFacts<Work>,
  request: SequenceRequest<Work>,
  sequence: LiveSequence,
): string {
  const states = [...sequence.states.values()].map(
    ({ datatype, shape }) => `${datatype}[${shape.join(',')}]`,
  );
  return [facts.shapeKey(request.work), ...states].join(' ');
}

/** The sequence that a request belongs to: START begins a new one, in whatever slot. */
export function sequenceFor<Work>(
  facts: LaneFacts<Work>,
  request: SequenceRequest<Work>,
  current: LiveSequence | null,
): LiveSequence {
  return request.isStart || !current ? { states: initialStates(facts.states) } : current;
}
