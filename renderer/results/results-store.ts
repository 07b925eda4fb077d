import { create } from 'zustand';
import type { HostClient } from '../../app/contract/host-client.ts';
import type { HistoryEntry, InferCall } from '../../app/contract/inference.ts';
import { statusOf } from '../../app/core/status.ts';
import { onRepositoryChange } from '../workspace/on-repository-change.ts';
import { useWorkspaceStore } from '../workspace/workspace-store.ts';

/** The last request of a model, as the results pane shows it. */
export type RunState =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly startedAt: number; readonly previous: HistoryEntry | null }
  | { readonly kind: 'finished'; readonly entry: HistoryEntry }
  /** Nothing reached the server, so there is no history entry either. */
  | { readonly kind: 'not-sent'; readonly message: string };

const NONE: RunState = { kind: 'none' };

const useResultsStore = create<{ readonly runs: Readonly<Record<string, RunState>> }>(() => ({ runs: {} }));

let repositories = 0;
onRepositoryChange(() => {
  repositories += 1;
  useResultsStore.setState({ runs: {} });
});

/** The last request of a model. */
export function useRun(model: string): RunState {
  return useResultsStore(({ runs }) => runs[model] ?? NONE);
}

/** Sends a request and shows its outcome in the results pane of its model. */
export async function runInference(host: HostClient, call: InferCall): Promise<RunState> {
  const asked = repositories;
  const last = useResultsStore.getState().runs[call.model] ?? NONE;
  const previous = last.kind === 'finished' ? last.entry : null;
  setRun(call.model, { kind: 'running', startedAt: Date.now(), previous });
  const run = await host.call('inference.run', call).then(
    (entry): RunState => ({ kind: 'finished', entry }),
    (cause: unknown): RunState => ({ kind: 'not-sent', message: statusOf(cause).message }),
  );
  if (asked === repositories) setRun(call.model, run);
  return run;
}

/** Says why a request could not even be made. */
export function refuseRun(model: string, message: string): void {
  setRun(model, { kind: 'not-sent', message });
}

/** Brings back the newest result of a model of a repository. Does nothing where there is a result already. */
export async function restoreLastRun(host: HostClient, model: string, repository: string): Promise<void> {
  if (useResultsStore.getState().runs[model] !== undefined) return;
  const [newest] = await host.call('history.list', { model, limit: 1 });
  if (newest === undefined) return;
  const entry = await host.call('history.get', { id: newest.id });
  const isStillEmpty =
    useWorkspaceStore.getState().workspace.path === repository &&
    useResultsStore.getState().runs[model] === undefined;
  if (isStillEmpty) setRun(model, { kind: 'finished', entry });
}

function setRun(model: string, run: RunState): void {
  useResultsStore.setState(({ runs }) => ({ runs: { ...runs, [model]: run } }));
}

/** Shows a request of the history in the results pane of its model. */
export function showEntry(entry: HistoryEntry): void {
  setRun(entry.model, { kind: 'finished', entry });
}
