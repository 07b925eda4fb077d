import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { ZipFile } from 'yazl';
import { cancelledFailure, checkCancelled, copyFileWithProgress } from '../files/copy-file.ts';
import { syncDirectory, syncFile, temporaryName, writeFileDurably } from '../files/durable-file.ts';
import { fileFailure } from '../files/file-failure.ts';
import type { JobControl } from '../jobs/job-registry.ts';
import type { ExportedFile, ExportedTree, ExportPlan } from './export-plan.ts';

type PlainFile = Exclude<ExportedFile, { readonly archive: unknown }>;

/** A tree whose archives are packed already. */
interface PlainTree {
  readonly files: readonly PlainFile[];
  readonly emptyFolders: readonly string[];
}

/** Notes bytes on their way. */
type Progress = (path: string, bytes: number) => void;

/** Counts bytes and tells the job; those of an archive come by twice, into it and with it. */
function createProgress(plan: ExportPlan, control: JobControl): Progress {
  const archived = plan.files.reduce((sum, file) => sum + ('archive' in file ? file.byteSize : 0), 0);
  const totalUnits = plan.byteSize + archived;
  let doneUnits = 0;
  return (path, bytes) => {
    doneUnits = Math.min(totalUnits, doneUnits + bytes);
    control.report({ stage: `Writing ${path}`, doneUnits, totalUnits, unit: 'bytes' });
  };
}

function modeOf(file: PlainFile): number {
  return 'content' in file && file.isExecutable === true ? 0o755 : 0o644;
}

/** Packs the archives of a plan into `folder`, from where they are copied like any other file. */
async function packArchives(
  { files, emptyFolders }: ExportedTree,
  folder: string,
  control: JobControl,
  note: Progress,
): Promise<PlainTree> {
  const plain: PlainFile[] = [];
  for (const file of files) {
    if (!('archive' in file)) {
      plain.push(file);
      continue;
    }
    await mkdir(folder, { recursive: true });
    const from = join(folder, String(plain.length));
    await writeTarGzip(
      await packArchives(file.archive, `${folder}-inner`, control, note),
      from,
      control,
      note,
    );
    plain.push({ path: file.path, byteSize: (await stat(from)).size, from });
  }
  return { files: plain, emptyFolders };
}

function countBytes(onBytes: (bytes: number) => void): Transform {
  return new Transform({
    transform: (piece: Uint8Array, _encoding, done: TransformCallback) => {
      onBytes(piece.byteLength);
      done(null, piece);
    },
  });
}

function contentOf(file: PlainFile): Readable {
  return 'content' in file ? Readable.from([file.content]) : createReadStream(file.from);
}

async function writeFolder(
  plan: PlainTree,
  target: string,
  control: JobControl,
  note: Progress,
): Promise<void> {
  await mkdir(target);
  for (const file of plan.files) {
    const path = join(target, file.path);
    await mkdir(dirname(path), { recursive: true });
    if ('content' in file) await writeFileDurably(path, file.content, { mode: modeOf(file) });
    else
      await copyFileWithProgress(file.from, path, {
        signal: control.signal,
        onBytes: (bytes) => note(file.path, bytes),
      });
  }
  for (const folder of plan.emptyFolders) await mkdir(join(target, folder), { recursive: true });
  await syncDirectory(target);
}

async function writeZip(plan: PlainTree, target: string, control: JobControl, note: Progress): Promise<void> {
  const zip = new ZipFile();
  const written = pipeline(zip.outputStream, createWriteStream(target, { flags: 'wx' }), {
    signal: control.signal,
  });
  written.catch(() => undefined);
  for (const folder of plan.emptyFolders) zip.addEmptyDirectory(folder, { mode: 0o40755 });
  for (const file of plan.files) {
    const options = { mode: 0o100000 | modeOf(file), compress: file.byteSize < 64 * 1024 * 1024 };
    if ('content' in file) zip.addBuffer(Buffer.from(file.content), file.path, options);
    else
      zip.addReadStreamLazy(file.path, { ...options, size: file.byteSize }, (give) => {
        const source = createReadStream(file.from);
        const counted = countBytes((bytes) => note(file.path, bytes));
        pipeline(source, counted).catch((cause: unknown) => zip.emit('error', cause));
        give(null, counted);
      });
  }
  const failed = new Promise<never>((_resolve, reject) => {
    zip.on('error', reject);
  });
  zip.end({ forceZip64Format: false, comment: '' });
  await Promise.race([written, failed]);
}

async function writeTarGzip(
  plan: PlainTree,
  target: string,
  control: JobControl,
  note: Progress,
): Promise<void> {
  const tar = pack();
  const written = pipeline(tar, createGzip({ level: 6 }), createWriteStream(target, { flags: 'wx' }), {
    signal: control.signal,
  });
  written.catch(() => undefined);
  try {
    for (const folder of plan.emptyFolders)
      tar.entry({ name: `${folder}/`, type: 'directory', mode: 0o755 }, '');
    for (const file of plan.files) {
      checkCancelled(control.signal);
      const entry = tar.entry({ name: file.path, size: file.byteSize, mode: modeOf(file) });
      const counted = countBytes((bytes) => note(file.path, bytes));
      await pipeline(contentOf(file), counted, entry, { signal: control.signal });
    }
    tar.finalize();
  } catch (cause) {
    tar.destroy();
    await written.catch(() => undefined);
    throw cause;
  }
  await written;
}

/**
 * Writes the export to `target`, which must not exist, beside it first and then renamed: there is never half an export.
 * Gives its size in bytes.
 */
export async function writeExport(
  plan: ExportPlan,
  format: 'folder' | 'zip' | 'tar.gz',
  target: string,
  control: JobControl,
): Promise<number> {
  const temporary = join(dirname(target), temporaryName('export'));
  const archives = join(dirname(target), temporaryName('archives'));
  const note = createProgress(plan, control);
  try {
    if (await stat(target).catch(() => null)) throw Object.assign(new Error('exists'), { code: 'EEXIST' });
    const tree = await packArchives(plan, archives, control, note);
    switch (format) {
      case 'folder':
        await writeFolder(tree, temporary, control, note);
        break;
      case 'zip':
        await writeZip(tree, temporary, control, note);
        await syncFile(temporary);
        break;
      case 'tar.gz':
        await writeTarGzip(tree, temporary, control, note);
        await syncFile(temporary);
        break;
    }
    checkCancelled(control.signal);
    const { size } = await stat(temporary);
    await rename(temporary, target);
    await syncDirectory(dirname(target));
    return format === 'folder' ? plan.byteSize : size;
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true });
    if (control.signal.aborted) throw cancelledFailure();
    throw fileFailure(cause, 'write', target);
  } finally {
    await rm(archives, { recursive: true, force: true });
  }
}
