import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { checkModelName } from '../../app/core/repository/model-name.ts';
import { statusOf } from '../../app/core/status.ts';
import { useHost } from '../host/host-context.tsx';
import { openModel } from '../navigation/navigation-store.ts';
import { useModels } from './models-store.ts';

interface RenameDialogProps {
  readonly model: ModelEntry;
  readonly isOpened: boolean;
  readonly onClose: () => void;
}

/** Renames the model's directory and the name in its config together. */
export function RenameDialog(props: RenameDialogProps) {
  return (
    <Modal
      opened={props.isOpened}
      onClose={props.onClose}
      title="Rename model"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <RenameForm {...props} />
    </Modal>
  );
}

function RenameForm({ model, onClose }: RenameDialogProps) {
  const host = useHost();
  const models = useModels();
  const [name, setName] = useState(model.name);
  const [failure, setFailure] = useState<string | null>(null);
  const isTaken = name !== model.name && models.some((other) => other.name === name);
  const problem = checkModelName(name) ?? (isTaken ? `There is already a model '${name}'.` : null);
  const rename = async () => {
    try {
      await host.call('model.rename', { name: model.name, newName: name });
      onClose();
      openModel(name);
    } catch (cause) {
      setFailure(statusOf(cause).message);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (problem === null && name !== model.name) void rename();
      }}
    >
      <Stack gap="sm">
        <TextInput
          data-autofocus
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={problem ?? failure}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        />
        <Text size="xs" className="conch-muted">
          Clients ask for the model by this name, and Triton wants its directory to be called the same. Conch
          renames both, and the name in config.pbtxt.
        </Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={problem !== null || name === model.name}>
            Rename
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
