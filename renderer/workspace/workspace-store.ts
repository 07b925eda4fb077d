import { create } from 'zustand';
import type { Workspace } from '../../app/contract/snapshot.ts';
import type { Sample } from '../../app/core/samples/sample.ts';
import type { Mirror } from '../host/mirror.ts';

interface WorkspaceState {
  readonly workspace: Workspace;
  readonly recents: readonly string[];
  readonly samples: readonly Sample[];
}

/** The open model repository, those opened before, and the samples that ship with Conch. */
export const useWorkspaceStore = create<WorkspaceState>(() => ({
  workspace: { path: '', isDefault: true, notices: [] },
  recents: [],
  samples: [],
}));

export const workspaceMirror: Mirror = {
  reset: ({ workspace, recents, samples }) => useWorkspaceStore.setState({ workspace, recents, samples }),
  follow: (host) =>
    host.on('workspace.changed', ({ workspace, recents }) =>
      useWorkspaceStore.setState({ workspace, recents }),
    ),
};
