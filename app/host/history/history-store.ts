import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeMessage, encodeMessage } from '../../contract/codec.ts';
import type { HistoryEntry, HistorySummary } from '../../contract/inference.ts';
import { StatusError } from '../../core/status.ts';
import { repositoryKey } from '../data-folder.ts';
import { writeFileDurably } from '../files/durable-file.ts';
import { fileErrorCode, withFileFailure } from '../files/file-failure.ts';
import { isRecord, setAside } from '../files/json-file.ts';
import { createQueue } from '../files/work-queue.ts';

/** How much of a repository's history is kept; the oldest goes first. */
export interface HistoryLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Every request that was made from Conch against one repository, with its whole body. */
export interface HistoryStore {
  newId(at: number): string;
  add(entry: HistoryEntry): Promise<void>;
  /** Newest first. */
  list(query: { model?: string; before?: string; limit: number }): readonly HistorySummary[];
  get(id: string): Promise<HistoryEntry>;
  /** True where there was one. */
  delete(id: string): Promise<boolean>;
  close(): Promise<void>;
}

const LIMITS: HistoryLimits = { maxEntries: 2000, maxBytes: 2 * 1024 ** 3 };
const ID = /^[0-9a-z]{9}-[0-9a-f]{12}$/;

interface Kept {
  readonly summary: HistorySummary;
  readonly byteSize: number;
}

type IndexLine =
  | { readonly kind: 'added'; readonly summary: HistorySummary; readonly byteSize: number }
  | { readonly kind: 'deleted'; readonly id: string };

function indexLineOf(text: string): IndexLine | null {
  try {
    const line: unknown = JSON.parse(text);
    if (!isRecord(line)) return null;
    if (line['kind'] === 'deleted' && typeof line['id'] === 'string')
      return { kind: 'deleted', id: line['id'] };
    const { summary, byteSize } = line;
    if (line['kind'] !== 'added' || !isRecord(summary) || typeof byteSize !== 'number') return null;
    if (typeof summary['id'] !== 'string' || !ID.test(summary['id'])) return null;
    return { kind: 'added', summary: summary as unknown as HistorySummary, byteSize };
  } catch {
    return null;
  }
}

function summaryOf(entry: HistoryEntry): HistorySummary {
  const { inputs: _inputs, recipes: _recipes, outcome: _outcome, ...summary } = entry;
  return summary;
}

interface ReadIndex {
  readonly kept: Map<string, Kept>;
  readonly lineCount: number;
  readonly isTorn: boolean;
  /** Lines before the last that are none of ours. */
  readonly brokenCount: number;
}

function readIndex(text: string): ReadIndex {
  const kept = new Map<string, Kept>();
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  let brokenCount = 0;
  for (const line of lines) {
    const read = indexLineOf(line);
    if (read === null) brokenCount += 1;
    else if (read.kind === 'added')
      kept.set(read.summary.id, { summary: read.summary, byteSize: read.byteSize });
    else kept.delete(read.id);
  }
  return { kept, lineCount: lines.length, isTorn: last !== '', brokenCount };
}

async function removeOrphans(bodies: string, kept: ReadonlyMap<string, Kept>): Promise<void> {
  for (const name of await readdir(bodies))
    if (!kept.has(name.replace(/\.bin$/, ''))) await rm(join(bodies, name), { force: true });
}

/**
 * Opens the history of a repository: an index of one line an entry, to which is only appended, and one file a body.
 * A body is on disk before its line; so a kill at any moment leaves whole entries only.
 */
