import type { SequencePlace } from '../../app/contract/inference.ts';

/** What a model takes as the id of a sequence. */
export type SequenceIdType = 'number' | 'text' | 'any';

/** The sequence that a person sends, request by request. */
export interface SequenceDraft {
  /** As typed. */
  readonly id: string;
  readonly isStart: boolean;
  readonly isEnd: boolean;
  /** Requests of it that were answered; null where it was not begun here. */
  readonly answered: number | null;
}

/** What a form begins with: the start of sequence 1. */
export const FIRST_SEQUENCE: SequenceDraft = { id: '1', isStart: true, isEnd: false, answered: 0 };

const LARGEST_ID = 2n ** 64n - 1n;
const LONGEST_ID_BYTES = 128;

/** What is wrong with an id, in a sentence; null where nothing is. */
export function idMistake(id: string, type: SequenceIdType): string | null {
  const isNumber = /^\d+$/.test(id);
  if (id === '') return 'A sequence needs an id.';
  if (type === 'number' && !isNumber) return 'This model takes a whole number as id.';
  if (isNumber && type !== 'text') {
    if (BigInt(id) === 0n) return '0 means no sequence: take another number.';
    if (BigInt(id) > LARGEST_ID) return `The largest id is ${LARGEST_ID}.`;
    return null;
  }
  const isTooLong = new TextEncoder().encode(id).byteLength > LONGEST_ID_BYTES;
  return isTooLong ? `An id has up to ${LONGEST_ID_BYTES} bytes.` : null;
}

/** What a request says of its place in the sequence. */
export function placeOf({ id, isStart, isEnd }: SequenceDraft, type: SequenceIdType): SequencePlace {
  const isNumber = type !== 'text' && /^\d+$/.test(id);
  return { id, idType: isNumber ? 'number' : 'text', isStart, isEnd };
}

/** The draft for the request after one that was answered: it goes on, or begins anew behind an end. */
export function afterAnswer(draft: SequenceDraft): SequenceDraft {
  if (draft.isEnd) return { ...draft, isStart: true, isEnd: false, answered: 0 };
  const before = draft.isStart ? 0 : draft.answered;
  return { ...draft, isStart: false, answered: before === null ? null : before + 1 };
}

/** The draft after a failure: where the server does not know the sequence (any more), it is started again. */
export function afterFailure(draft: SequenceDraft, message: string): SequenceDraft {
  const isUnknown = /must specify the START flag|has to be started again/.test(message);
  return isUnknown ? { ...draft, isStart: true, answered: 0 } : draft;
}

/** Another sequence, from its start. Numbers count on; text gets a number behind it. */
export function nextSequence({ id }: SequenceDraft): SequenceDraft {
  const [, head = '', tail = ''] = /^(.*?)(\d*)$/s.exec(id) ?? [];
  const next = tail === '' ? (head === '' ? '1' : `${head}-2`) : `${head}${BigInt(tail) + 1n}`;
  return { ...FIRST_SEQUENCE, id: next };
}

/** What the next request does, in a sentence. */
export function describeDraft({ id, isStart, isEnd, answered }: SequenceDraft): string {
  if (isStart) return isEnd ? `A sequence of one request: ${id}.` : `Starts sequence ${id}.`;
  const end = isEnd ? ', and ends it' : '';
  return answered === null
    ? `Goes on with sequence ${id}${end}.`
    : `Request ${answered + 1} of sequence ${id}${end}.`;
}
