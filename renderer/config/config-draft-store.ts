import { create } from 'zustand';
import type { HostClient } from '../../app/contract/host-client.ts';
import type { ConfigState } from '../../app/contract/model-entry.ts';
import { StatusError, statusOf } from '../../app/core/status.ts';
import { applyEdits, type TextEdit } from '../../app/core/model-config/edit-config.ts';
import { useModelsStore } from '../models/models-store.ts';
import { forgetDraft, keepDraft, keptDraft } from './kept-drafts.ts';
import { useWorkspaceStore } from '../workspace/workspace-store.ts';
import { changeText, redoText, startHistory, undoText, type TextHistory } from './text-history.ts';

/** How far the text is from the host's. */
export type SaveState =
  | { readonly kind: 'saved' }
  | { readonly kind: 'saving' }
  /** The host cannot be asked right now; it is tried again. */
  | { readonly kind: 'waiting' }
  /** Somebody else changed the config; the person chooses. */
  | { readonly kind: 'conflict'; readonly theirs: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** A config as it is being edited. */
export interface ConfigDraft {
  readonly history: TextHistory;
  /** The host's revision that the text is based on. */
  readonly revision: number;
  readonly save: SaveState;
}

interface DraftsState {
  readonly drafts: ReadonlyMap<string, ConfigDraft>;
}

export const useConfigDrafts = create<DraftsState>(() => ({ drafts: new Map() }));

const SAVE_DELAY_MILLISECONDS = 300;
const timers = new Map<string, ReturnType<typeof setTimeout>>();
const textsInFlight = new Map<string, string>();

// Another repository has other models, even where names are equal. What was not saved yet is kept by its path.
useWorkspaceStore.subscribe(({ workspace }, before) => {
  if (workspace.path === before.workspace.path) return;
  for (const timer of timers.values()) clearTimeout(timer);
  timers.clear();
  textsInFlight.clear();
  useConfigDrafts.setState({ drafts: new Map() });
});

/** Starts editing a model's config, from what was typed and not yet saved when the page was left, if anything. */
export function openDraft(host: HostClient, model: string, config: ConfigState): void {
  if (useConfigDrafts.getState().drafts.has(model)) {
    adoptHostConfig(model, config);
    return;
  }
  const kept = keptDraft(model);
  const start = startHistory(config.text);
  if (kept === null || kept === config.text) {
    put(model, { history: start, revision: config.revision, save: { kind: 'saved' } });
    return;
  }
  put(model, {
    history: changeText(start, kept, 0, false),
    revision: config.revision,
    save: { kind: 'saving' },
  });
  scheduleSave(host, model, 0);
}

/** Takes over what the host says of the config now. Text that is not saved yet is never overwritten. */
export function adoptHostConfig(model: string, config: ConfigState): void {
  const draft = useConfigDrafts.getState().drafts.get(model);
  if (draft === undefined || config.revision === draft.revision) return;
  const inFlight = textsInFlight.get(model);
  if (config.text === draft.history.text) {
    put(model, { ...draft, revision: config.revision, save: { kind: 'saved' } });
    forgetDraft(model);
    return;
  }
  if (inFlight !== undefined && inFlight === config.text) return;
  if (draft.save.kind !== 'saved') {
    put(model, { ...draft, save: { kind: 'conflict', theirs: config.text } });
    return;
  }
  put(model, {
    history: changeText(draft.history, config.text, Date.now(), false),
    revision: config.revision,
    save: { kind: 'saved' },
  });
}

/** Applies text patches, as the form makes them; one step of undo. */
export function editDraft(host: HostClient, model: string, edits: readonly TextEdit[]): void {
  const draft = useConfigDrafts.getState().drafts.get(model);
  if (draft !== undefined) setDraftText(host, model, applyEdits(draft.history.text, edits), false);
}

/** Replaces the text, as typing does. */
export function setDraftText(host: HostClient, model: string, text: string, isTyping: boolean): void {
  change(host, model, (history) => changeText(history, text, Date.now(), isTyping));
}

/** One step back, whichever view made it. */
export function undoDraft(host: HostClient, model: string): void {
  change(host, model, undoText);
}

/** One step forward again. */
export function redoDraft(host: HostClient, model: string): void {
  change(host, model, redoText);
}

/** Ends a conflict: with the text that is here, or with theirs (this one stays in undo). */
export function resolveConflict(host: HostClient, model: string, choice: 'mine' | 'theirs'): void {
  const draft = useConfigDrafts.getState().drafts.get(model);
  const config = useModelsStore.getState().models.get(model)?.config;
  if (draft === undefined || config === undefined) return;
  if (choice === 'theirs') {
    const history = changeText(draft.history, config.text, Date.now(), false);
    put(model, { history, revision: config.revision, save: { kind: 'saved' } });
    forgetDraft(model);
    return;
  }
  put(model, { ...draft, revision: config.revision, save: { kind: 'saving' } });
  scheduleSave(host, model, 0);
}

/** Sends everything that is not saved yet, at once: after a reconnect, before the page goes. */
export function flushDrafts(host: HostClient): void {
  for (const [model, { save }] of useConfigDrafts.getState().drafts)
    if (save.kind === 'saving' || save.kind === 'waiting') void saveDraft(host, model);
}

function change(host: HostClient, model: string, step: (history: TextHistory) => TextHistory | null): void {
  const draft = useConfigDrafts.getState().drafts.get(model);
  const history = draft === undefined ? null : step(draft.history);
  if (draft === undefined || history === null || history === draft.history) return;
  keepDraft(model, history.text);
  const isConflict = draft.save.kind === 'conflict';
  put(model, { ...draft, history, save: isConflict ? draft.save : { kind: 'saving' } });
  if (!isConflict) scheduleSave(host, model, SAVE_DELAY_MILLISECONDS);
}

function scheduleSave(host: HostClient, model: string, delayMilliseconds: number): void {
  clearTimeout(timers.get(model));
  timers.set(
    model,
    setTimeout(() => void saveDraft(host, model), delayMilliseconds),
  );
}

async function saveDraft(host: HostClient, model: string): Promise<void> {
  clearTimeout(timers.get(model));
  const draft = useConfigDrafts.getState().drafts.get(model);
  if (draft === undefined || textsInFlight.has(model)) return;
  const { text } = draft.history;
  textsInFlight.set(model, text);
  try {
    const { revision } = await host.call('config.edit', { model, text, revision: draft.revision });
    textsInFlight.delete(model);
    settle(host, model, text, revision);
  } catch (cause) {
    textsInFlight.delete(model);
    fail(model, cause);
  }
}

function settle(host: HostClient, model: string, text: string, revision: number): void {
  const draft = useConfigDrafts.getState().drafts.get(model);
  if (draft === undefined) return;
  const isCurrent = draft.history.text === text;
  put(model, { ...draft, revision, save: { kind: isCurrent ? 'saved' : 'saving' } });
  if (isCurrent) forgetDraft(model);
  else scheduleSave(host, model, 0);
}

function fail(model: string, cause: unknown): void {
  const draft = useConfigDrafts.getState().drafts.get(model);
  if (draft === undefined) return;
  put(model, { ...draft, save: failureState(model, cause) });
}

function failureState(model: string, cause: unknown): SaveState {
  if (cause instanceof StatusError && cause.code === 'unavailable') return { kind: 'waiting' };
  if (cause instanceof StatusError && cause.code === 'already-exists')
    return { kind: 'conflict', theirs: useModelsStore.getState().models.get(model)?.config.text ?? '' };
  return { kind: 'failed', reason: statusOf(cause).message };
}

function put(model: string, draft: ConfigDraft): void {
  useConfigDrafts.setState(({ drafts }) => ({ drafts: new Map(drafts).set(model, draft) }));
}
