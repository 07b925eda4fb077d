import type { CompletedRequest } from '../../contract/inference.ts';
import type { RequestRecord } from '../../core/server-events/server-event.ts';
import type { EmitEvent } from '../events/host-events.ts';

/** What the server completed, from any client: told to the UI in batches, and to the request of ours that it belongs to. */
export interface CompletedRequests {
  note(records: readonly RequestRecord[]): void;
  /** The server's own account of one of our requests, waited for a moment; undefined where none came or none can come. */
  waitFor(requestId: string, isAnswered: boolean): Promise<RequestRecord | undefined>;
  /** Says that `requestId` is being sent and what it is called in history. */
  expect(requestId: string): void;
  close(): void;
}

const TELL_MILLISECONDS = 100;
const WAIT_MILLISECONDS = 1000;
const MAX_BATCH = 5000;

interface Expected {
  record?: RequestRecord;
  settle?: (record: RequestRecord) => void;
}

/** The id of a request of ours is also its id in history. */
export function createCompletedRequests(emit: EmitEvent): CompletedRequests {
  const expected = new Map<string, Expected>();
  let sequence = 0;
  let fresh: CompletedRequest[] = [];
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    timer = undefined;
    const requests = fresh;
    fresh = [];
    emit('requests.completed', { requests });
  };
  const completedOf = (record: RequestRecord): CompletedRequest => {
    sequence += 1;
    return {
      ...record,
      sequence,
      ...(expected.has(record.requestId) && { historyId: record.requestId }),
    };
  };
  return {
    note: (records) => {
      for (const record of records) {
        fresh.push(completedOf(record));
        const waiting = expected.get(record.requestId);
        if (!waiting) continue;
        waiting.record = record;
        waiting.settle?.(record);
      }
      if (fresh.length > MAX_BATCH) fresh = fresh.slice(-MAX_BATCH);
      timer ??= setTimeout(tell, TELL_MILLISECONDS);
    },
    expect: (requestId) => {
      expected.set(requestId, {});
    },
    waitFor: async (requestId, isAnswered) => {
      const waiting = expected.get(requestId);
      if (!waiting) return undefined;
      const record =
        waiting.record ??
        (isAnswered
          ? await new Promise<RequestRecord | undefined>((resolve) => {
              const late = setTimeout(() => resolve(undefined), WAIT_MILLISECONDS);
              waiting.settle = (told) => {
                clearTimeout(late);
                resolve(told);
              };
            })
          : undefined);
      expected.delete(requestId);
      return record;
    },
    close: () => clearTimeout(timer),
  };
}
