import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import type { ContainerStatus } from '../../app/contract/container-status.ts';
import { statusOf } from '../../app/core/status.ts';
import type { PreflightCheck } from '../../app/core/triton-container/preflight.ts';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { useHost } from '../host/host-context.tsx';
import { JobRow } from '../jobs/job-row.tsx';
import { useJob } from '../jobs/jobs-store.ts';
import { StateLabel } from '../models/state-chip.tsx';
import { ContainerForm } from './container-form.tsx';
import { useContainerStatus } from './container-store.ts';
import { describeContainer } from './describe-container.ts';
import { keepChoices, readKeptChoices } from './kept-choices.ts';
import { PreflightList } from './preflight-list.tsx';

interface ContainerDialogProps {
  readonly isOpened: boolean;
  readonly onClose: () => void;
}

/** Serves the model repository with a real Triton in a container. */
export function ContainerDialog({ isOpened, onClose }: ContainerDialogProps) {
  return (
    <Modal
      opened={isOpened}
      onClose={onClose}
      title="Triton in a container"
      size={760}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <ContainerBody />
    </Modal>
  );
}

const SETTLED_MILLISECONDS = 300;

function ContainerBody() {
  const host = useHost();
  const status = useContainerStatus();
  const [choices, setChoices] = useState(readKeptChoices);
  const [settled] = useDebouncedValue(choices, SETTLED_MILLISECONDS);
  const [checks, setChecks] = useState<readonly PreflightCheck[] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [isStarting, setStarting] = useState(false);
  const [jobId, setJobId] = useState('');
  const job = useJob(jobId);
  const isPulling = job?.state.kind === 'running';

  useEffect(() => {
    let isCurrent = true;
    const look = async () => {
      try {
        const found = await host.call('container.check', { choices: settled });
        if (!isCurrent) return;
        keepChoices(settled);
        setChecks(found);
        setFailure(null);
      } catch (cause) {
        if (!isCurrent) return;
        setChecks([]);
        setFailure(statusOf(cause).message);
      }
    };
    void look();
    // A pull that is over and a container that came or went change what is there.
    const stops = [
      host.on('container.changed', () => void look()),
      host.on('job.changed', ({ kind, state }) => {
        if (kind === 'image-pull' && state.kind !== 'running') void look();
      }),
    ];
    return () => {
      isCurrent = false;
      stops.forEach((stop) => stop());
    };
  }, [host, settled]);

  const attempt = async (body: () => Promise<unknown>) => {
    setFailure(null);
    try {
      await body();
    } catch (cause) {
      setFailure(statusOf(cause).message);
    }
  };
  const start = async () => {
    setStarting(true);
    await attempt(() => host.call('container.start', { choices }));
    setStarting(false);
  };
  const blocked = checks?.filter(({ state }) => state === 'blocked') ?? [];
  const isUp = ['starting', 'running', 'restarting', 'unreachable'].includes(status.kind);
  const canPull = blocked.some(({ id }) => id === 'image') && !isPulling;
  return (
    <Stack gap="md">
      <ContainerState status={status} />
      <ContainerForm choices={choices} onChange={setChoices} />
      <PreflightList checks={checks} />
      {job !== undefined && <JobRow job={job} />}
      {failure !== null && (
        <Alert color="red" variant="light" role="alert" title="It was not done">
          {failure}
        </Alert>
      )}
      <Group justify="flex-end">
        {canPull && (
          <Button
            variant="default"
            onClick={() =>
              void attempt(async () =>
                setJobId((await host.call('container.pull', { release: choices.release })).jobId),
              )
            }
          >
            Pull image
          </Button>
        )}
        {isUp && (
          <Button variant="default" onClick={() => void attempt(() => host.call('container.stop', null))}>
            Stop container
          </Button>
        )}
        <Button
          loading={isStarting}
          disabled={checks === null || checks.length === 0 || blocked.length > 0}
          onClick={() => void start()}
        >
          {isUp ? 'Start again with these choices' : 'Start container'}
        </Button>
      </Group>
    </Stack>
  );
}

function ContainerState({ status }: { readonly status: ContainerStatus }) {
  return (
    <Stack gap={4}>
      <span role="status" aria-label="Container state">
        <StateLabel {...describeContainer(status)} />
      </span>
      {'reason' in status && <Text size="sm">{status.reason}</Text>}
      {status.kind === 'running' &&
        status.endpoints.map(({ protocol, address }) => (
          <Group key={protocol} gap={8}>
            <span className="conch-mono">{address}</span>
            <CopyButton text={address} label={`Copy the container’s ${protocol} address`} />
          </Group>
        ))}
    </Stack>
  );
}
