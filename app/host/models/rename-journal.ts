import { randomUUID } from 'node:crypto';
import { access, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../files/durable-file.ts';
import { fileErrorCode, withFileFailure } from '../files/file-failure.ts';
import { isRecord, writeJsonFile } from '../files/json-file.ts';
import { renameConfig } from '../import/add-model.ts';

/** A model directory that gets a name, and in it a config that has to say the same name. */
export interface Renaming {
  readonly repository: string;
  /** What it is called before; absent where it comes from elsewhere. */
  readonly from?: string;
  readonly to: string;
  /** The draft of its config that comes with it from elsewhere. */
  readonly draft?: string;
}

/** The half-done renames of a data folder: a directory and the file in it cannot change in one step. */
export interface RenameJournal {
  /** Notes the rename, lets `body` do it, and forgets it. After a kill in between {@link finish} does the rest. */
  during(renaming: Renaming, body: () => Promise<void>): Promise<void>;
  /** Does the rest of every rename in a repository, and gives what was found. Rejects where a config cannot be written. */
  finish(repository: string): Promise<readonly Renaming[]>;
}

async function readRenaming(path: string): Promise<Renaming | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (!isRecord(value)) return null;
    const { repository, from, to, draft } = value;
    if (typeof repository !== 'string' || typeof to !== 'string') return null;
    return {
      repository,
      to,
      ...(typeof from === 'string' && { from }),
      ...(typeof draft === 'string' && { draft }),
    };
  } catch (cause) {
    if (cause instanceof SyntaxError || fileErrorCode(cause) === 'ENOENT') return null;
    throw cause;
  }
}

function names(repository: string): Promise<string[]> {
  return withFileFailure('read', repository, () => readdir(repository));
}

/** Makes the config of a model directory say its name. */
export async function renameInConfig(modelPath: string, name: string, staging: string): Promise<void> {
  const path = join(modelPath, 'config.pbtxt');
  await withFileFailure('write', path, async () => {
    try {
      await access(path);
    } catch (cause) {
      if (fileErrorCode(cause) === 'ENOENT') return;
      throw cause;
    }
    const text = await readFile(path, 'utf8');
    const renamed = renameConfig(text, name);
    if (renamed !== text) await writeFileDurably(path, renamed, { stagingFolder: staging, mode: 0o644 });
  });
}

/** Opens the journal in a folder that exists. */
export function openRenameJournal(folder: string, staging: string): RenameJournal {
  return {
    during: async (renaming, body) => {
      const path = join(folder, `${randomUUID()}.json`);
      await withFileFailure('write', path, () => writeJsonFile(path, renaming));
      try {
        await body();
      } finally {
        await rm(path, { force: true });
      }
    },
    finish: async (repository) => {
      const done: Renaming[] = [];
      for (const file of await readdir(folder)) {
        const path = join(folder, file);
        const renaming = file.endsWith('.json') ? await readRenaming(path) : null;
        if (renaming && renaming.repository !== repository) continue;
        // By its listed name: a path would find a directory whose name differs only in case, too.
        if (renaming && (await names(repository)).includes(renaming.to)) {
          await renameInConfig(join(repository, renaming.to), renaming.to, staging);
          done.push(renaming);
        }
        await rm(path, { force: true });
      }
      return done;
    },
  };
}
