import { create } from 'zustand';
import type { MachineStatus } from '../../app/contract/machine.ts';
import type { Mirror } from '../host/mirror.ts';

const useMachineStore = create<{ readonly machine: MachineStatus | null }>(() => ({ machine: null }));

/** What the host's machine offers; null before the first snapshot. */
export function useMachine(): MachineStatus | null {
  return useMachineStore((state) => state.machine);
}

export const machineMirror: Mirror = {
  reset: ({ machine }) => useMachineStore.setState({ machine }),
  follow: (host) => host.on('machine.changed', (machine) => useMachineStore.setState({ machine })),
};
