import { Button, Group, PasswordInput, Text, TextInput } from '@mantine/core';
import { IconCloudUpload } from '@tabler/icons-react';
import { useState } from 'react';
import type { S3Account } from '../../app/contract/calls.ts';

interface S3UploadProps {
  readonly isEnabled: boolean;
  readonly onUpload: (account: S3Account) => void;
}

/** Uploads at once what the commands beside it would. Keys are asked each time and kept nowhere. */
export function S3Upload({ isEnabled, onUpload }: S3UploadProps) {
  const [endpoint, setEndpoint] = useState('');
  const [region, setRegion] = useState('');
  const [accessKeyId, setAccessKeyId] = useState('');
  const [secretAccessKey, setSecretAccessKey] = useState('');
  const hasHalfAKey = (accessKeyId === '') !== (secretAccessKey === '');
  const start = () =>
    onUpload({
      ...(endpoint !== '' && { endpoint }),
      ...(region !== '' && { region }),
      ...(accessKeyId !== '' && { credentials: { accessKeyId, secretAccessKey } }),
    });
  return (
    <div>
      <Group gap="sm" align="flex-end">
        <TextInput
          style={{ flex: 2, minWidth: 180 }}
          label="S3 endpoint"
          placeholder="Empty: Amazon"
          value={endpoint}
          onChange={({ currentTarget }) => setEndpoint(currentTarget.value.trim())}
        />
        <TextInput
          style={{ flex: 1, minWidth: 110 }}
          label="Region"
          placeholder="us-east-1"
          value={region}
          onChange={({ currentTarget }) => setRegion(currentTarget.value.trim())}
        />
        <TextInput
          style={{ flex: 1, minWidth: 150 }}
          label="Access key"
          autoComplete="off"
          placeholder="Empty: environment"
          value={accessKeyId}
          onChange={({ currentTarget }) => setAccessKeyId(currentTarget.value.trim())}
        />
        <PasswordInput
          style={{ flex: 1, minWidth: 150 }}
          label="Secret key"
          autoComplete="off"
          value={secretAccessKey}
          onChange={({ currentTarget }) => setSecretAccessKey(currentTarget.value.trim())}
        />
        <Button
          variant="light"
          leftSection={<IconCloudUpload size={16} aria-hidden />}
          disabled={!isEnabled || hasHalfAKey}
          onClick={start}
        >
          Upload
        </Button>
      </Group>
      <Text size="xs" mt={4} className="conch-muted">
        Keys are used for this upload and kept nowhere. Files that are in the bucket already are not sent
        again; nothing there is deleted.
      </Text>
    </div>
  );
}
