import { appendFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from '../../contract/server-status.ts';
import type { EmitEvent } from '../events/host-events.ts';

/** The last log lines in memory and all of them in a file that is turned over once. */
export interface ServerLog {
  append(level: LogLine['level'], source: LogLine['source'], text: string): void;
  /** Newest last. */
  last(count: number): readonly LogLine[];
  close(): Promise<void>;
}

const RING_LINES = 2000;
const MAX_LINE_CHARACTERS = 8192;
const MAX_FILE_BYTES = 8 * 1024 * 1024;
const FLUSH_MILLISECONDS = 100;

/** Collects lines and tells them at most ten times a second. A log that cannot be written is dropped, never thrown. */
export function createServerLog(folder: string, now: () => number, emit: EmitEvent): ServerLog {
  const path = join(folder, 'server.log');
  let ring: LogLine[] = [];
  let fresh: LogLine[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<unknown> = Promise.resolve();
  const write = async (lines: readonly LogLine[]) => {
    const { size } = await stat(path).catch(() => ({ size: 0 }));
    if (size > MAX_FILE_BYTES) await rename(path, `${path}.1`);
    const text = lines.map(
      (line) => `${new Date(line.at).toISOString()} ${line.level} ${line.source}: ${line.text}\n`,
    );
    await appendFile(path, text.join(''), { mode: 0o600 });
  };
  const flush = () => {
    timer = undefined;
    const lines = fresh;
    if (lines.length === 0) return;
    fresh = [];
    emit('log.appended', { lines });
    writing = writing.then(() => write(lines)).catch(() => undefined);
  };
  return {
    append: (level, source, text) => {
      for (const part of text.split('\n')) {
        const shown = part.trimEnd();
        if (shown === '') continue;
        const line = { at: now(), level, source, text: shown.slice(0, MAX_LINE_CHARACTERS) };
        ring.push(line);
        fresh.push(line);
      }
      if (ring.length > 2 * RING_LINES) ring = ring.slice(-RING_LINES);
      if (fresh.length > RING_LINES) fresh = fresh.slice(-RING_LINES);
      timer ??= setTimeout(flush, FLUSH_MILLISECONDS);
    },
    last: (count) => ring.slice(-Math.min(count, RING_LINES)),
    close: async () => {
      clearTimeout(timer);
      flush();
      await writing;
    },
  };
}
