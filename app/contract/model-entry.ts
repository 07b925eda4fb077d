import type { ModelDescription } from '../core/formats/model-description.ts';

/** One version directory of a model and what is in it. */
export interface ModelVersion {
  readonly version: number;
  readonly files: readonly { readonly path: string; readonly byteSize: number }[];
  readonly state: VersionState;
}

/** What the server says of one version, in Triton's words (repository index). */
export type VersionState =
  | { readonly kind: 'unloaded' }
  | { readonly kind: 'loading'; /** Epoch milliseconds. */ readonly since: number }
  | {
      readonly kind: 'ready';
      readonly loadMilliseconds: number;
      readonly instanceCount: number;
      /** Threads with which each instance computes on the CPU; absent: not told. */
      readonly threadsPerInstance?: number;
      readonly executionProvider: string;
      /** Why this execution provider and not another, in a sentence. */
      readonly executionProviderReason: string;
    }
  | { readonly kind: 'unloading' }
  | {
      readonly kind: 'unavailable';
      /** Triton's own text. */
      readonly reason: string;
      /** Ours beside it, where there is one. */
      readonly explanation?: Explanation;
      /** Set while a crashed engine waits for its restart. */
      readonly restartsInMilliseconds?: number;
    };

/** What, why and what to do about it, for people. */
export interface Explanation {
  readonly what: string;
  readonly why: string;
  readonly fix?: string;
}

/** A model's config.pbtxt as the editor sees it. */
export interface ConfigState {
  /** The text to edit: the draft where there is one, else the file. Empty where there is no config.pbtxt. */
  readonly text: string;
  /** Counts every change of `text`; an edit names the revision that it was made on. */
  readonly revision: number;
  /** False while `text` has errors and therefore lives only as a draft beside the last good file. */
  readonly isSaved: boolean;
  /** The text on disk. */
  readonly savedText: string;
  /** Whether the server loaded another text than the one on disk: a reload would apply it. */
  readonly isReloadNeeded: boolean;
}

/** The outcome of opening an unknown model in a throw-away process. */
export type ProbeOutcome =
  | { readonly kind: 'pending' }
  | {
      readonly kind: 'answered';
      readonly loadMilliseconds: number;
      readonly runMilliseconds: number;
      readonly peakMemoryBytes: number;
    }
  | { readonly kind: 'failed'; readonly reason: string; readonly explanation?: Explanation }
  | { readonly kind: 'skipped'; readonly reason: string };

/** One model of the model repository: a directory with versions and a config. */
export interface ModelEntry {
  readonly name: string;
  /** Absolute path of the model directory on the host's machine. */
  readonly path: string;
  readonly versions: readonly ModelVersion[];
  /** Of the newest version; null where there is no version or its file is missing. */
  readonly description: ModelDescription | null;
  readonly probe: ProbeOutcome;
  readonly config: ConfigState;
  /** Label texts by label file name, for results. At most 100,000 labels a file. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** A directory that Triton would take for a model but that is none, and why. */
  readonly problem?: string;
}
