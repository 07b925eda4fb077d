import type { ComparedServer, RequestComparison } from './comparison.ts';
import type { DeploymentChoices, DeploymentFile } from '../core/deployment/deployment-facts.ts';
import type { LintItem } from '../core/export-lints/lint-repository.ts';
import type { ContainerChoices } from '../core/triton-container/container-choices.ts';
import type { PreflightCheck } from '../core/triton-container/preflight.ts';
import type { HistoryEntry, HistorySummary, InferCall } from './inference.ts';
import type { PushSize, RemoteModelFacts, RemoteServerEdit, RemoteStatus } from './remote-server.ts';
import type { HostSnapshot, Settings } from './snapshot.ts';

/** Where a model comes from. */
export type ImportSource =
  | { readonly kind: 'paths'; readonly paths: readonly string[] }
  | { readonly kind: 'upload'; readonly uploadId: string }
  | { readonly kind: 'sample'; readonly name: string };

/** One file of an upload: its path relative to what was dropped, with `/`. */
export interface UploadFile {
  readonly path: string;
  readonly byteSize: number;
}

/** One row of the file picker. */
export interface PickerEntry {
  readonly name: string;
  readonly path: string;
  readonly kind: 'folder' | 'file';
  readonly byteSize: number;
}

/** How an export is packed. */
export type ExportFormat = 'folder' | 'zip' | 'tar.gz';

/** Who uploads to S3, and where. What is absent comes from the environment or a profile of the AWS command line. */
export interface S3Account {
  /** Of another server than Amazon's: `https://minio.example.org`. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Used for this one upload, never kept. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** Everything the UI may ask of its host. One argument, plain data; every promise may reject with a `StatusError`. */
export interface HostCalls {
  'host.snapshot': (none: null) => Promise<HostSnapshot>;

  /** Opens a directory as the model repository; creates it where it does not exist and `create` is set. */
  'workspace.open': (target: { path: string; create?: boolean }) => Promise<void>;
  /** Goes back to Conch's own repository. */
  'workspace.openDefault': (none: null) => Promise<void>;

  /** Starts an import job; what it became is in the job's outcome. */
  'model.import': (from: { source: ImportSource }) => Promise<{ jobId: string }>;
  /** Moves the model directory to the trash; `trashId` brings it back. */
  'model.delete': (target: { name: string }) => Promise<{ trashId: string }>;
  'model.restore': (target: { trashId: string }) => Promise<{ name: string }>;
  /** Renames directory and `name` in the config together. */
  'model.rename': (target: { name: string; newName: string }) => Promise<void>;
  /** Starts the server where it is not running, then loads (or reloads) the model. Resolves when asked, not when ready: states come as events. */
  'model.load': (target: { name: string }) => Promise<void>;
  'model.unload': (target: { name: string }) => Promise<void>;

  /** Takes the editor's text. Good text is written to config.pbtxt atomically, broken text is kept as a draft. Rejects with `already-exists` when `revision` is not the current one. */
  'config.edit': (edit: {
    model: string;
    text: string;
    revision: number;
  }) => Promise<{ revision: number; isSaved: boolean }>;
  /** Drops the draft and goes back to the text on disk. */
  'config.discardDraft': (target: { model: string }) => Promise<void>;
  /** Writes a newly generated config, as if the model had just been dropped. The old text stays in undo. */
  'config.regenerate': (target: { model: string }) => Promise<void>;

  'server.start': (none: null) => Promise<void>;
  'server.stop': (none: null) => Promise<void>;

  /** What a Triton container with these choices needs, and whether it is there. */
  'container.check': (what: { choices: ContainerChoices }) => Promise<readonly PreflightCheck[]>;
  /** Downloads the image; only ever called after the person asked for it. */
  'container.pull': (what: { release: string }) => Promise<{ jobId: string }>;
  /** Serves the open repository in a container. Resolves when it is created and started; states come as events. Rejects with the reason where it cannot. */
  'container.start': (what: { choices: ContainerChoices }) => Promise<void>;
  'container.stop': (none: null) => Promise<void>;

