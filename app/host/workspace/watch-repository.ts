import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

const DEBOUNCE_MILLISECONDS = 100;
const LONGEST_WAIT_MILLISECONDS = 1000;
const POLL_MILLISECONDS = 5000;

/** Tells of changes below a repository. */
export interface RepositoryWatch {
  /** Watches exactly these directories from now on; missing ones are left out until the next call. */
  follow(directories: readonly string[]): void;
  close(): void;
}

/**
 * Calls `onChange` soon after something changed, at most once a second in a storm, and every five seconds in any
 * case: watching can fail (network disks, used-up watches) and a repository can vanish and come back.
 */
export function watchRepository(path: string, onChange: () => void): RepositoryWatch {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  let firstAt = 0;
  const fire = () => {
    timer = undefined;
    onChange();
  };
  const noteChange = () => {
    const now = performance.now();
    if (timer === undefined) firstAt = now;
    clearTimeout(timer);
    timer = setTimeout(
      fire,
      Math.min(DEBOUNCE_MILLISECONDS, Math.max(0, firstAt + LONGEST_WAIT_MILLISECONDS - now)),
    );
  };
  const stop = (directory: string) => {
    watchers.get(directory)?.close();
    watchers.delete(directory);
  };
  const begin = (directory: string, isRelevant: (name: string | null) => boolean) => {
    try {
      const watcher = watch(directory, { persistent: false }, (_event, name) => {
        if (isRelevant(name)) noteChange();
      });
      watcher.on('error', () => stop(directory));
      watchers.set(directory, watcher);
    } catch {
      // The poll sees what cannot be watched.
    }
  };
  // The parent tells when the repository itself is removed, renamed or put back.
  begin(dirname(path), (name) => name === basename(path));
  const poll = setInterval(onChange, POLL_MILLISECONDS);
  poll.unref();
  return {
    follow: (directories) => {
      const wanted = new Set([...directories, dirname(path)]);
      for (const directory of Array.from(watchers.keys())) if (!wanted.has(directory)) stop(directory);
      for (const directory of directories) if (!watchers.has(directory)) begin(directory, () => true);
    },
    close: () => {
      clearTimeout(timer);
      clearInterval(poll);
      for (const directory of Array.from(watchers.keys())) stop(directory);
    },
  };
}
