import { Button, CloseButton, Progress, Text } from '@mantine/core';
import type { Job, JobProgress } from '../../app/contract/job.ts';
import { useNow } from '../format/use-now.ts';
import { useHost } from '../host/host-context.tsx';
import type { Upload } from '../imports/uploads-store.ts';
import { raiseFailure } from '../notices/notices-store.ts';
import { progressText } from './progress-text.ts';
import classes from './jobs.module.css';

/** One job with its progress, and Cancel while it runs. */
export function JobRow({ job }: { readonly job: Job }) {
  const host = useHost();
  const tell = (call: 'job.cancel' | 'job.dismiss') => {
    host.call(call, { jobId: job.id }).catch((cause: unknown) => raiseFailure(job.title, cause));
  };
  const { state } = job;
  if (state.kind === 'running')
    return (
      <ProgressRow
        title={job.title}
        progress={state.progress}
        startedAt={job.startedAt}
        onCancel={() => tell('job.cancel')}
      />
    );
  return (
    <div className={classes.row}>
      <div className={classes.head}>
        <span className="conch-truncate" title={job.title}>
          {job.title}
        </span>
        <CloseButton size="sm" aria-label={`Dismiss ${job.title}`} onClick={() => tell('job.dismiss')} />
      </div>
      <Text size="xs" className="conch-muted">
        {finishedText(job)}
      </Text>
    </div>
  );
}

/** Files on their way to the host. */
export function UploadRow({ upload }: { readonly upload: Upload }) {
  const { title, doneBytes, totalBytes, startedAt, cancel } = upload;
  return (
    <ProgressRow
      title={`Uploading ${title}`}
      progress={{ stage: 'Uploading', doneUnits: doneBytes, totalUnits: totalBytes, unit: 'bytes' }}
      startedAt={startedAt}
      onCancel={cancel}
    />
  );
}

interface ProgressRowProps {
  readonly title: string;
  readonly progress: JobProgress;
  readonly startedAt: number;
  readonly onCancel: () => void;
}

/** What goes on, how far it is, how fast, and how long it will still take. */
export function ProgressRow({ title, progress, startedAt, onCancel }: ProgressRowProps) {
  const now = useNow(true);
  const { doneUnits, totalUnits } = progress;
  const percent = totalUnits === undefined || totalUnits === 0 ? 100 : (doneUnits / totalUnits) * 100;
  return (
    <div className={classes.row}>
      <div className={classes.head}>
        <span className="conch-truncate" title={title}>
          {title}
        </span>
        <Button size="compact-xs" variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </div>
      <Progress.Root size={6} my={6}>
        <Progress.Section
          value={percent}
          animated={totalUnits === undefined}
          striped={totalUnits === undefined}
          aria-label={title}
        />
      </Progress.Root>
      <Text size="xs" className="conch-muted">
        {progressText(progress, now - startedAt)}
      </Text>
    </div>
  );
}

function finishedText({ state, kind }: Job): string {
  switch (state.kind) {
    case 'running':
      return 'Running';
    case 'failed':
      return `Failed: ${state.failure.message}`;
    case 'cancelled':
      return 'Cancelled';
    case 'done':
      if ('server' in state.outcome) return `Done: ${state.outcome.server} has loaded it`;
      if (kind !== 'export' || !('kind' in state.outcome)) return 'Done';
      if (state.outcome.kind === 'path') return `Done: ${state.outcome.path}`;
      return state.outcome.kind === 'uploaded' ? `Done: ${state.outcome.uri}` : 'Done';
  }
}
