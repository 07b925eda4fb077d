import { Autocomplete, Checkbox, Group, NumberInput, Select, Stack } from '@mantine/core';
import { TRITON_RELEASES } from '../../app/core/deployment/triton-releases.ts';
import { CONTROL_MODES, type ContainerChoices } from '../../app/core/triton-container/container-choices.ts';

const CONTROL_WORDS: Record<ContainerChoices['controlMode'], string> = {
  none: 'All models at start, none later (none)',
  explicit: 'Load and unload on request (explicit)',
  poll: 'Follow changes on disk (poll)',
};

interface ContainerFormProps {
  readonly choices: ContainerChoices;
  readonly onChange: (choices: ContainerChoices) => void;
}

/** What the container is made of. */
export function ContainerForm({ choices, onChange }: ContainerFormProps) {
  const change = (part: Partial<ContainerChoices>) => onChange({ ...choices, ...part });
  return (
    <Stack gap="sm">
      <Group grow align="flex-start">
        <Autocomplete
          label="Release or image"
          description="A release of Triton, or the name of an image of your own"
          data={TRITON_RELEASES.map(({ tag }) => tag)}
          filter={({ options }) => options}
          value={choices.release}
          onChange={(release) => change({ release })}
        />
        <Select
          label="Model control mode"
          description="How Triton takes models"
          allowDeselect={false}
          data={CONTROL_MODES.map((value) => ({ value, label: CONTROL_WORDS[value] }))}
          value={choices.controlMode}
          onChange={(value) =>
            change({ controlMode: CONTROL_MODES.find((mode) => mode === value) ?? 'explicit' })
          }
        />
      </Group>
      <Group grow>
        <NumberInput
          label="Memory limit"
          suffix=" GiB"
          min={1}
          max={4096}
          allowDecimal={false}
          value={choices.memoryGibibytes}
          onChange={(value) => typeof value === 'number' && change({ memoryGibibytes: value })}
        />
        <NumberInput
          label="Shared memory"
          suffix=" MiB"
          min={64}
          max={1024 * 1024}
          allowDecimal={false}
          value={choices.sharedMemoryMebibytes}
          onChange={(value) => typeof value === 'number' && change({ sharedMemoryMebibytes: value })}
        />
      </Group>
      <Checkbox
        label="Use the NVIDIA GPU"
        checked={choices.usesGpu}
        onChange={(event) => change({ usesGpu: event.currentTarget.checked })}
      />
      <Checkbox
        label="Keep the container running when Conch quits"
        checked={choices.keepsRunning}
        onChange={(event) => change({ keepsRunning: event.currentTarget.checked })}
      />
    </Stack>
  );
}
