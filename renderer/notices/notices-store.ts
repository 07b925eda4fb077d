import { create } from 'zustand';
import { statusOf } from '../../app/core/status.ts';
import type { Mirror } from '../host/mirror.ts';

/** A sentence that the person should see now. */
export interface Notice {
  readonly id: number;
  readonly severity: 'info' | 'success' | 'warning' | 'error';
  readonly text: string;
  /** One thing that can be done about it. */
  readonly action?: { readonly label: string; readonly run: () => void };
  /** Milliseconds after which it goes by itself; stays while the pointer or the focus is on it. */
  readonly lifetimeMilliseconds: number;
}

export const useNoticesStore = create<{ readonly notices: readonly Notice[] }>(() => ({ notices: [] }));

let lastId = 0;

/** Shows a notice and announces it. Errors stay until dismissed, the rest goes after 6 s unless told otherwise. */
export function raiseNotice(
  notice: Omit<Notice, 'id' | 'lifetimeMilliseconds'> & { readonly lifetimeMilliseconds?: number },
): number {
  lastId += 1;
  const id = lastId;
  const lifetimeMilliseconds =
    notice.lifetimeMilliseconds ?? (notice.severity === 'error' ? Infinity : 6_000);
  useNoticesStore.setState(({ notices }) => ({
    notices: [
      ...notices.filter(({ text, severity }) => text !== notice.text || severity !== notice.severity),
      { ...notice, id, lifetimeMilliseconds },
    ].slice(-5),
  }));
  return id;
}

/** Shows what went wrong with something that the person asked for: "Could not rename: …". */
export function raiseFailure(what: string, cause: unknown): void {
  raiseNotice({ severity: 'error', text: `${what}: ${statusOf(cause).message}` });
}

/** Takes a notice away. */
export function dismissNotice(id: number): void {
  useNoticesStore.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));
}

export const noticesMirror: Mirror = {
  reset: () => undefined,
  follow: (host) => host.on('notice.raised', ({ severity, text }) => void raiseNotice({ severity, text })),
};
