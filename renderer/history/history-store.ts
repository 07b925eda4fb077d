import { create } from 'zustand';
import type { HistorySummary } from '../../app/contract/inference.ts';
import type { HostClient } from '../../app/contract/host-client.ts';
import type { Mirror } from '../host/mirror.ts';
import { raiseFailure, raiseNotice } from '../notices/notices-store.ts';
import { onRepositoryChange } from '../workspace/on-repository-change.ts';

/** How long a deleted entry can be taken back. */
const UNDO_MILLISECONDS = 10_000;
const PAGE = 200;

interface HistoryState {
  /** Of every model, newest first. */
  readonly entries: readonly HistorySummary[];
  /** Ids that are hidden until they are deleted for good. */
  readonly hidden: ReadonlySet<string>;
  /** Models whose oldest entry is already here. */
  readonly complete: ReadonlySet<string>;
}

export const useHistoryStore = create<HistoryState>(() => ({
  entries: [],
  hidden: new Set(),
  complete: new Set(),
}));

/** Whether the history of a model shows any request. */
export function useHasRequests(model: string): boolean {
  return useHistoryStore(({ entries, hidden }) =>
    entries.some((entry) => entry.model === model && !hidden.has(entry.id)),
  );
}

/** Keeps the list of requests equal to the host's. */
export const historyMirror: Mirror = {
  reset: ({ history }) => useHistoryStore.setState({ entries: merged([], history), complete: new Set() }),
  follow: (host) => {
    const stops = [
      host.on('history.added', (entry) =>
        useHistoryStore.setState(({ entries }) => ({ entries: merged(entries, [entry]) })),
      ),
      host.on('history.deleted', ({ id }) =>
        useHistoryStore.setState(({ entries, hidden }) => ({
          entries: entries.filter((entry) => entry.id !== id),
          hidden: without(hidden, id),
        })),
      ),
      onRepositoryChange(() => useHistoryStore.setState({ entries: [], complete: new Set() })),
    ];
    return () => stops.forEach((stop) => stop());
  },
};

/** Fetches the entries of a model that are older than those at hand. */
export async function loadOlder(host: HostClient, model: string): Promise<void> {
  const { entries, complete } = useHistoryStore.getState();
  if (complete.has(model)) return;
  const oldest = entries.findLast((entry) => entry.model === model);
  const older = await host.call('history.list', {
    model,
    limit: PAGE,
    ...(oldest === undefined ? {} : { before: oldest.id }),
  });
  if (useHistoryStore.getState().complete !== complete) return;
  useHistoryStore.setState((state) => ({
    entries: merged(state.entries, older),
    complete: older.length < PAGE ? new Set(state.complete).add(model) : state.complete,
  }));
}

/** Takes an entry off the list; it is deleted for good when the time for undoing is over. */
export function deleteEntry(host: HostClient, id: string): void {
  useHistoryStore.setState(({ hidden }) => ({ hidden: new Set(hidden).add(id) }));
  const show = () => useHistoryStore.setState(({ hidden }) => ({ hidden: without(hidden, id) }));
  const timer = setTimeout(() => {
    host.call('history.delete', { id }).catch((cause: unknown) => {
      show();
      raiseFailure('The request could not be deleted', cause);
    });
  }, UNDO_MILLISECONDS);
  const undo = () => {
    clearTimeout(timer);
    show();
  };
  raiseNotice({
    severity: 'info',
    text: 'The request is deleted.',
    lifetimeMilliseconds: UNDO_MILLISECONDS,
    action: { label: 'Undo', run: undo },
  });
}

function merged(
  entries: readonly HistorySummary[],
  more: readonly HistorySummary[],
): readonly HistorySummary[] {
  const byId = new Map([...entries, ...more].map((entry) => [entry.id, entry]));
  return [...byId.values()].sort((one, other) => other.at - one.at);
}

function without(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const rest = new Set(ids);
  rest.delete(id);
  return rest;
}
