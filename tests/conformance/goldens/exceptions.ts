import { existsSync } from 'node:fs';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordedRow } from './recording.ts';

/** Rows of one recording that may differ, with the reason. */
interface Reasons {
  readonly why: string;
  readonly rows: readonly string[];
}

/**
 * Rows that may differ. `better`: we do better than a defect of the real server, for ever. `notYet`: a list that
 * shrinks; a row leaves it when it agrees.
 */
export interface Exceptions {
  readonly better: ReadonlyMap<string, string>;
  readonly notYet: ReadonlyMap<string, string>;
}

export function keyOf({ recording, name }: Pick<RecordedRow, 'recording' | 'name'>): string {
  return `${recording}: ${name}`;
}

async function readReasons(path: string): Promise<Readonly<Record<string, readonly Reasons[]>>> {
  return JSON.parse(await readFile(path, 'utf8')) as Readonly<Record<string, readonly Reasons[]>>;
}

function addReasons(all: Map<string, string>, recording: string, reasons: readonly Reasons[]): void {
  for (const { why, rows } of reasons) for (const name of rows) all.set(keyOf({ recording, name }), why);
}

/** Reads `better-than-triton.json` and `not-yet/<recording>.json`. */
export async function readExceptions(folder: string): Promise<Exceptions> {
  const better = new Map<string, string>();
  const notYet = new Map<string, string>();
  for (const [recording, reasons] of Object.entries(
    await readReasons(join(folder, 'better-than-triton.json')),
  ))
    addReasons(better, recording, reasons);
  const lists = existsSync(join(folder, 'not-yet')) ? await readdir(join(folder, 'not-yet')) : [];
  for (const name of lists) {
    const recording = name.slice(0, -'.json'.length);
    const reasons = JSON.parse(await readFile(join(folder, 'not-yet', name), 'utf8')) as readonly Reasons[];
    addReasons(notYet, recording, reasons);
  }
  return { better, notYet };
}

/** Takes rows that agree out of a recording's list, and adds those that are new (with `why`). */
export async function updateNotYet(
  folder: string,
  recording: string,
  agree: ReadonlySet<string>,
  added: readonly string[],
  why: string,
): Promise<void> {
  const path = join(folder, 'not-yet', `${recording}.json`);
  const old = existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as readonly Reasons[]) : [];
  const kept = old
    .map((each) => ({ why: each.why, rows: each.rows.filter((name) => !agree.has(name)) }))
    .filter(({ rows }) => rows.length > 0);
  const reasons = added.length > 0 ? [...kept, { why, rows: added }] : kept;
  if (reasons.length === 0) await rm(path, { force: true });
  else await writeFile(path, `${JSON.stringify(reasons, null, 2)}\n`);
}
