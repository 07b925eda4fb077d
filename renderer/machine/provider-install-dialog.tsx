import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { MachineStatus } from '../../app/contract/machine.ts';
import { statusOf } from '../../app/core/status.ts';
import { CopyableLines } from '../clipboard/copyable-lines.tsx';
import { useHost } from '../host/host-context.tsx';
import { useJob } from '../jobs/jobs-store.ts';
import { JobRow } from '../jobs/job-row.tsx';

interface ProviderInstallDialogProps {
  readonly isOpened: boolean;
  readonly install: NonNullable<MachineStatus['gpu']['install']>;
  readonly onClose: () => void;
}

/** Says what installing the CUDA execution provider does, and does it only after a yes. */
export function ProviderInstallDialog({ isOpened, install, onClose }: ProviderInstallDialogProps) {
  const host = useHost();
  const [jobId, setJobId] = useState('');
  const [failure, setFailure] = useState<string | null>(null);
  const job = useJob(jobId);
  const agree = async () => {
    try {
      setFailure(null);
      setJobId((await host.call('provider.install', { agreed: true })).jobId);
    } catch (cause) {
      setFailure(statusOf(cause).message);
    }
  };
  const isBusy = job?.state.kind === 'running';
  const isDone = job?.state.kind === 'done';
  return (
    <Modal
      opened={isOpened}
      onClose={onClose}
      title="Install CUDA support"
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack gap="md">
        <Text size="sm">{install.text}</Text>
        {job !== undefined && job.state.kind !== 'done' && <JobRow job={job} />}
        {job?.kind === 'provider-install' && job.state.kind === 'done' && (
          <Alert color="green" variant="light">
            {job.state.outcome.message}
          </Alert>
        )}
        {failure !== null && (
          <Alert color="red" variant="light" title="It did not work">
            {failure}
          </Alert>
        )}
        {install.byHand.length > 0 && (
          <div>
            <Text size="sm" mb={6} className="conch-muted">
              Or by hand, for example without network:
            </Text>
            <CopyableLines lines={install.byHand} label="commands" />
          </div>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {isDone ? 'Done' : 'Not now'}
          </Button>
          {!isDone && (
            <Button onClick={() => void agree()} loading={isBusy}>
              Download and install
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
