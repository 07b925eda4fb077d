import { Alert, Button, Group, NativeSelect, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { PushSize, RemoteServer } from '../../app/contract/remote-server.ts';
import { statusOf } from '../../app/core/status.ts';
import { formatBytes, formatCount } from '../format/format-quantity.ts';
import { useHost } from '../host/host-context.tsx';
import { useJob } from '../jobs/jobs-store.ts';
import { useModels } from '../models/models-store.ts';

/** What Triton takes in one request unless told otherwise (`--http-max-input-size`), bytes. */
const USUAL_LIMIT = 64 * 1024 * 1024;

/** Sends a model of the open repository to the server, which has to run in explicit mode. */
export function PushPanel({
  server,
  onDone,
}: {
  readonly server: RemoteServer;
  /** When a push has ended; the same function in every render. */
  readonly onDone: () => Promise<void>;
}) {
  const host = useHost();
  const names = useModels().map(({ name }) => name);
  const [chosen, setChosen] = useState('');
  const [measured, setMeasured] = useState<{ readonly model: string; readonly size: PushSize } | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [pushed, setPushed] = useState({ jobId: '', model: '' });
  const state = useJob(pushed.jobId)?.state;
  const model = names.includes(chosen) ? chosen : (names[0] ?? '');
  const size = measured?.model === model ? measured.size : null;
  useEffect(() => {
    if (model === '') return;
    let isCurrent = true;
    host.call('remote.pushSize', { model }).then(
      (found) => isCurrent && setMeasured({ model, size: found }),
      (cause: unknown) => isCurrent && setFailure(statusOf(cause).message),
    );
    return () => {
      isCurrent = false;
    };
  }, [host, model]);
  const hasEnded = state !== undefined && state.kind !== 'running';
  useEffect(() => {
    if (hasEnded) void onDone();
  }, [hasEnded, onDone]);
  if (names.length === 0) return null;
  const push = async () => {
    setFailure(null);
    try {
      const { jobId } = await host.call('remote.push', { id: server.id, model });
      setPushed({ jobId, model });
    } catch (cause) {
      setFailure(statusOf(cause).message);
    }
  };
  return (
    <section aria-label="Push a model">
      <Group align="flex-end" gap="sm">
        <NativeSelect
          label="Push a model of this repository"
          data={names}
          value={model}
          onChange={({ currentTarget }) => setChosen(currentTarget.value)}
        />
        <Button
          variant="default"
          loading={state?.kind === 'running'}
          disabled={size === null}
          onClick={() => void push()}
        >
          Push
        </Button>
        {size !== null && (
          <Text size="sm" className="conch-muted" pb={8}>
            {formatCount(size.files, 'file')}, {formatBytes(size.byteSize)}: {formatBytes(size.sentByteSize)}{' '}
            are sent.
            {size.sentByteSize > USUAL_LIMIT &&
              ' A Triton takes 64.0 MiB at once unless --http-max-input-size says more.'}
          </Text>
        )}
      </Group>
      {state?.kind === 'failed' && (
        <Alert
          color="red"
          variant="light"
          role="alert"
          title={`${server.name} did not take ${pushed.model}`}
          mt="sm"
        >
          {state.failure.message}
        </Alert>
      )}
      {state?.kind === 'done' && (
        <Text size="sm" mt="xs" role="status">
          {server.name} has loaded {pushed.model}.
        </Text>
      )}
      {failure !== null && (
        <Alert color="red" variant="light" role="alert" title="It was not sent" mt="sm">
          {failure}
        </Alert>
      )}
    </section>
  );
}
