import { constants, type Stats } from 'node:fs';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { ByteSource, FileTree } from '../../core/formats/byte-source.ts';
import { StatusError } from '../../core/status.ts';
import { fileErrorCode, fileFailure } from './file-failure.ts';

/** One regular file below a folder. */
export interface TreeFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly byteSize: number;
  readonly modifiedMilliseconds: number;
}

/** A folder's regular files and its folders, and what was left out of it with the reason. */
export interface FolderListing {
  readonly files: readonly TreeFile[];
  /** Every folder below, relative, with `/`. */
  readonly folders: readonly string[];
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

const MAX_FILES = 200_000;

/** Lists everything below `root`. Links to files count as files where `followLinks` is set; links to folders never. */
export async function listFolder(root: string, followLinks = false): Promise<FolderListing> {
  const files: TreeFile[] = [];
  const folders: string[] = [];
  const skipped: { path: string; reason: string }[] = [];
  const pending = [''];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        folders.push(path);
        pending.push(path);
        continue;
      }
      const stats =
        entry.isFile() || (followLinks && entry.isSymbolicLink())
          ? await stat(join(root, path)).catch(() => null)
          : null;
      if (stats?.isFile()) {
        files.push({ path, byteSize: stats.size, modifiedMilliseconds: stats.mtimeMs });
        if (files.length > MAX_FILES)
          throw new StatusError('invalid-argument', `${root} holds more than ${MAX_FILES} files.`);
      } else if (entry.isSymbolicLink()) skipped.push({ path, reason: 'It is a symbolic link.' });
      else skipped.push({ path, reason: 'It is neither a file nor a folder.' });
    }
  }
  const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
  return { files: files.sort(byPath), folders: folders.sort(), skipped: skipped.sort(byPath) };
}

/**
 * Opens one file for ranged reads. Every read opens and closes the file, so that a source never holds a file open.
 * A symbolic link as the last part of the path is followed only where `followLinks` is set.
 */
export async function openFileSource(path: string, followLinks = false): Promise<ByteSource> {
  const flags =
    constants.O_RDONLY | (followLinks ? 0 : (constants.O_NOFOLLOW ?? 0)) | (constants.O_NONBLOCK ?? 0);
  try {
    const handle = await open(path, flags);
    const stats = await statAndClose(handle);
    if (!stats.isFile()) throw new StatusError('invalid-argument', `${path} is not a regular file.`);
    return { size: stats.size, read: (offset, length) => readRange(path, flags, offset, length) };
  } catch (cause) {
    if (fileErrorCode(cause) === 'ELOOP')
      throw new StatusError('invalid-argument', `${path} is a symbolic link.`, { cause });
    throw fileFailure(cause, 'read', path);
  }
}

async function statAndClose(handle: FileHandle): Promise<Stats> {
  try {
    return await handle.stat();
  } finally {
    await handle.close();
  }
}

async function readRange(path: string, flags: number, offset: number, length: number): Promise<Uint8Array> {
  try {
    const handle = await open(path, flags);
    try {
      const { size } = await handle.stat();
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      let filled = 0;
      while (filled < bytes.byteLength) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.byteLength - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw fileFailure(cause, 'read', path);
  }
}

/** A folder as a {@link FileTree}; links to files are part of it only where `followLinks` is set. */
export async function openFolderTree(root: string, followLinks = false): Promise<FileTree> {
  const { files } = await listFolder(root, followLinks);
  const known = new Set(files.map(({ path }) => path));
  return {
    paths: files.map(({ path }) => path),
    open: async (path) => {
      if (!known.has(path)) throw new StatusError('not-found', `There is no file ${path} in ${root}.`);
      return openFileSource(join(root, path), followLinks);
    },
  };
}

/** Chosen files as a {@link FileTree}: relative path → absolute path. */
export function chosenFilesTree(files: ReadonlyMap<string, string>): FileTree {
  return {
    paths: [...files.keys()].sort(),
    open: async (path) => {
      const absolute = files.get(path);
      if (absolute === undefined) throw new StatusError('not-found', `There is no file ${path}.`);
      return openFileSource(absolute, true);
    },
  };
}
