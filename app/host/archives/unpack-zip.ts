import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { StatusError } from '../../core/status.ts';
import { checkCancelled, writeFully } from '../files/copy-file.ts';
import { fileErrorCode, fileFailure } from '../files/file-failure.ts';
import { createPathSet, relativePathProblem, shownName } from '../files/path-rules.ts';
import {
  archiveFailure,
  createByteBudget,
  entryFailure,
  UNPACK_LIMITS,
  type UnpackLimits,
  type UnpackTask,
} from './unpack-limits.ts';

const FILE_TYPE_MASK = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;
const MADE_ON_UNIX = 3;

interface PlannedEntry {
  readonly entry: Entry;
  readonly name: string;
  readonly isFolder: boolean;
}

function entryProblem(entry: Entry, name: string, isFolder: boolean): string | null {
  const path = isFolder ? name.slice(0, -1) : name;
  const pathProblem = relativePathProblem(path);
  if (pathProblem !== null) return pathProblem;
  if (entry.isEncrypted()) return 'it is encrypted';
  if (!entry.canDecodeFileData())
    return `it is packed with method ${entry.compressionMethod}, which is not supported`;
  const mode =
    entry.versionMadeBy >> 8 === MADE_ON_UNIX ? (entry.externalFileAttributes >>> 16) & FILE_TYPE_MASK : 0;
  if (mode !== 0 && mode !== REGULAR && mode !== FOLDER) return 'it is a symbolic link or a device';
  if (mode === FOLDER && !isFolder) return 'it is a folder with the name of a file';
  return null;
}

async function planEntries(zip: ZipFile, limits: UnpackLimits): Promise<readonly PlannedEntry[]> {
  if (zip.entryCount > limits.maxEntryCount)
    throw archiveFailure(
      `The archive has ${zip.entryCount} entries; at most ${limits.maxEntryCount} are unpacked.`,
    );
  const planned: PlannedEntry[] = [];
  const paths = createPathSet();
  await new Promise<void>((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', () => resolve());
    zip.on('entry', (entry: Entry) => {
      const name = entry.fileName;
      const isFolder = name.endsWith('/');
      const problem = entryProblem(entry, name, isFolder) ?? (isFolder ? null : paths.add(name));
      if (problem !== null) reject(entryFailure(name, problem));
      else {
        planned.push({ entry, name, isFolder });
        zip.readEntry();
      }
    });
    zip.readEntry();
  });
  return planned;
}

/** The local headers must say what the central directory says, and no two entries may share bytes. */
async function checkLocalHeaders(zip: ZipFile, planned: readonly PlannedEntry[]): Promise<void> {
  const ranges: { start: number; end: number; name: string }[] = [];
  for (const { entry, name } of planned) {
    const header = await zip.readLocalFileHeaderPromise(entry);
    if (!header.fileName.equals(entry.fileNameRaw))
      throw entryFailure(name, 'its two names in the archive differ');
    if (header.compressionMethod !== entry.compressionMethod)
      throw entryFailure(name, 'its two headers in the archive differ');
    if ((header.generalPurposeBitFlag & 1) !== 0) throw entryFailure(name, 'it is encrypted');
    ranges.push({
      start: entry.relativeOffsetOfLocalHeader,
      end: header.fileDataStart + entry.compressedSize,
      name,
    });
  }
  ranges.sort((a, b) => a.start - b.start);
  let end = 0;
  for (const range of ranges) {
    if (range.start < end) throw entryFailure(range.name, 'it overlaps another entry');
    end = range.end;
  }
}

async function writeEntries(zip: ZipFile, planned: readonly PlannedEntry[], task: UnpackTask): Promise<void> {
  const limits = task.limits ?? UNPACK_LIMITS;
  const budget = createByteBudget(limits, zip.fileSize);
  const declaredTotal = planned.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
  for (const { entry, name, isFolder } of planned) {
    checkCancelled(task.signal);
    const target = join(task.into, name);
    if (isFolder) {
      await mkdir(target, { recursive: true });
      continue;
    }
    await mkdir(dirname(target), { recursive: true });
    const handle = await open(target, 'wx', 0o644);
    try {
      const stream = await zip.openReadStreamPromise(entry);
      for await (const piece of stream as AsyncIterable<Uint8Array>) {
        checkCancelled(task.signal);
        const done = budget.spend(piece.byteLength);
        await writeFully(handle, piece);
        task.onProgress?.(done, declaredTotal, name);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

function zipFailure(cause: unknown, path: string): StatusError {
  if (cause instanceof StatusError) return cause;
  if (fileErrorCode(cause)?.startsWith('E')) return fileFailure(cause, 'unpack', path);
  const detail = cause instanceof Error ? cause.message : String(cause);
  if (/^(?:absolute path|invalid relative path|invalid characters)/.test(detail))
    return archiveFailure(
      `The archive is not unpacked because an entry would leave the folder: ${shownName(detail)}.`,
    );
  return archiveFailure(`The zip archive is damaged and was not unpacked: ${detail}.`);
}

/**
 * Unpacks a zip archive into an empty folder. Refused as a whole, with the entry and the reason: paths that leave the
 * folder, links, devices, encryption, entries twice or overlapping, headers that disagree, bombs.
 */
export async function unpackZip(task: UnpackTask): Promise<void> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(task.archivePath, { lazyEntries: true, autoClose: false, strictFileNames: true });
    const planned = await planEntries(zip, task.limits ?? UNPACK_LIMITS);
    await checkLocalHeaders(zip, planned);
    await writeEntries(zip, planned, task);
  } catch (cause) {
    throw zipFailure(cause, task.archivePath);
  } finally {
    zip?.close();
  }
}
