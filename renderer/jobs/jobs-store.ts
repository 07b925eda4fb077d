import { create } from 'zustand';
import type { Job } from '../../app/contract/job.ts';
import type { Mirror } from '../host/mirror.ts';

interface JobsState {
  readonly jobs: ReadonlyMap<string, Job>;
  /** Newest first. */
  readonly list: readonly Job[];
}

export const useJobsStore = create<JobsState>(() => stateOf(new Map()));

/** The job of that id; undefined once it is dismissed. */
export function useJob(id: string): Job | undefined {
  return useJobsStore((state) => state.jobs.get(id));
}

export const jobsMirror: Mirror = {
  reset: ({ jobs }) => useJobsStore.setState(stateOf(new Map(jobs.map((job) => [job.id, job])))),
  follow: (host) => {
    const stops = [
      host.on('job.changed', (job) =>
        useJobsStore.setState(({ jobs }) => stateOf(new Map(jobs).set(job.id, job))),
      ),
      host.on('job.dismissed', ({ id }) =>
        useJobsStore.setState(({ jobs }) => {
          const rest = new Map(jobs);
          rest.delete(id);
          return stateOf(rest);
        }),
      ),
    ];
    return () => stops.forEach((stop) => stop());
  },
};

function stateOf(jobs: ReadonlyMap<string, Job>): JobsState {
  return { jobs, list: [...jobs.values()].sort((one, other) => other.startedAt - one.startedAt) };
}
