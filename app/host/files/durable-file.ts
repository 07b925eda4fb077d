import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileErrorCode } from './file-failure.ts';

/** Marks files that a killed Conch may leave behind; they are swept at the next start. */
export const TEMPORARY_PREFIX = '.conch-tmp-';

/** A file name beside or instead of `name` that nothing else uses. */
export function temporaryName(name: string): string {
  return `${TEMPORARY_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}-${name}`;
}

/** Waits until a file's bytes are on the disk itself. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes renames and new names in a directory survive a power cut, where the system can. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    // Windows cannot open a directory, some network file systems cannot sync one.
    if (!['EISDIR', 'EPERM', 'EINVAL', 'ENOTSUP', 'EACCES'].includes(fileErrorCode(cause) ?? '')) throw cause;
  }
}

async function writeSynced(path: string, content: Uint8Array | string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function replaceBy(temporary: string, path: string, content: Uint8Array | string, mode: number) {
  try {
    await writeSynced(temporary, content);
    const handle = await open(temporary, 'r');
    try {
      await handle.chmod(mode);
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cause;
  }
}

/**
 * Writes a whole file so that at every moment the path holds the old content or the new, never a part.
 * The temporary file is made in `stagingFolder` (outside a polled model repository); where that is on another
 * file system it is made beside the target.
 */
export async function writeFileDurably(
  path: string,
  content: Uint8Array | string,
  options: { readonly stagingFolder?: string; readonly mode?: number } = {},
): Promise<void> {
  const mode = options.mode ?? 0o600;
  const beside = join(dirname(path), temporaryName(basename(path)));
  if (options.stagingFolder === undefined) await replaceBy(beside, path, content, mode);
  else {
    try {
      await replaceBy(join(options.stagingFolder, temporaryName(basename(path))), path, content, mode);
    } catch (cause) {
      if (fileErrorCode(cause) !== 'EXDEV') throw cause;
      await replaceBy(beside, path, content, mode);
    }
  }
  await syncDirectory(dirname(path));
}
