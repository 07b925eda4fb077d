import { create } from 'zustand';
import type { LogLine, ServerStatus } from '../../app/contract/server-status.ts';
import type { Mirror } from '../host/mirror.ts';

const LONGEST_LOG = 5_000;

interface ServerState {
  readonly status: ServerStatus;
  /** Newest last, at most 5,000 lines. */
  readonly log: readonly LogLine[];
}

const useServerStore = create<ServerState>(() => ({ status: { kind: 'stopped' }, log: [] }));

/** The state of the embedded server. */
export function useServerStatus(): ServerStatus {
  return useServerStore((state) => state.status);
}

/** The server's log, newest last. */
export function useLog(): readonly LogLine[] {
  return useServerStore((state) => state.log);
}

export const serverMirror: Mirror = {
  reset: ({ server, log }) => useServerStore.setState({ status: server, log }),
  follow: (host) => {
    const stops = [
      host.on('server.changed', (status) => useServerStore.setState({ status })),
      host.on('log.appended', ({ lines }) =>
        useServerStore.setState(({ log }) => ({ log: [...log, ...lines].slice(-LONGEST_LOG) })),
      ),
    ];
    return () => stops.forEach((stop) => stop());
  },
};
