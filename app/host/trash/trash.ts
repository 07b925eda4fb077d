import { randomUUID } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StatusError } from '../../core/status.ts';
import { syncDirectory } from '../files/durable-file.ts';
import { fileErrorCode, fileFailure } from '../files/file-failure.ts';
import { isRecord, writeJsonFile } from '../files/json-file.ts';
import { makeStagingFolder } from '../files/staging.ts';

/** A deleted model as the trash knows it. */
export interface TrashedModel {
  readonly name: string;
  readonly repository: string;
  /** Epoch milliseconds. */
  readonly deletedAt: number;
  /** The draft of its config, where it had one. */
  readonly draft?: string;
}

/** Deleted models, kept for thirty days. */
export interface Trash {
  put(model: Omit<TrashedModel, 'deletedAt'>): Promise<string>;
  look(trashId: string): Promise<TrashedModel>;
  /** Moves the model to `path`, which must not exist. */
  takeOut(trashId: string, path: string, repository: string): Promise<void>;
}

const KEPT_MILLISECONDS = 30 * 24 * 3_600_000;
const ID = /^[0-9a-f-]{36}$/;

async function moveFolder(from: string, to: string, staging: () => Promise<string>): Promise<void> {
  try {
    await rename(from, to);
    return;
  } catch (cause) {
    if (fileErrorCode(cause) !== 'EXDEV') throw cause;
  }
  const folder = await staging();
  try {
    await cp(from, join(folder, 'moved'), { recursive: true, errorOnExist: true, force: false });
    await rename(join(folder, 'moved'), to);
    await rm(from, { recursive: true, force: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readTrashed(folder: string): Promise<TrashedModel | null> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, 'trash.json'), 'utf8'));
    if (!isRecord(value)) return null;
    const { name, repository, deletedAt, draft } = value;
    if (typeof name !== 'string' || typeof repository !== 'string' || typeof deletedAt !== 'number')
      return null;
    return { name, repository, deletedAt, ...(typeof draft === 'string' && { draft }) };
  } catch {
    return null;
  }
}

/** Opens the trash and empties it of what is older than thirty days. */
export async function openTrash(folder: string, dataStaging: string, now: () => number): Promise<Trash> {
  for (const id of await readdir(folder)) {
    const trashed = await readTrashed(join(folder, id));
    const hasModel = (await readdir(join(folder, id)).catch((): string[] => [])).includes('model');
    if ((trashed && now() - trashed.deletedAt > KEPT_MILLISECONDS) || !hasModel)
      await rm(join(folder, id), { recursive: true, force: true });
  }
  return {
    put: async (model) => {
      const id = randomUUID();
      const place = join(folder, id);
      const path = join(model.repository, model.name);
      try {
        await mkdir(place);
        // The note comes first: a model in the trash is always one that can be brought back.
        await writeJsonFile(join(place, 'trash.json'), { ...model, deletedAt: now() });
        await moveFolder(path, join(place, 'model'), () => makeStagingFolder(place, dataStaging));
        await syncDirectory(model.repository);
      } catch (cause) {
        await rm(place, { recursive: true, force: true });
        throw fileFailure(cause, 'delete', path);
      }
      return id;
    },
    look: async (trashId) => {
      const trashed = ID.test(trashId) ? await readTrashed(join(folder, trashId)) : null;
      if (!trashed) throw new StatusError('not-found', 'This model is no longer in the trash.');
      return trashed;
    },
    takeOut: async (trashId, path, repository) => {
      try {
        await moveFolder(join(folder, trashId, 'model'), path, () =>
          makeStagingFolder(repository, dataStaging),
        );
        await syncDirectory(repository);
        await rm(join(folder, trashId), { recursive: true, force: true });
      } catch (cause) {
        throw fileFailure(cause, 'restore', path);
      }
    },
  };
}
