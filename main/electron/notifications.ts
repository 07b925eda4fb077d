import { Notification } from 'electron';
import { onEvent, type HostEventSource } from '../../app/contract/host-dispatch.ts';
import type { Job } from '../../app/contract/job.ts';
import type { ServerStatus } from '../../app/contract/server-status.ts';

/** What a person who looks elsewhere should know. */
export interface Note {
  readonly title: string;
  readonly body: string;
}

/** Shorter work is over before anybody looks away. */
const SHORTEST_MILLISECONDS = 5_000;

/** Of a job that took a while and ended; null while it runs, and where the person ended it. */
export function noteOfJob({ title, startedAt, state }: Job, now: number): Note | null {
  if (now - startedAt < SHORTEST_MILLISECONDS) return null;
  switch (state.kind) {
    case 'done':
      return { title: 'Done', body: title };
    case 'failed':
      return { title: `${title} failed`, body: state.failure.message };
    case 'running':
    case 'cancelled':
      return null;
  }
}

/** Of a server that stopped answering; null while it is well, or stopped as asked. */
export function noteOfServer(status: ServerStatus): Note | null {
  switch (status.kind) {
    case 'failed':
      return { title: 'The server does not run', body: status.reason };
    case 'restarting':
      return { title: 'The server is restarted', body: status.reason };
    case 'stopped':
    case 'starting':
    case 'running':
      return null;
  }
}

/**
 * Tells by the system's notifications what happens while nobody looks at the window; a click calls `show`. Returns what
 * tells anything else in the same way.
 */
export function notifyOutside(
  events: HostEventSource,
  { isLookedAt, show }: { readonly isLookedAt: () => boolean; readonly show: () => void },
): (note: Note) => void {
  const tell = (note: Note) => {
    if (!Notification.isSupported()) return;
    const notification = new Notification(note);
    notification.on('click', show);
    notification.show();
  };
  const tellUnseen = (note: Note | null) => {
    if (note && !isLookedAt()) tell(note);
  };
  onEvent(events, 'job.changed', (job) => tellUnseen(noteOfJob(job, Date.now())));
  onEvent(events, 'server.changed', (status) => tellUnseen(noteOfServer(status)));
  return tell;
}
