import { setTimeout as sleep } from 'node:timers/promises';

/** What became of one request: its answer and when, on the clock of `performance.now()`. */
export interface Answered {
  readonly sentAt: number;
  readonly answeredAt: number;
  /** Null: it succeeded. */
  readonly failure: string | null;
}

export interface OpenLoop {
  /** Every request so far that was answered. */
  readonly answered: readonly Answered[];
  /** Sends no more, waits for the answers, and says how many requests were sent. */
  stop(): Promise<number>;
}

/** Sends at a fixed rate whatever the answers do, as clients that know nothing of each other. */
export function startOpenLoop(requestsPerSecond: number, send: () => Promise<unknown>): OpenLoop {
  const answered: Answered[] = [];
  const open = new Set<Promise<void>>();
  let sent = 0;
  const state = { isStopped: false };
  const sendOne = async (): Promise<void> => {
    const sentAt = performance.now();
    const failure = await send().then(
      () => null,
      (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
    );
    answered.push({ sentAt, answeredAt: performance.now(), failure });
  };
  const run = async (): Promise<void> => {
    const begin = performance.now();
    while (!state.isStopped) {
      const due = begin + (sent * 1000) / requestsPerSecond;
      await sleep(Math.max(0, due - performance.now()));
      sent += 1;
      const request = sendOne().finally(() => open.delete(request));
      open.add(request);
    }
  };
  const running = run();
  return {
    answered,
    stop: async () => {
      state.isStopped = true;
      await running;
      await Promise.all(open);
      return sent;
    },
  };
}

/** The value below which the given share of the values lies; 0 for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
