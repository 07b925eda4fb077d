import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TEMPORARY_PREFIX } from './durable-file.ts';
import { fileErrorCode } from './file-failure.ts';

/** Name of the folders beside or inside a repository in which half-made things live, with the pid of their maker. */
const STAGING_NAME = /^\.conch-staging-(\d+)-/;

/** Whether a name is one of our temporary things, which are no part of anybody's repository. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith(TEMPORARY_PREFIX) || STAGING_NAME.test(name);
}

async function deviceOf(path: string): Promise<number> {
  return (await stat(path)).dev;
}

/**
 * A new empty folder on the repository's file system, so that what is made in it can be renamed into place: in the
 * data folder, else beside the repository, else (a mount point) inside it under a name that is swept.
 */
export async function makeStagingFolder(repository: string, dataStaging: string): Promise<string> {
  await mkdir(dataStaging, { recursive: true });
  const device = await deviceOf(repository);
  if ((await deviceOf(dataStaging)) === device) return mkdtemp(join(dataStaging, 'work-'));
  const parent = dirname(repository);
  const prefix = `.conch-staging-${process.pid}-`;
  if ((await deviceOf(parent)) === device) {
    try {
      return await mkdtemp(join(parent, prefix));
    } catch (cause) {
      if (!['EACCES', 'EPERM', 'EROFS'].includes(fileErrorCode(cause) ?? '')) throw cause;
    }
  }
  return mkdtemp(join(repository, prefix));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return fileErrorCode(cause) === 'EPERM';
  }
}

async function sweepFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const pid = STAGING_NAME.exec(name)?.[1] ?? new RegExp(`^${TEMPORARY_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || Number(pid) === process.pid || isAlive(Number(pid))) continue;
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Removes what a killed Conch left beside and inside a repository; a repository that cannot be written is left as it is. */
export async function sweepRepository(repository: string): Promise<void> {
  await sweepFolder(dirname(repository));
  await sweepFolder(repository);
  const models = await readdir(repository, { withFileTypes: true }).catch(() => []);
  for (const model of models) if (model.isDirectory()) await sweepFolder(join(repository, model.name));
}
