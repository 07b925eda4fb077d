import { constants } from 'node:fs';
import { copyFile, open, rm, stat } from 'node:fs/promises';
import { StatusError } from '../../core/status.ts';
import { fileFailure } from './file-failure.ts';

const CHUNK_BYTES = 4 * 1024 * 1024;

/** The failure of work that its user stopped. */
export function cancelledFailure(): StatusError {
  return new StatusError('cancelled', 'Cancelled.');
}

/** Rejects as `cancelled` where `signal` was aborted. */
export function checkCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelledFailure();
}

/** How a file is copied. */
export interface CopyOptions {
  readonly signal?: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
  /** The caller makes the copy durable later. */
  readonly isSyncedLater?: boolean;
}

/**
 * Copies one file to a path that must not exist: by a copy-on-write clone where the file system can, else in chunks
 * with progress. A part is never left behind. `onBytes` is told how many more bytes are done.
 */
export async function copyFileWithProgress(
  from: string,
  to: string,
  options: CopyOptions = {},
): Promise<void> {
  checkCancelled(options.signal);
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    const { size } = await stat(to);
    options.onBytes?.(size);
    return;
  } catch {
    // No clone here (another file system, or one without): copy the bytes, and let that report what is wrong.
    await rm(to, { force: true });
  }
  try {
    await copyInChunks(from, to, options);
  } catch (cause) {
    await rm(to, { force: true });
    throw fileFailure(cause, 'copy', `${from} to ${to}`);
  }
}

async function copyInChunks(
  from: string,
  to: string,
  { signal, onBytes, isSyncedLater }: CopyOptions,
): Promise<void> {
  const source = await open(from, 'r');
  try {
    const target = await open(to, 'wx', 0o644);
    try {
      const chunk = new Uint8Array(CHUNK_BYTES);
      for (;;) {
        checkCancelled(signal);
        const { bytesRead } = await source.read(chunk, 0, CHUNK_BYTES, null);
        if (bytesRead === 0) break;
        await writeFully(target, chunk.subarray(0, bytesRead));
        onBytes?.(bytesRead);
      }
      if (isSyncedLater !== true) await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Writes all of `bytes`, at `position` where it is given. */
export async function writeFully(
  handle: {
    write(
      bytes: Uint8Array,
      offset: number,
      length: number,
      position: number | null,
    ): Promise<{ bytesWritten: number }>;
  },
  bytes: Uint8Array,
  position: number | null = null,
): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const at = position === null ? null : position + done;
    done += (await handle.write(bytes, done, bytes.byteLength - done, at)).bytesWritten;
  }
}
