import type { ImportSource } from '../../app/contract/calls.ts';
import type { HostClient } from '../../app/contract/host-client.ts';
import type { ImportOutcome, Job } from '../../app/contract/job.ts';
import { StatusError } from '../../app/core/status.ts';
import { fileNameOf, formatCount } from '../format/format-quantity.ts';
import { openModel } from '../navigation/navigation-store.ts';
import { raiseFailure, raiseNotice } from '../notices/notices-store.ts';
import { serveModel } from '../models/serve-model.ts';
import { droppedPaths, collectFiles, type PickedFile } from './dropped-files.ts';
import { showImportReport } from './import-report-store.ts';
import { uploadFiles } from './upload-files.ts';
import { addUpload } from './uploads-store.ts';

/** What happens with the first model that an import adds. */
type Afterwards = 'select' | 'serve';

const afterwardsOfJobs = new Map<string, Afterwards>();
const handledJobs = new Set<string>();

/** Imports files or directories of the host's machine. */
export function importPaths(host: HostClient, paths: readonly string[]): Promise<void> {
  return startImport(host, { kind: 'paths', paths }, 'select');
}

/** Copies a sample model into the repository and serves it. */
export function importSample(host: HostClient, name: string): Promise<void> {
  return startImport(host, { kind: 'sample', name }, 'serve');
}

/** Imports what was dropped or pasted: by path where the shell tells paths, else by upload. */
export async function importTransfer(
  host: HostClient,
  transfer: DataTransfer,
  hasPaths: boolean,
): Promise<void> {
  const paths = hasPaths ? droppedPaths(transfer) : [];
  if (paths.length > 0) return importPaths(host, paths);
  try {
    return await importFiles(host, await collectFiles(transfer));
  } catch (cause) {
    return raiseFailure('What was dropped could not be read', cause);
  }
}

/** Uploads files and imports them. */
export async function importFiles(host: HostClient, files: readonly PickedFile[]): Promise<void> {
  const [first] = files;
  if (first === undefined) {
    raiseNotice({ severity: 'warning', text: 'There was no file in what was dropped.' });
    return;
  }
  const cancellation = new AbortController();
  const totalBytes = files.reduce((sum, { file }) => sum + file.size, 0);
  const upload = addUpload(titleOf(files, first), totalBytes, () => cancellation.abort());
  try {
    const uploadId = await uploadFiles(host, files, throttle(upload.report, 100), cancellation.signal);
    await startImport(host, { kind: 'upload', uploadId }, 'select');
  } catch (cause) {
    if (cause instanceof StatusError && cause.code === 'cancelled')
      raiseNotice({ severity: 'info', text: 'The upload was cancelled; nothing was added.' });
    else raiseFailure('The upload failed', cause);
  } finally {
    upload.remove();
  }
}

/** Selects, serves or explains what finished imports became. Import jobs that were done before are left alone. */
export function watchImports(host: HostClient): () => void {
  return host.on('job.changed', (job) => {
    if (job.kind !== 'import' || job.state.kind === 'running' || handledJobs.has(job.id)) return;
    handledJobs.add(job.id);
    if (job.state.kind === 'failed')
      raiseNotice({ severity: 'error', text: `${job.title} failed: ${job.state.failure.message}` });
    if (job.state.kind === 'done') showOutcomes(host, job, job.state.outcome);
  });
}

function showOutcomes(host: HostClient, job: Job, outcomes: readonly ImportOutcome[]): void {
  const added = outcomes.filter((outcome) => outcome.kind === 'added');
  const opened = outcomes.find((outcome) => outcome.kind === 'opened');
  const [first] = added;
  if (first !== undefined) {
    openModel(first.model);
    if (afterwardsOfJobs.get(job.id) === 'serve') void serveModel(host, first.model);
    else raiseNotice({ severity: 'success', text: addedText(added.map(({ model }) => model)) });
  }
  if (opened !== undefined) {
    const [model] = opened.models;
    if (model !== undefined) openModel(model);
    raiseNotice({
      severity: 'success',
      text: `Opened the model repository ${opened.repository} with ${formatCount(opened.models.length, 'model')}.`,
    });
  }
  const needsReport =
    outcomes.some(({ kind }) => kind === 'refused') || added.length + (opened ? 1 : 0) === 0;
  if (needsReport) showImportReport(outcomes);
  void host.call('job.dismiss', { jobId: job.id }).catch(() => undefined);
}

function addedText(models: readonly string[]): string {
  return models.length === 1
    ? `Added ${models[0] ?? ''}.`
    : `Added ${formatCount(models.length, 'model')}: ${models.join(', ')}.`;
}

async function startImport(host: HostClient, source: ImportSource, afterwards: Afterwards): Promise<void> {
  try {
    const { jobId } = await host.call('model.import', { source });
    afterwardsOfJobs.set(jobId, afterwards);
  } catch (cause) {
    raiseFailure('Could not import', cause);
  }
}

function titleOf(files: readonly PickedFile[], first: PickedFile): string {
  if (files.length === 1) return fileNameOf(first.path);
  const folder = first.path.includes('/') ? first.path.split('/')[0] : undefined;
  return `${folder ?? fileNameOf(first.path)} (${formatCount(files.length, 'file')})`;
}

function throttle(report: (doneBytes: number) => void, milliseconds: number): (doneBytes: number) => void {
  let last = 0;
  return (doneBytes) => {
    const now = performance.now();
    if (now - last < milliseconds) return;
    last = now;
    report(doneBytes);
  };
}
