import { useUploadsStore } from '../imports/uploads-store.ts';
import { JobRow, UploadRow } from './job-row.tsx';
import { useJobsStore } from './jobs-store.ts';
import classes from './jobs.module.css';

/** What runs right now, at the foot of the window. */
export function RunningJobs() {
  const jobs = useJobsStore((state) => state.list).filter(({ state }) => state.kind === 'running');
  const uploads = useUploadsStore((state) => state.uploads);
  if (jobs.length + uploads.length === 0) return null;
  return (
    <section className={classes.toasts} aria-label="Running jobs">
      {uploads.map((upload) => (
        <UploadRow key={upload.id} upload={upload} />
      ))}
      {jobs.map((job) => (
        <JobRow key={job.id} job={job} />
      ))}
    </section>
  );
}
