import { createContext, useContext, type ReactNode } from 'react';
import type { HostClient } from '../../app/contract/host-client.ts';

const HostContext = createContext<HostClient | null>(null);

/** Gives the host to everything below. */
export function HostProvider({
  host,
  children,
}: {
  readonly host: HostClient;
  readonly children: ReactNode;
}) {
  return <HostContext.Provider value={host}>{children}</HostContext.Provider>;
}

/** The host; its identity never changes while the page lives. */
export function useHost(): HostClient {
  const host = useContext(HostContext);
  if (host === null) throw new Error('useHost needs a HostProvider above it.');
  return host;
}
