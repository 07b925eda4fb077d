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
  readonly onDone: () => void;
}) {
  const host = useHost();
  const names = useModels().map(({ name }) => name);
  const [chosen, setChosen] = useState('');
  const [size, setSize] = useState<PushSize | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [pushed, setPushed] = useState({ jobId: '', model: '' });
  const state = useJob(pushed.jobId)?.state;
  const model = names.includes(chosen) ? chosen : (names[0] ?? '');
  useEffect(() => {
    if (model === '') return;
    let isCurrent = true;
    setSize(null);
    host.call('remote.pushSize', { model }).then(
      (found) => isCurrent && setSize(found),
      (cause: unknown) => isCurrent && setFailure(statusOf(cause).message),
    );
    return () => {
      isCurrent = false;
    };
  }, [host, model]);
  useEffect(() => {
    if (state !== undefined && state.kind !== 'running') onDone();
    // What the parent does then is its own; only the end of the job counts.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [state?.kind]);
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
