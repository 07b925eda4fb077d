import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { StatusError } from '../../core/status.ts';

/** A model directory of ours that a load request filled. */
export interface OverrideDirectory {
  readonly directory: string;
  /** Removes it with all that is in it. */
  remove(): Promise<void>;
}

const MAX_PATH_CHARACTERS = 240;

function checkedPath(parameter: string): string {
  const path = parameter.slice('file:'.length);
  const inside = normalize(path.replaceAll('\\', '/'));
  const isInside =
    !isAbsolute(inside) && inside !== '..' && !inside.startsWith(`..${sep}`) && !path.includes('\0');
  if (isInside && path !== '' && path.length <= MAX_PATH_CHARACTERS) return inside;
  const shown =
    parameter.length > MAX_PATH_CHARACTERS ? `${parameter.slice(0, MAX_PATH_CHARACTERS)}…` : parameter;
  throw new StatusError(
    'invalid-argument',
    `Invalid file parameter '${shown}': it must stay within model directory.`,
  );
}

/**
 * Writes the files of a load request (`file:<path>` → bytes) into a fresh directory of ours, outside every repository.
 * @throws StatusError `invalid-argument` for a path that leaves it; then nothing is left on disk.
 */
export async function writeOverrideFiles(files: ReadonlyMap<string, Uint8Array>): Promise<OverrideDirectory> {
  const paths = [...files].map(([parameter, bytes]) => ({ path: checkedPath(parameter), bytes }));
  const directory = await mkdtemp(join(await realpath(tmpdir()), 'folder'));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    for (const { path, bytes } of paths) {
      const target = join(directory, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, bytes, { flag: 'wx' });
    }
  } catch (cause) {
    await remove();
    throw cause;
  }
  return { directory, remove };
}
