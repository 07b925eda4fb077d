import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StatusError } from '../../core/status.ts';
import { temporaryName, writeFileDurably } from '../files/durable-file.ts';
import { fileErrorCode } from '../files/file-failure.ts';
import { isRecord } from '../files/json-file.ts';

/** The running Conch that holds a data folder. */
export interface InstanceHolder {
  readonly pid: number;
  /** What tells the process from a later one with the same pid; empty where the system does not say. */
  readonly processStart: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Where a second start can hand over its paths, as the shell published it. */
  readonly address?: string;
}

/** Our hold on a data folder. */
export interface InstanceLock {
  /** Says where a second start can hand over its paths: a URL, a pipe; whatever the shell understands. */
  publish(address: string): Promise<void>;
  release(): Promise<void>;
}

const LOCK_NAME = 'instance.lock';

async function readProcessStart(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; what follows it is separated by single spaces, start time 20th.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

async function isRunning({ pid, processStart }: InstanceHolder): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    if (fileErrorCode(cause) !== 'EPERM') return false;
  }
  return processStart === '' || (await readProcessStart(pid)) === processStart;
}

function holderOf(text: string): InstanceHolder | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) return null;
    const { pid, processStart, startedAt, address } = value;
    if (typeof pid !== 'number' || typeof processStart !== 'string' || typeof startedAt !== 'number')
      return null;
    return { pid, processStart, startedAt, ...(typeof address === 'string' && { address }) };
  } catch {
    return null;
  }
}

/** The running Conch that holds `dataFolder`, or null: for a shell that wants to hand its paths over. */
export async function readInstanceHolder(dataFolder: string): Promise<InstanceHolder | null> {
  try {
    const holder = holderOf(await readFile(join(dataFolder, LOCK_NAME), 'utf8'));
    return holder && (await isRunning(holder)) ? holder : null;
  } catch (cause) {
    if (fileErrorCode(cause) === 'ENOENT') return null;
    throw cause;
  }
}

async function takeLock(path: string, holder: InstanceHolder): Promise<boolean> {
  const temporary = join(path, '..', temporaryName(LOCK_NAME));
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(holder));
  } finally {
    await handle.close();
  }
  try {
    // A link appears with its whole content and fails where the lock is held.
    await link(temporary, path);
    return true;
  } catch (cause) {
    if (fileErrorCode(cause) === 'EEXIST') return false;
    throw cause;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function removeStale(path: string): Promise<void> {
  const aside = join(path, '..', temporaryName(LOCK_NAME));
  try {
    await rename(path, aside);
  } catch (cause) {
    if (fileErrorCode(cause) === 'ENOENT') return;
    throw cause;
  }
  const holder = holderOf(await readFile(aside, 'utf8'));
  // Between our look and the rename another start may have taken the lock: give it back.
  if (holder && (await isRunning(holder))) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

/**
 * Takes the data folder for this process. A lock that a killed Conch left is taken over. Rejects as `already-exists`
 * where another Conch runs on the folder.
 */
export async function acquireInstanceLock(dataFolder: string, now: number): Promise<InstanceLock> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const path = join(dataFolder, LOCK_NAME);
  const holder: InstanceHolder = {
    pid: process.pid,
    processStart: await readProcessStart(process.pid),
    startedAt: now,
  };
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if (await takeLock(path, holder)) {
      return {
        publish: (address) => writeFileDurably(path, JSON.stringify({ ...holder, address })),
        release: () => rm(path, { force: true }),
      };
    }
    const other = await readInstanceHolder(dataFolder);
    if (other)
      throw new StatusError('already-exists', `Conch already runs on ${dataFolder} (pid ${other.pid}).`);
    await removeStale(path);
  }
  throw new StatusError('unavailable', `The lock file ${path} changes all the time; try again.`);
}
