import { randomUUID } from 'node:crypto';
import type { Job, JobKind, JobOutcomes, JobProgress } from '../../contract/job.ts';
import { StatusError, statusOf } from '../../core/status.ts';
import type { EmitEvent } from '../events/host-events.ts';

/** What the body of a job has to say and to heed. */
export interface JobControl {
  readonly signal: AbortSignal;
  /** Tells how far the job is; shown at most ten times a second. */
  report(progress: JobProgress): void;
}

/** Long work that shows progress and can be cancelled. */
export interface JobRegistry {
  /** Starts a job and gives its id at once. */
  start<Kind extends JobKind>(
    kind: Kind,
    title: string,
    body: (control: JobControl) => Promise<JobOutcomes[Kind]>,
  ): string;
  list(): readonly Job[];
  /** Rejects nothing: a job that is over or unknown stays as it is. */
  cancel(jobId: string): void;
  dismiss(jobId: string): void;
  /** Settles when the job is over. */
  settled(jobId: string): Promise<void>;
  /** Cancels everything and waits for it. */
  close(): Promise<void>;
}

const PROGRESS_MILLISECONDS = 100;
const MAX_FINISHED = 50;

interface Running {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/** Keeps running jobs and the last finished ones. */
export function createJobRegistry(
  emit: EmitEvent,
  now: () => number,
  reportBug: (cause: unknown) => void,
): JobRegistry {
  const jobs = new Map<string, Job>();
  const running = new Map<string, Running>();
  const put = (job: Job) => {
    jobs.set(job.id, job);
    emit('job.changed', job);
  };
  const forgetOldest = () => {
    const finished = [...jobs.values()].filter(({ state }) => state.kind !== 'running');
    for (const { id } of finished.slice(0, Math.max(0, finished.length - MAX_FINISHED))) jobs.delete(id);
  };

  const start: JobRegistry['start'] = (kind, title, body) => {
    const id = randomUUID();
    const abort = new AbortController();
    const base = { id, kind, title, startedAt: now() };
    let shownAt = 0;
    let latest: JobProgress | null = null;
    let timer: NodeJS.Timeout | undefined;
    const show = () => {
      timer = undefined;
      if (!latest || !running.has(id)) return;
      shownAt = performance.now();
      put({ ...base, state: { kind: 'running', progress: latest } } as Job);
    };
    const report = (progress: JobProgress) => {
      latest = progress;
      const wait = shownAt + PROGRESS_MILLISECONDS - performance.now();
      if (wait <= 0) show();
      else timer ??= setTimeout(show, wait);
    };
    const settle = (state: Job['state']) => {
      clearTimeout(timer);
      running.delete(id);
      put({ ...base, state } as Job);
      forgetOldest();
    };
    const work = async () => {
      try {
        settle({ kind: 'done', outcome: await body({ signal: abort.signal, report }) } as Job['state']);
      } catch (cause) {
        if (!(cause instanceof StatusError)) reportBug(cause);
        if (abort.signal.aborted) settle({ kind: 'cancelled' });
        else settle({ kind: 'failed', failure: statusOf(cause) });
      }
    };
    put({
      ...base,
      state: { kind: 'running', progress: { stage: 'Starting', doneUnits: 0, unit: 'bytes' } },
    } as Job);
    // The body starts in a later turn, so that the caller has the id before the first event about its end.
    const done = new Promise<void>((resolve) => setImmediate(resolve)).then(work);
    running.set(id, { abort, done });
    return id;
  };

  return {
    start,
    list: () => [...jobs.values()],
    cancel: (jobId) => running.get(jobId)?.abort.abort(),
    dismiss: (jobId) => {
      if (running.has(jobId) || !jobs.delete(jobId)) return;
      emit('job.dismissed', { id: jobId });
    },
    settled: async (jobId) => running.get(jobId)?.done,
    close: async () => {
      for (const { abort } of running.values()) abort.abort();
      await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}
