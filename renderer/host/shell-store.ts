import { create } from 'zustand';
import type { Capabilities } from '../../app/contract/capabilities.ts';
import type { Mirror } from './mirror.ts';
import type { ConnectionState } from './reconnecting-host.ts';

interface ShellState {
  readonly connection: ConnectionState;
  /** True from the first snapshot on. */
  readonly hasSnapshot: boolean;
  readonly conchVersion: string;
  readonly capabilities: Capabilities;
}

const NOTHING: Capabilities = {
  nativeDialogs: false,
  droppedFilesHavePaths: false,
  downloads: false,
  downloadPath: '',
  revealInFolder: false,
  dragsFilesOut: false,
};

/** The shell that shows the page: connection, version, capabilities. */
export const useShellStore = create<ShellState>(() => ({
  connection: { kind: 'connecting' },
  hasSnapshot: false,
  conchVersion: '',
  capabilities: NOTHING,
}));

/** What the shell around the host can do. */
export function useCapabilities(): Capabilities {
  return useShellStore((state) => state.capabilities);
}

export const shellMirror: Mirror = {
  reset: ({ conchVersion, capabilities }) =>
    useShellStore.setState({ conchVersion, capabilities, hasSnapshot: true }),
  follow: () => () => undefined,
};