  /** Keeps a remote server, new or changed. Rejects as `invalid-argument` for what cannot be used. */
  'remote.save': (edit: RemoteServerEdit) => Promise<{ id: string }>;
  'remote.remove': (target: { id: string }) => Promise<void>;
  /** Brings back what was removed since Conch started, its token too. Rejects as `not-found` otherwise. */
  'remote.restore': (target: { id: string }) => Promise<void>;
  /** Asks its health, metadata and repository index. Rejects with the reason where it does not answer. */
  'remote.check': (target: { id: string }) => Promise<RemoteStatus>;
  /** Resolves when the server has loaded the model; rejects with its own refusal. */
  'remote.load': (target: { id: string; model: string }) => Promise<void>;
  'remote.unload': (target: { id: string; model: string }) => Promise<void>;
  'remote.describe': (target: { id: string; model: string; version?: string }) => Promise<RemoteModelFacts>;
  /** What a push of a model of the open repository would send. */
  'remote.pushSize': (target: { model: string }) => Promise<PushSize>;
  /** Sends a model of the open repository, config and files, by the load API. */
  'remote.push': (target: { id: string; model: string }) => Promise<{ jobId: string }>;
  /** Makes a model of the open repository from a remote model's config; its files have to be added by hand. */
  'remote.importConfig': (target: { id: string; model: string }) => Promise<{ jobId: string }>;

  /** Sends one inference request to the server and keeps it in history, answered or failed. */
  'inference.run': (call: InferCall) => Promise<HistoryEntry>;
  /** Sends saved requests to another server and compares its answers with the saved ones, oldest first. */
  'inference.compare': (what: {
    ids: readonly string[];
    server: ComparedServer;
  }) => Promise<readonly RequestComparison[]>;
  /** Newest first. */
  'history.list': (query: {
    model?: string;
    before?: string;
    limit: number;
  }) => Promise<readonly HistorySummary[]>;
  'history.get': (target: { id: string }) => Promise<HistoryEntry>;
  'history.delete': (target: { id: string }) => Promise<void>;
  'dims.remember': (fact: {
    model: string;
    input: string;
    dims: Readonly<Record<string, number>>;
  }) => Promise<void>;
  /** The example input values of a sample model, ready to send. Empty where the model is no sample. */
  'sample.exampleInputs': (target: { model: string }) => Promise<HistoryEntry['inputs']>;

  /** An upload of dropped files: begin, write every file in chunks, finish; then import it by its id. */
  'upload.begin': (upload: { files: readonly UploadFile[] }) => Promise<{ uploadId: string }>;
  'upload.write': (chunk: {
    uploadId: string;
    file: number;
    offset: number;
    bytes: Uint8Array;
  }) => Promise<void>;
  'upload.finish': (target: { uploadId: string }) => Promise<void>;
  'upload.cancel': (target: { uploadId: string }) => Promise<void>;

  /** `deployment` absent: the bare model repository. */
  'export.preview': (what: { models: readonly string[]; deployment?: DeploymentChoices }) => Promise<{
    tree: readonly { path: string; byteSize: number }[];
    /** The files that Conch writes itself, whole. */
    texts: readonly DeploymentFile[];
    /** Why the chosen release does not suit these models. */
    warnings: readonly string[];
    lints: readonly (LintItem & { model: string })[];
  }>;
  /** `destination` absent: the export is kept for download. */
  'export.start': (what: {
    models: readonly string[];
    format: ExportFormat;
    deployment?: DeploymentChoices;
    destination?: string;
  }) => Promise<{ jobId: string }>;

  /** Uploads the bare model repository to `s3://bucket/path`; goes on where an earlier upload ended. */
  'export.upload': (what: {
    models: readonly string[];
    storageUri: string;
    account: S3Account;
  }) => Promise<{ jobId: string }>;

  'job.cancel': (target: { jobId: string }) => Promise<void>;
  /** Forgets a finished job. */
  'job.dismiss': (target: { jobId: string }) => Promise<void>;

  'files.list': (query: { path?: string; showsHidden?: boolean }) => Promise<{
    path: string;
    parent: string | null;
    places: readonly PickerEntry[];
    entries: readonly PickerEntry[];
  }>;
  'files.createFolder': (target: { path: string }) => Promise<void>;
  /** Only with the capability `nativeDialogs`. Empty when dismissed. */
  'dialog.openModels': (none: null) => Promise<{ paths: readonly string[] }>;
  'dialog.chooseFolder': (question: { title: string }) => Promise<{ path: string | null }>;
  /** Only with the capability `revealInFolder`. */
  'folder.reveal': (target: { path: string }) => Promise<void>;

  'settings.update': (change: Partial<Settings>) => Promise<void>;
  /** Downloads and installs the CUDA execution provider; only ever called after the person agreed to what it says. */
  'provider.install': (consent: { agreed: true }) => Promise<{ jobId: string }>;
}

/** The name of a call: `noun.verb`. */
export type CallName = keyof HostCalls;

/** What a call takes. */
export type CallArgument<Name extends CallName> = Parameters<HostCalls[Name]>[0];

/** What a call gives. */
export type CallResult<Name extends CallName> = Awaited<ReturnType<HostCalls[Name]>>;
