import type { Fix } from '../core/formats/model-description.ts';
import type { Failure } from './channel.ts';

/** What became of one thing that was dropped, picked or pasted. */
export type ImportOutcome =
  | { readonly kind: 'added'; readonly source: string; readonly model: string }
  | {
      readonly kind: 'opened';
      readonly source: string;
      readonly repository: string;
      readonly models: readonly string[];
    }
  | { readonly kind: 'ignored'; readonly source: string; readonly reason: string }
  | {
      readonly kind: 'refused';
      readonly source: string;
      readonly title: string;
      readonly reason: string;
      readonly fix?: Fix;
    };

/** What an export wrote: a path on the host's machine, an id to download it by, or a place in the cloud. */
export type ExportOutcome =
  | { readonly kind: 'path'; readonly path: string; readonly byteSize: number }
  | { readonly kind: 'download'; readonly id: string; readonly fileName: string; readonly byteSize: number }
  | {
      readonly kind: 'uploaded';
      readonly uri: string;
      readonly byteSize: number;
      /** Files that were not there already. */
      readonly sentFiles: number;
    };

/** Result of a finished job, by kind of job. */
export interface JobOutcomes {
  readonly import: readonly ImportOutcome[];
  readonly export: ExportOutcome;
  readonly 'provider-install': { readonly message: string };
  readonly 'model-push': { readonly server: string; readonly model: string; readonly byteSize: number };
  readonly 'image-pull': { readonly image: string; readonly byteSize: number };
}

/** Kinds of long work that show progress and can be cancelled. */
export type JobKind = keyof JobOutcomes;

/** How far a running job is. `totalUnits` is absent while unknown; bytes unless `unit` says otherwise. */
export interface JobProgress {
  /** What is going on, in words: "Copying model.onnx". */
  readonly stage: string;
  readonly doneUnits: number;
  readonly totalUnits?: number;
  readonly unit: 'bytes' | 'files';
}

interface JobOf<Kind extends JobKind> {
  readonly id: string;
  readonly kind: Kind;
  readonly title: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly state:
    | { readonly kind: 'running'; readonly progress: JobProgress }
    | { readonly kind: 'done'; readonly outcome: JobOutcomes[Kind] }
    | { readonly kind: 'failed'; readonly failure: Failure }
    | { readonly kind: 'cancelled' };
}

/** Long work: running, done, failed or cancelled. */
export type Job = { [Kind in JobKind]: JobOf<Kind> }[JobKind];
