import {
  Alert,
  Button,
  Checkbox,
  Group,
  Modal,
  PasswordInput,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useState, type FormEvent } from 'react';
import type { RemoteServer } from '../../app/contract/remote-server.ts';
import { statusOf } from '../../app/core/status.ts';
import { useHost } from '../host/host-context.tsx';
import { openRemote } from '../navigation/navigation-store.ts';

interface DialogProps {
  /** Absent: a new one. */
  readonly server?: RemoteServer;
  readonly isOpened: boolean;
  readonly onClose: () => void;
}

/** Names a remote server, or changes what is known of one. */
export function RemoteServerDialog({ server, isOpened, onClose }: DialogProps) {
  return (
    <Modal
      opened={isOpened}
      onClose={onClose}
      title={server === undefined ? 'Add a remote server' : `Edit ${server.name}`}
      size={620}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <RemoteServerForm {...(server && { server })} onClose={onClose} />
    </Modal>
  );
}

const MONO = { input: { fontFamily: 'var(--mantine-font-family-monospace)' } };

function RemoteServerForm({ server, onClose }: Omit<DialogProps, 'isOpened'>) {
  const host = useHost();
  const [name, setName] = useState(server?.name ?? '');
  const [url, setUrl] = useState(server?.url ?? '');
  const [token, setToken] = useState('');
  const [forgetsToken, setForgetsToken] = useState(false);
  const [tokenHeader, setTokenHeader] = useState(server?.tokenHeader ?? 'Authorization');
  const [headers, setHeaders] = useState(() => printHeaders(server?.headers ?? {}));
  const [authority, setAuthority] = useState(server?.certificateAuthority ?? '');
  const [failure, setFailure] = useState<string | null>(null);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const { id } = await host.call('remote.save', {
        ...(server && { id: server.id }),
        name: name.trim() === '' ? hostOf(url) : name,
        url: url.trim(),
        headers: parseHeaders(headers),
        tokenHeader: tokenHeader.trim(),
        ...(authority.trim() !== '' && { certificateAuthority: authority.trim() }),
        ...(forgetsToken ? { token: '' } : token !== '' && { token }),
      });
      openRemote(id);
      onClose();
    } catch (cause) {
      setFailure(statusOf(cause).message);
    }
  };
  return (
    <form onSubmit={(event) => void save(event)}>
      <Stack gap="sm">
        <TextInput
          label="Address"
          description="Its HTTP endpoint. Requests go only there; no redirect is followed."
          placeholder="https://triton.example.org"
          data-autofocus
          styles={MONO}
          value={url}
          onChange={({ currentTarget }) => setUrl(currentTarget.value)}
        />
        <TextInput
          label="Name"
          placeholder={hostOf(url)}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <Group grow align="flex-start">
          <PasswordInput
            label="Token"
            description="In the system’s keychain, or asked at every start."
            placeholder={server === undefined || server.token === 'none' ? 'Empty: none' : 'Empty: as before'}
            autoComplete="off"
            value={token}
            disabled={forgetsToken}
            onChange={({ currentTarget }) => setToken(currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': 'Show the token' }}
          />
          <TextInput
            label="Header of the token"
            description="In Authorization it is sent as a Bearer token."
            styles={MONO}
            value={tokenHeader}
            onChange={({ currentTarget }) => setTokenHeader(currentTarget.value)}
          />
        </Group>
        {server !== undefined && server.token !== 'none' && (
          <Checkbox
            label="Forget the token that it has"
            checked={forgetsToken}
            onChange={({ currentTarget }) => setForgetsToken(currentTarget.checked)}
          />
        )}
        <Textarea
          label="Other headers"
          description="One a line, Name: value. They are kept in plain text: no secrets here."
          autosize
          minRows={1}
          styles={MONO}
          value={headers}
          onChange={({ currentTarget }) => setHeaders(currentTarget.value)}
        />
        <TextInput
          label="Certificate authority"
          description="Path of a PEM file on this machine, where the certificate is signed by an authority of your own."
          styles={MONO}
          value={authority}
          onChange={({ currentTarget }) => setAuthority(currentTarget.value)}
        />
        {failure !== null && (
          <Alert color="red" variant="light" role="alert" title="It was not saved">
            <Text size="sm">{failure}</Text>
          </Alert>
        )}
        <Group justify="flex-end">
          <Button type="submit" disabled={url.trim() === ''}>
            {server === undefined ? 'Add server' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}

function printHeaders(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

function parseHeaders(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split(':');
      return [name.trim(), value.join(':').trim()];
    }),
  );
}