export async function openHistoryStore(options: {
  readonly folder: string;
  readonly repository: string;
  readonly now: () => number;
  readonly raise: (text: string) => void;
  readonly limits?: HistoryLimits;
}): Promise<HistoryStore> {
  const limits = options.limits ?? LIMITS;
  const folder = join(options.folder, repositoryKey(options.repository));
  const bodies = join(folder, 'bodies');
  const indexPath = join(folder, 'index.jsonl');
  await mkdir(bodies, { recursive: true });
  const inTurn = createQueue();
  let kept = new Map<string, Kept>();
  let lineCount = 0;
  let totalBytes = 0;
  let index: FileHandle | null = null;

  const bodyPath = (id: string) => join(bodies, `${id}.bin`);
  const lineOf = (line: IndexLine) => `${JSON.stringify(line)}\n`;
  const compact = async () => {
    await index?.close();
    index = null;
    const lines = [...kept.values()].map((entry) => lineOf({ kind: 'added', ...entry }));
    await writeFileDurably(indexPath, lines.join(''));
    lineCount = lines.length;
  };
  const append = async (line: IndexLine) => {
    index ??= await open(indexPath, 'a', 0o600);
    await index.appendFile(lineOf(line));
    await index.datasync();
    lineCount += 1;
  };
  const load = async () => {
    const text = await readFile(indexPath, 'utf8').catch((cause: unknown) => {
      if (fileErrorCode(cause) === 'ENOENT') return '';
      throw cause;
    });
    const read = readIndex(text);
    if (read.brokenCount > 0) {
      const { text: what } = await setAside(indexPath, options.now(), 'A part of the request history');
      options.raise(`${what} ${read.kept.size} requests of it are still there.`);
    }
    ({ kept, lineCount } = read);
    await removeOrphans(bodies, kept);
    if (read.isTorn || read.brokenCount > 0) await compact();
  };
  const forget = async (id: string) => {
    const entry = kept.get(id);
    if (!entry) return false;
    kept.delete(id);
    totalBytes -= entry.byteSize;
    await append({ kind: 'deleted', id });
    await rm(bodyPath(id), { force: true });
    return true;
  };
  const prune = async () => {
    for (const id of Array.from(kept.keys())) {
      if (kept.size <= limits.maxEntries && totalBytes <= limits.maxBytes) break;
      if (kept.size === 1) break;
      await forget(id);
    }
    if (lineCount > 2 * kept.size + 1000) await compact();
  };

  await load();
  totalBytes = [...kept.values()].reduce((sum, { byteSize }) => sum + byteSize, 0);

  const findBody = async (id: string): Promise<string> => {
    if (!ID.test(id)) throw new StatusError('not-found', 'There is no such request in the history.');
    const candidates = [folder, ...(await readdir(options.folder)).map((name) => join(options.folder, name))];
    for (const candidate of candidates) {
      const path = join(candidate, 'bodies', `${id}.bin`);
      if ((await stat(path).catch(() => null))?.isFile()) return path;
    }
    throw new StatusError('not-found', 'This request is no longer in the history.');
  };

  return {
    newId: (at) => `${at.toString(36).padStart(9, '0')}-${randomBytes(6).toString('hex')}`,
    add: (entry) =>
      inTurn(() =>
        withFileFailure('keep the request in', folder, async () => {
          const body = encodeMessage(entry);
          await writeFileDurably(bodyPath(entry.id), body);
          const summary = summaryOf(entry);
          await append({ kind: 'added', summary, byteSize: body.byteLength });
          kept.set(entry.id, { summary, byteSize: body.byteLength });
          totalBytes += body.byteLength;
          await prune();
        }),
      ),
    list: ({ model, before, limit }) => {
      const found: HistorySummary[] = [];
      const newestFirst = [...kept.values()].toReversed();
      const start =
        before === undefined ? 0 : newestFirst.findIndex(({ summary }) => summary.id === before) + 1;
      for (const { summary } of newestFirst.slice(start)) {
        if (found.length >= limit) break;
        if (model === undefined || summary.model === model) found.push(summary);
      }
      return found;
    },
    get: async (id) => {
      const path = await findBody(id);
      try {
        const { buffer, byteOffset, byteLength } = await readFile(path);
        return decodeMessage(new Uint8Array(buffer, byteOffset, byteLength)) as HistoryEntry;
      } catch (cause) {
        if (fileErrorCode(cause) === 'ENOENT')
          throw new StatusError('not-found', 'This request is no longer in the history.', { cause });
        const { text } = await setAside(path, options.now(), 'The body of a request in the history');
        throw new StatusError('internal', text, { cause });
      }
    },
    delete: (id) => inTurn(() => forget(id)),
    close: () =>
      inTurn(async () => {
        await index?.close();
        index = null;
      }),
  };
}
