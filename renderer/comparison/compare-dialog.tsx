import {
  Alert,
  Button,
  Group,
  Modal,
  PasswordInput,
  SegmentedControl,
  Stack,
  TextInput,
} from '@mantine/core';
import { useState } from 'react';
import type { RequestComparison } from '../../app/contract/comparison.ts';
import { statusOf } from '../../app/core/status.ts';
import { useContainerStatus } from '../container/container-store.ts';
import { useHost } from '../host/host-context.tsx';
import { ComparisonTable } from './comparison-table.tsx';

const MOST_REQUESTS = 200;

interface CompareDialogProps {
  /** The saved request from which it was opened. */
  readonly id: string;
  readonly model: string;
  readonly isOpened: boolean;
  readonly onClose: () => void;
}

/** Sends saved requests to another Triton and says whether it answers alike. */
export function CompareDialog(props: CompareDialogProps) {
  return (
    <Modal
      opened={props.isOpened}
      onClose={props.onClose}
      title="Compare with another server"
      size={860}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <CompareBody {...props} />
    </Modal>
  );
}

function CompareBody({ id, model }: CompareDialogProps) {
  const host = useHost();
  const container = useContainerStatus();
  const [url, setUrl] = useState(container.kind === 'running' ? container.httpUrl : '');
  const [authorization, setAuthorization] = useState('');
  const [which, setWhich] = useState<'one' | 'all'>('one');
  const [isRunning, setRunning] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [found, setFound] = useState<readonly RequestComparison[] | null>(null);

  const compare = async () => {
    setRunning(true);
    setFailure(null);
    setFound(null);
    try {
      const saved =
        which === 'all' ? await host.call('history.list', { model, limit: MOST_REQUESTS }) : [{ id }];
      const headers = authorization === '' ? undefined : { Authorization: authorization };
      const server = { url: url.trim(), ...(headers && { headers }) };
      setFound(await host.call('inference.compare', { ids: saved.map((entry) => entry.id), server }));
    } catch (cause) {
      setFailure(statusOf(cause).message);
    } finally {
      setRunning(false);
    }
  };
  return (
    <Stack gap="md">
      <Group gap="md" align="flex-end" wrap="nowrap">
        <TextInput
          style={{ flex: 1 }}
          label="Address of the server"
          description="Any Triton, or any server of the Open Inference Protocol, by its HTTP address."
          placeholder="http://host:8000"
          value={url}
          onChange={({ currentTarget }) => setUrl(currentTarget.value)}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        />
        <PasswordInput
          w={240}
          label="Authorization header"
          description="Optional; kept nowhere."
          placeholder="Bearer …"
          autoComplete="off"
          value={authorization}
          onChange={({ currentTarget }) => setAuthorization(currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the header' }}
        />
      </Group>
      <Group justify="space-between">
        <SegmentedControl
          aria-label="Requests"
          value={which}
          onChange={(value) => setWhich(value === 'all' ? 'all' : 'one')}
          data={[
            { value: 'one', label: 'This request' },
            { value: 'all', label: `All saved requests of ${model}` },
          ]}
        />
        <Button onClick={() => void compare()} disabled={url.trim() === ''} loading={isRunning}>
          Compare
        </Button>
      </Group>
      {failure !== null && (
        <Alert color="red" variant="light" title="It was not compared">
          {failure}
        </Alert>
      )}
      {found !== null && <ComparisonTable comparisons={found} />}
    </Stack>
  );
}
