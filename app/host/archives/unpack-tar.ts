import { createReadStream } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { StatusError } from '../../core/status.ts';
import { cancelledFailure, checkCancelled, writeFully } from '../files/copy-file.ts';
import { fileErrorCode, fileFailure } from '../files/file-failure.ts';
import { createPathSet, relativePathProblem } from '../files/path-rules.ts';
import {
  archiveFailure,
  createByteBudget,
  entryFailure,
  UNPACK_LIMITS,
  type UnpackTask,
} from './unpack-limits.ts';

function tarPath(header: Header): string {
  return header.name.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
}

function headerProblem(header: Header, path: string): string | null {
  const type = header.type ?? 'thing of an unknown kind';
  if (type === 'file' || type === 'contiguous-file' || type === 'directory') return relativePathProblem(path);
  return type === 'symlink' || type === 'link' ? 'it is a link' : `it is a ${type}, not a file or folder`;
}

async function writeFile(
  entry: AsyncIterable<Uint8Array>,
  target: string,
  onPiece: (bytes: number) => void,
): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const handle = await open(target, 'wx', 0o644);
  try {
    for await (const piece of entry) {
      onPiece(piece.byteLength);
      await writeFully(handle, piece);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeEntries(archive: ReturnType<typeof extract>, task: UnpackTask, packedBytes: number) {
  const limits = task.limits ?? UNPACK_LIMITS;
  const budget = createByteBudget(limits, packedBytes);
  const paths = createPathSet();
  let count = 0;
  for await (const entry of archive) {
    checkCancelled(task.signal);
    count += 1;
    if (count > limits.maxEntryCount)
      throw archiveFailure(`The archive has more than ${limits.maxEntryCount} entries.`);
    const path = tarPath(entry.header);
    const isFolder = entry.header.type === 'directory';
    if (isFolder && (path === '' || path === '.')) {
      entry.resume();
      continue;
    }
    const problem = headerProblem(entry.header, path) ?? (isFolder ? null : paths.add(path));
    if (problem !== null) throw entryFailure(entry.header.name, problem);
    if (isFolder) {
      await mkdir(join(task.into, path), { recursive: true });
      entry.resume();
    } else {
      await writeFile(entry as AsyncIterable<Uint8Array>, join(task.into, path), (bytes) => {
        checkCancelled(task.signal);
        const done = budget.spend(bytes);
        task.onProgress?.(done, undefined, path);
      });
    }
  }
  if (count === 0) throw archiveFailure('The archive is empty.');
}

/** Unpacks a tar archive, packed with gzip or not, into an empty folder; the same refusals as for zip. */
export async function unpackTar(task: UnpackTask & { readonly isGzipped: boolean }): Promise<void> {
  const archive = extract();
  try {
    const { size } = await stat(task.archivePath);
    const source = createReadStream(task.archivePath);
    const options = task.signal ? { signal: task.signal } : {};
    const reading = task.isGzipped
      ? pipeline(source, createGunzip(), archive, options)
      : pipeline(source, archive, options);
    // A failure of the writer destroys the archive stream, which then also ends the pipeline with an error.
    reading.catch(() => undefined);
    await writeEntries(archive, task, task.isGzipped ? size : Number.MAX_SAFE_INTEGER);
    await reading;
  } catch (cause) {
    archive.destroy();
    if (cause instanceof StatusError) throw cause;
    if (task.signal?.aborted) throw cancelledFailure();
    if (/^E[A-Z]+$/.test(fileErrorCode(cause) ?? '')) throw fileFailure(cause, 'unpack', task.archivePath);
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw archiveFailure(`The tar archive is damaged and was not unpacked: ${detail}.`);
  }
}
