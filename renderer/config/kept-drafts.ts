import { useWorkspaceStore } from '../workspace/workspace-store.ts';

/** Keeps text that the host has not got yet, so that closing the page loses nothing. */
export function keepDraft(model: string, text: string): void {
  try {
    globalThis.localStorage?.setItem(keyOf(model), text);
  } catch {
    // A full or forbidden storage only takes away this second net; the host still gets the text.
  }
}

/** Text that the host had not got when the page was left; null where there is none. */
export function keptDraft(model: string): string | null {
  return globalThis.localStorage?.getItem(keyOf(model)) ?? null;
}

/** The host has it now. */
export function forgetDraft(model: string): void {
  globalThis.localStorage?.removeItem(keyOf(model));
}

function keyOf(model: string): string {
  return `conch.draft:${useWorkspaceStore.getState().workspace.path}:${model}`;
}
