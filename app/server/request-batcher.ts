import { setTimeout as startTimer } from 'node:timers';
import type { RequestRecord } from '../core/server-events/server-event.ts';

const FLUSH_MILLISECONDS = 100;
const MAX_BATCH = 500;

/** Collects request records and hands them on at most every 100 ms, so that the host is not flooded. */
export function batchRequests(send: (records: readonly RequestRecord[]) => void): {
  add(record: RequestRecord): void;
  flush(): void;
} {
  let records: RequestRecord[] = [];
  let timer: NodeJS.Timeout | null = null;
  const flush = (): void => {
    if (timer) clearTimeout(timer);
    timer = null;
    if (records.length === 0) return;
    const batch = records;
    records = [];
    send(batch);
  };
  return {
    add: (record) => {
      records.push(record);
      if (records.length >= MAX_BATCH) flush();
      else timer ??= startTimer(flush, FLUSH_MILLISECONDS);
    },
    flush,
  };
}
