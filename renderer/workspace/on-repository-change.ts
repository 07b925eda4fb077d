import { useWorkspaceStore } from './workspace-store.ts';

/**
 * Tells that another model repository is open than before; not of the first one. A model there may have the name of one
 * here, and nothing that was measured or answered is its own.
 */
export function onRepositoryChange(listener: () => void): () => void {
  return useWorkspaceStore.subscribe(({ workspace }, before) => {
    if (before.workspace.path !== '' && workspace.path !== before.workspace.path) listener();
  });
}
