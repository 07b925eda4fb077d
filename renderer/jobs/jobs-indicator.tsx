import { Button, Loader, Popover, Text } from '@mantine/core';
import { IconListCheck } from '@tabler/icons-react';
import { useUploadsStore } from '../imports/uploads-store.ts';
import { JobRow, UploadRow } from './job-row.tsx';
import { useJobsStore } from './jobs-store.ts';
import classes from './jobs.module.css';

/** How much long work there is; opens on its own while something runs that takes long. */
export function JobsIndicator() {
  const jobs = useJobsStore((state) => state.list);
  const uploads = useUploadsStore((state) => state.uploads);
  const running = jobs.filter(({ state }) => state.kind === 'running').length + uploads.length;
  if (jobs.length + uploads.length === 0) return null;
  return (
    <Popover width={400} position="bottom-end" shadow="md" withArrow trapFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          leftSection={
            running > 0 ? <Loader size={14} aria-hidden /> : <IconListCheck size={16} aria-hidden />
          }
        >
          {running > 0 ? `${running} running` : `${jobs.length} finished`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Jobs">
        <Text fw={600} size="sm" mb={4}>
          Jobs
        </Text>
        <div className={classes.list}>
          {uploads.map((upload) => (
            <UploadRow key={upload.id} upload={upload} />
          ))}
          {jobs.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
