import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { StatusError } from '../../core/status.ts';

/** A model directory of ours that a load request filled. */
export interface OverrideDirectory {
  readonly directory: string;
  /** Removes it with all that is in it. */
  remove(): Promise<void>;
}

const MAX_PATH_CHARACTERS = 240;

/** Where a file goes. @throws StatusError in Triton's words for a path that leaves the directory. */
function checkedPath(directory: string, parameter: string): string {
  const path = parameter.slice('file:'.length);
  if (path === '' || path.endsWith('/')) {
    throw new StatusError(
      'internal',
      `failed to open binary file for write ${join(directory, path)}: Is a directory`,
    );
  }
  const target = join(directory, path.replaceAll('\\', '/'));
  if (path.length > MAX_PATH_CHARACTERS || path.includes('\0')) {
    throw new StatusError(
      'invalid-argument',
      `Invalid file parameter '${parameter.slice(0, MAX_PATH_CHARACTERS)}…': its path has a NUL or more than ${MAX_PATH_CHARACTERS} characters.`,
    );
  }
  if (target.startsWith(`${directory}${sep}`)) return target;
  throw new StatusError(
    'invalid-argument',
    `Invalid file parameter '${parameter}' with normalized path '${target}' must stay within model directory.`,
  );
}

/**
 * Writes the files of a load request (`file:<path>` → bytes) into a fresh directory of ours, outside every repository.
 * @throws StatusError `invalid-argument` for a path that leaves it; then nothing is left on disk.
 */
export async function writeOverrideFiles(files: ReadonlyMap<string, Uint8Array>): Promise<OverrideDirectory> {
  const directory = await mkdtemp(join(await realpath(tmpdir()), 'folder'));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const targets = [...files].map(([parameter, bytes]) => ({
      target: checkedPath(directory, parameter),
      bytes,
    }));
    for (const { target, bytes } of targets) {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, bytes, { flag: 'wx' });
    }
  } catch (cause) {
    await remove();
    throw cause;
  }
  return { directory, remove };
}
