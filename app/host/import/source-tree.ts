import { lstat, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { versionOfDirectory } from '../../core/repository/version-directory.ts';
import { StatusError } from '../../core/status.ts';
import { withFileFailure } from '../files/file-failure.ts';
import { relativePathProblem } from '../files/path-rules.ts';
import type { InspectedTree } from '../inspection/inspection-message.ts';

/** One thing that was dropped or picked: a folder, or files that belong together. */
export interface SourceTree {
  /** What the person called it. */
  readonly label: string;
  readonly tree: InspectedTree;
  /** Absolute path of one of its files. */
  absolute(path: string): string;
  /** Where it lies, for a folder. */
  readonly folder?: string;
  /** What its files were called together where they came from, for an archive: a model that is just `model` takes it. */
  readonly folderName?: string;
  /** The files are ours and may be moved instead of copied. */
  readonly isOurs: boolean;
}

/** Folders in which anything may lie. */
const SAYS_NOTHING = /^(?:downloads?|desktop|documents|home|root|te?mp|models?)$/i;

/**
 * What a person called the folder around a file, or the one above a version directory; undefined where it says
 * nothing of a model.
 */
export function nameOfFolderAround(path: string): string | undefined {
  const folder = dirname(path);
  const name = basename(folder);
  if (versionOfDirectory(name) !== null) return nameOfFolderAround(folder);
  return name === '' || SAYS_NOTHING.test(name) ? undefined : name;
}

/** A folder as a source. */
export function folderSource(path: string, label: string, isOurs: boolean): SourceTree {
  return {
    label,
    tree: { kind: 'folder', path, followsLinks: !isOurs },
    absolute: (relative) => join(path, relative),
    folder: path,
    isOurs,
  };
}

/** Chosen files as one source, by their base names; files of one name become sources of their own. */
function fileSources(paths: readonly string[]): readonly SourceTree[] {
  const together = new Map<string, string>();
  const alone: SourceTree[] = [];
  for (const path of paths) {
    const name = basename(path);
    if (together.has(name)) alone.push(mapSource(new Map([[name, path]]), false));
    else together.set(name, path);
  }
  return together.size === 0 ? alone : [mapSource(together, false), ...alone];
}

function mapSource(files: ReadonlyMap<string, string>, isOurs: boolean): SourceTree {
  const [first = ''] = files.keys();
  return {
    label: first,
    tree: { kind: 'files', files: [...files] },
    absolute: (relative) => files.get(relative) ?? relative,
    isOurs,
  };
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

/**
 * The same source with those `wanted` files that lie beside its first file: external data that the model names, and a
 * label file of the same stem. Null where nothing was found.
 */
export async function withNeighbours(
  source: SourceTree,
  wanted: readonly string[],
): Promise<SourceTree | null> {
  if (source.tree.kind !== 'files') return null;
  const files = new Map(source.tree.files);
  const [first] = files.values();
  if (first === undefined) return null;
  const stem = basename(first, extname(first));
  const names = [...wanted, `${stem}.labels.txt`, `${stem}_labels.txt`, 'labels.txt'];
  let isGrown = false;
  for (const name of names) {
    if (files.has(name) || relativePathProblem(name) !== null) continue;
    const path = join(dirname(first), name);
    if (!(await isFile(path))) continue;
    files.set(name, path);
    isGrown = true;
  }
  return isGrown ? mapSource(files, source.isOurs) : null;
}

/** What was dropped, as sources: every folder by itself, all files together. Rejects where a path does not exist. */
export async function sourcesOfPaths(paths: readonly string[]): Promise<readonly SourceTree[]> {
  const sources: SourceTree[] = [];
  const files: string[] = [];
  for (const given of paths) {
    const path = resolve(given);
    const stats = await withFileFailure('read', path, async () => {
      await lstat(path);
      return stat(path);
    });
    if (stats.isDirectory()) sources.push(folderSource(path, basename(path), false));
    else if (stats.isFile()) files.push(path);
    else throw new StatusError('invalid-argument', `${path} is neither a file nor a folder.`);
  }
  return [...sources, ...fileSources(files)];
}
