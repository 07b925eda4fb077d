import { mkdir, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, parse, resolve } from 'node:path';
import type { CallResult, PickerEntry } from '../../contract/calls.ts';
import { withFileFailure } from '../files/file-failure.ts';

const MAX_ENTRIES = 5000;

async function entryOf(folder: string, name: string): Promise<PickerEntry | null> {
  const path = join(folder, name);
  const stats = await stat(path).catch(() => null);
  if (stats?.isDirectory()) return { name, path, kind: 'folder', byteSize: 0 };
  if (stats?.isFile()) return { name, path, kind: 'file', byteSize: stats.size };
  return null;
}

function compareEntries(a: PickerEntry, b: PickerEntry): number {
  if (a.kind !== b.kind) return a.kind === 'folder' ? -1 : 1;
  return a.name.localeCompare(b.name, 'en', { numeric: true });
}

function folderEntry(name: string, path: string): PickerEntry {
  return { name, path, kind: 'folder', byteSize: 0 };
}

/** One folder of the host's machine for the file picker: folders first, then files, both by name. */
export async function listFiles(
  query: { path?: string; showsHidden?: boolean },
  repository: string,
): Promise<CallResult<'files.list'>> {
  const path = resolve(query.path ?? homedir());
  return withFileFailure('open', path, async () => {
    const names = (await readdir(path)).filter((name) => query.showsHidden === true || !name.startsWith('.'));
    const entries = await Promise.all(names.slice(0, MAX_ENTRIES).map((name) => entryOf(path, name)));
    const root = parse(path).root;
    const places = [
      folderEntry('Home', homedir()),
      folderEntry('Current folder', process.cwd()),
      folderEntry(`Repository (${basename(repository)})`, repository),
      folderEntry(root, root),
    ];
    return {
      path,
      parent: dirname(path) === path ? null : dirname(path),
      places,
      entries: entries.filter((entry) => entry !== null).sort(compareEntries),
    };
  });
}

/** Makes a folder on the host's machine; its parent must exist. */
export async function createFolder(path: string): Promise<void> {
  await withFileFailure('create', path, () => mkdir(resolve(path)));
}
