import { create } from 'zustand';
import type { RemoteServer } from '../../app/contract/remote-server.ts';
import type { Mirror } from '../host/mirror.ts';

const useRemoteStore = create<{ readonly servers: readonly RemoteServer[] }>(() => ({ servers: [] }));

/** The remote servers that the person named, by name. */
export function useRemoteServers(): readonly RemoteServer[] {
  return useRemoteStore((state) => state.servers);
}

/** The server of that id; undefined where there is none. */
export function useRemoteServer(id: string | null): RemoteServer | undefined {
  return useRemoteStore((state) => state.servers.find((server) => server.id === id));
}

export const remoteMirror: Mirror = {
  reset: ({ remoteServers }) => useRemoteStore.setState({ servers: remoteServers }),
  follow: (host) => host.on('remotes.changed', (servers) => useRemoteStore.setState({ servers })),
};
