import type { ContainerStatus } from './container-status.ts';
import type { Job } from './job.ts';
import type { CompletedRequest, HistorySummary } from './inference.ts';
import type { MachineStatus } from './machine.ts';
import type { ModelEntry } from './model-entry.ts';
import type { LogLine, ServerStatus } from './server-status.ts';
import type { RemoteServer } from './remote-server.ts';
import type { RememberedDims, Settings, Workspace } from './snapshot.ts';

/** Everything the host tells without being asked: `noun.past`. Each carries the whole new fact, never a difference. */
export interface HostEvents {
  'workspace.changed': {
    readonly workspace: Workspace;
    readonly models: readonly ModelEntry[];
    readonly recents: readonly string[];
  };
  'model.changed': ModelEntry;
  'model.removed': { readonly name: string };
  'server.changed': ServerStatus;
  'container.changed': ContainerStatus;
  'remotes.changed': readonly RemoteServer[];
  'job.changed': Job;
  'job.dismissed': { readonly id: string };
  'history.added': HistorySummary;
  'history.deleted': { readonly id: string };
  /** At most ten a second, each with everything completed since the last. */
  'requests.completed': { readonly requests: readonly CompletedRequest[] };
  'log.appended': { readonly lines: readonly LogLine[] };
  'machine.changed': MachineStatus;
  'settings.changed': Settings;
  'dims.changed': RememberedDims;
  /** Something that the person should know now and that belongs to no call, in a sentence. */
  'notice.raised': { readonly severity: 'info' | 'warning' | 'error'; readonly text: string };
  /** Files that the shell was asked to open (a second start, a file association). */
  'paths.opened': { readonly jobId: string };
}

/** The name of an event. */
export type EventName = keyof HostEvents;
