import { readFile, rename } from 'node:fs/promises';
import { writeFileDurably } from './durable-file.ts';
import { fileErrorCode } from './file-failure.ts';

/** Why a stored file could not be used, in a sentence, and where it was kept. */
export interface SetAside {
  readonly text: string;
}

const MAX_JSON_BYTES = 32 * 1024 * 1024;

/** Renames a broken file to `….corrupt-<time>`, so that nothing is lost and the next start is clean. */
export async function setAside(path: string, now: number, what: string): Promise<SetAside> {
  const kept = `${path}.corrupt-${now}`;
  await rename(path, kept);
  return { text: `${what} could not be read and was kept as ${kept}.` };
}

/**
 * Reads one JSON file. `check` says whether the value is what was expected; broken content is set aside and
 * `onSetAside` told. Null where there is nothing usable.
 */
export async function readJsonFile<Value>(
  path: string,
  check: (value: unknown) => value is Value,
  broken: { readonly what: string; readonly now: number; readonly onSetAside: (aside: SetAside) => void },
): Promise<Value | null> {
  try {
    const bytes = await readFile(path);
    if (bytes.byteLength <= MAX_JSON_BYTES) {
      const value: unknown = JSON.parse(bytes.toString('utf8'));
      if (check(value)) return value;
    }
  } catch (cause) {
    if (fileErrorCode(cause) === 'ENOENT') return null;
    if (fileErrorCode(cause) !== undefined && fileErrorCode(cause) !== 'EISDIR') throw cause;
    if (!(cause instanceof SyntaxError) && fileErrorCode(cause) === undefined) throw cause;
  }
  broken.onSetAside(await setAside(path, broken.now, broken.what));
  return null;
}

/** Writes one JSON file durably. */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await writeFileDurably(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Whether `value` is an object with string keys (no array, not null). */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
