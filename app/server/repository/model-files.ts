import { open, readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { ByteSource, FileTree } from '../../core/formats/byte-source.ts';
import { StatusError } from '../../core/status.ts';

/** What lies in a model directory. Names are relative to it. */
export interface ModelFiles {
  readonly directory: string;
  /** Versions that can be loaded, ascending. */
  readonly versions: readonly string[];
  /** Directories that look like versions and are none. */
  readonly ignoredVersions: readonly string[];
  /** Paths below the first sub-directory in lexical order, with `/`. */
  readonly firstVersionFiles: readonly string[];
  /** Changes whenever a file of the model does. */
  readonly fingerprint: string;
}

/** Sub-directories of a model that are no versions. */
const RESERVED_DIRECTORIES: ReadonlySet<string> = new Set(['warmup', 'initial_state', 'configs']);

function posix(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

/** Names of the sub-directories, symbolic links to directories included, in lexical order. */
export async function listDirectories(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory() || (entry.isSymbolicLink() && (await isDirectory(join(directory, entry.name))))) {
      found.push(entry.name);
    }
  }
  return found.sort();
}

async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => posix(relative(directory, join(entry.parentPath ?? entry.path, entry.name))))
    .sort();
}

/** Configs do not count: what they say does, and is compared as text. */
async function fingerprintOf(directory: string, files: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const file of files) {
    if (file === 'config.pbtxt' || /^configs\/[^/]+\.pbtxt$/.test(file)) continue;
    const entry = await stat(join(directory, file)).catch(() => null);
    lines.push(`${file} ${entry?.size ?? -1} ${entry?.mtimeMs ?? -1} ${entry?.ino ?? -1}`);
  }
  return lines.join('\n');
}

/** Looks at a model directory without reading a model. Rejects with a system error if it is gone. */
export async function readModelFiles(directory: string): Promise<ModelFiles> {
  const directories = await listDirectories(directory);
  const candidates = directories.filter((name) => !RESERVED_DIRECTORIES.has(name));
  const versions = candidates.filter((name) => /^(0|[1-9]\d*)$/.test(name));
  const [first] = directories;
  return {
    directory,
    versions: versions.sort((left, right) => Number(left) - Number(right)),
    ignoredVersions: candidates.filter((name) => !versions.includes(name)),
    firstVersionFiles: first === undefined ? [] : await listFiles(join(directory, first)),
    fingerprint: await fingerprintOf(directory, await listFiles(directory)),
  };
}

/** A file that is opened for each read: nothing stays open while a model is only looked at. */
async function fileSource(path: string): Promise<ByteSource> {
  const { size } = await stat(path);
  return {
    size,
    read: async (offset, length) => {
      const file = await open(path, 'r');
      try {
        const buffer = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
        const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, offset);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
  };
}

/** The files below a directory as core reads them. */
export async function openFileTree(directory: string): Promise<FileTree> {
  const paths = await listFiles(directory);
  const known = new Set(paths);
  return {
    paths,
    open: (path) =>
      known.has(path)
        ? fileSource(join(directory, path))
        : Promise.reject(new StatusError('not-found', `${path} does not exist`)),
  };
}
