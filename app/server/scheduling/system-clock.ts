import { performance } from 'node:perf_hooks';
import { setTimeout as startTimer } from 'node:timers';
import type { SchedulerClock } from './scheduler.ts';

/** The machine's own clock. */
export const systemClock: SchedulerClock = {
  now: () => performance.now(),
  startTimer: (milliseconds, callback) => {
    const timer = startTimer(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};
