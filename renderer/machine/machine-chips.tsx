import { Button, Popover, Text } from '@mantine/core';
import { IconCheck, IconLoader, IconMinus } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import type { MachineStatus } from '../../app/contract/machine.ts';
import { formatBytes } from '../format/format-quantity.ts';
import { usePopover } from '../notices/use-popover.ts';
import { ProviderInstallDialog } from './provider-install-dialog.tsx';
import { useMachine } from './machine-store.ts';
import classes from './machine.module.css';

/** What this machine offers: there, or not there and why. */
export function MachineChips() {
  const machine = useMachine();
  const [isInstalling, setInstalling] = useState(false);
  if (machine === null) return null;
  const { cpu, gpu, docker } = machine;
  return (
    <section className={classes.chips} aria-label="This machine">
      <Chip name="CPU" state="available" summary={`${cpu.cores} cores`}>
        {cpu.model}, {cpu.cores} cores, {formatBytes(cpu.memoryBytes)} of memory.
      </Chip>
      <Chip name="GPU" state={gpu.kind} summary={gpuSummary(gpu)}>
        {gpu.kind === 'available' &&
          `${gpu.name}, used through the ${gpu.executionProvider} execution provider.`}
        {gpu.kind === 'absent' && gpu.reason}
        {gpu.kind === 'checking' && 'Conch is looking for a GPU.'}
        {gpu.install !== undefined && (
          <Button mt={8} size="compact-sm" variant="light" onClick={() => setInstalling(true)}>
            Install CUDA support…
          </Button>
        )}
      </Chip>
      <Chip name="Docker" state={docker.kind} summary={docker.kind === 'available' ? docker.version : ''}>
        {docker.kind === 'available' && `Docker Engine ${docker.version}.`}
        {docker.kind === 'absent' && docker.reason}
        {docker.kind === 'checking' && 'Conch is looking for the Docker Engine.'}
      </Chip>
      {gpu.install !== undefined && (
        <ProviderInstallDialog
          isOpened={isInstalling}
          install={gpu.install}
          onClose={() => setInstalling(false)}
        />
      )}
    </section>
  );
}

interface ChipProps {
  readonly name: string;
  readonly state: 'available' | 'absent' | 'checking';
  readonly summary: string;
  readonly children: ReactNode;
}

const STATE_WORDS = { available: 'available', absent: 'not available', checking: 'checking' } as const;
const STATE_ICONS = { available: IconCheck, absent: IconMinus, checking: IconLoader } as const;

function Chip({ name, state, summary, children }: ChipProps) {
  const Icon = STATE_ICONS[state];
  const { popover, target } = usePopover();
  return (
    <Popover {...popover} width={340} withArrow shadow="md" position="top" zIndex={150}>
      <Popover.Target>
        <button type="button" className={classes.chip} data-state={state} {...target}>
          <Icon size={14} aria-hidden />
          <strong>{name}</strong>
          <span>{summary === '' ? STATE_WORDS[state] : summary}</span>
          {state === 'absent' && <span className={classes.why}>why?</span>}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="sm" component="div">
          {children}
        </Text>
      </Popover.Dropdown>
    </Popover>
  );
}

function gpuSummary(gpu: MachineStatus['gpu']): string {
  return gpu.kind === 'available' ? gpu.name : '';
}
