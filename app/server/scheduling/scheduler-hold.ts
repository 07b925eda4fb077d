import type { SchedulerHold } from '../../core/scheduling/sequence-batcher.ts';

function count(text: string | undefined): number {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isNaN(value) ? 0 : Math.max(0, value);
}

/** How many requests have to wait before schedulers start: Triton's environment variables for tests. */
export function schedulerHold(environment: NodeJS.ProcessEnv): SchedulerHold {
  return {
    queued: count(environment['TRITONSERVER_DELAY_SCHEDULER']),
    backlogged: count(environment['TRITONSERVER_BACKLOG_DELAY_SCHEDULER']),
  };
}
