import type { Sample } from '../core/samples/sample.ts';
import type { Capabilities } from './capabilities.ts';
import type { ContainerStatus } from './container-status.ts';
import type { Job } from './job.ts';
import type { MachineStatus } from './machine.ts';
import type { ModelEntry } from './model-entry.ts';
import type { LogLine, ServerStatus } from './server-status.ts';
import type { RemoteServer } from './remote-server.ts';
import type { HistorySummary } from './inference.ts';

/** The model repository that is open. */
export interface Workspace {
  /** Absolute path on the host's machine. */
  readonly path: string;
  /** Whether it is Conch's own default repository in the user's data folder. */
  readonly isDefault: boolean;
  /** Why it cannot be written, where it cannot. */
  readonly readOnlyReason?: string;
  /** Directories and files that Triton would stumble over, such as `.git`, with the reason. */
  readonly notices: readonly { readonly path: string; readonly text: string }[];
}

/** Settings of the person, kept in the user's data folder. */
export interface Settings {
  readonly colorScheme: 'auto' | 'light' | 'dark';
  readonly showsAllSettings: boolean;
}

/** Everything that the UI mirrors; asked once after every (re)connect, then kept up to date by events. */
export interface HostSnapshot {
  readonly conchVersion: string;
  readonly capabilities: Capabilities;
  readonly machine: MachineStatus;
  readonly workspace: Workspace;
  readonly recents: readonly string[];
  readonly samples: readonly Sample[];
  readonly models: readonly ModelEntry[];
  readonly server: ServerStatus;
  readonly container: ContainerStatus;
  /** By name. */
  readonly remoteServers: readonly RemoteServer[];
  readonly jobs: readonly Job[];
  /** Newest first, at most 200. */
  readonly history: readonly HistorySummary[];
  /** Newest last, at most 500. */
  readonly log: readonly LogLine[];
  readonly settings: Settings;
  /** Free dims that were asked once: model → input → name or index of the dim → size. */
  readonly rememberedDims: RememberedDims;
}

/** Model → input → dim (symbolic name, or its index as text) → size. */
export type RememberedDims = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>
>;
