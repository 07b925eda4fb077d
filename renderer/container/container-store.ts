import { create } from 'zustand';
import type { ContainerStatus } from '../../app/contract/container-status.ts';
import type { Mirror } from '../host/mirror.ts';

const useContainerStore = create<{ readonly status: ContainerStatus }>(() => ({
  status: { kind: 'stopped' },
}));

/** The state of the Triton container. */
export function useContainerStatus(): ContainerStatus {
  return useContainerStore((state) => state.status);
}

export const containerMirror: Mirror = {
  reset: ({ container }) => useContainerStore.setState({ status: container }),
  follow: (host) => host.on('container.changed', (status) => useContainerStore.setState({ status })),
};
