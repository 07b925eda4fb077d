import { access, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { checkModelName, safeModelName } from '../../core/repository/model-name.ts';
import { generateConfig } from '../../core/model-config/generate-config.ts';
import { StatusError } from '../../core/status.ts';
import { writeDraftFile } from '../config-documents/config-documents.ts';
import { syncDirectory } from '../files/durable-file.ts';
import { fileErrorCode, withFileFailure } from '../files/file-failure.ts';
import { listFolder } from '../files/file-tree.ts';
import type { ServerSupervisor } from '../server-supervisor/server-supervisor.ts';
import type { Trash } from '../trash/trash.ts';
import type { Session } from '../workspace/session.ts';
import { renameInConfig, type RenameJournal } from './rename-journal.ts';

/** What is done to a model as a whole. */
export interface ModelActions {
  delete(name: string): Promise<{ trashId: string }>;
  restore(trashId: string): Promise<{ name: string }>;
  rename(name: string, newName: string): Promise<void>;
  regenerateConfig(name: string): Promise<void>;
}

export interface ModelActionParts {
  readonly session: () => Session;
  readonly supervisor: ServerSupervisor;
  readonly trash: Trash;
  readonly staging: string;
  readonly draftsFolder: string;
  readonly renames: RenameJournal;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (cause) {
    if (fileErrorCode(cause) === 'ENOENT') return false;
    throw cause;
  }
}

export function createModelActions(parts: ModelActionParts): ModelActions {
  const { session, supervisor, trash, staging, draftsFolder, renames } = parts;
  const unloadIfLoaded = async (name: string): Promise<boolean> => {
    if (supervisor.loadedConfig(name) === undefined) return false;
    await supervisor.unload(name);
    return true;
  };
  return {
    delete: async (name) => {
      const { workspace, configs } = session();
      workspace.find(name);
      await unloadIfLoaded(name);
      const state = configs.state(name);
      const trashId = await trash.put({
        name,
        repository: workspace.path,
        ...(state && !state.isSaved && { draft: state.text }),
      });
      await configs.forget(name);
      await workspace.refresh();
      return { trashId };
    },
    restore: async (trashId) => {
      const trashed = await trash.look(trashId);
      const { workspace, configs } = session();
      const repository = (await exists(trashed.repository)) ? trashed.repository : workspace.path;
      const taken = await withFileFailure('read', repository, () => readdir(repository));
      const name = taken.includes(trashed.name) ? safeModelName(trashed.name, taken) : trashed.name;
      const { draft } = trashed;
      const restoring = { repository, to: name, ...(draft !== undefined && { draft }) };
      await renames.during(restoring, async () => {
        await trash.takeOut(trashId, join(repository, name), repository);
        await renameInConfig(join(repository, name), name, staging);
        if (draft === undefined) return;
        if (repository === workspace.path) await configs.keepDraft(name, draft);
        else await writeDraftFile(draftsFolder, { repository, model: name, text: draft });
      });
      await workspace.refresh();
      return { name };
    },
    rename: async (name, newName) => {
      const { workspace, configs } = session();
      workspace.find(name);
      const problem = checkModelName(newName);
      if (problem !== null) throw new StatusError('invalid-argument', problem);
      if (newName === name) return;
      const target = join(workspace.path, newName);
      const isCaseChange = newName.toLowerCase() === name.toLowerCase();
      if (!isCaseChange && (await exists(target)))
        throw new StatusError('already-exists', `There is a model ${newName} already.`);
      const wasLoaded = await unloadIfLoaded(name);
      await renames.during({ repository: workspace.path, from: name, to: newName }, async () => {
        await withFileFailure('rename', join(workspace.path, name), () =>
          rename(join(workspace.path, name), target),
        );
        await syncDirectory(workspace.path);
        await renameInConfig(target, newName, staging);
        await configs.rename(name, newName);
      });
      await workspace.refresh();
      if (wasLoaded) await supervisor.load(newName);
    },
    regenerateConfig: async (name) => {
      const { workspace, configs } = session();
      const { description, path, labels } = workspace.find(name);
      if (!description)
        throw new StatusError('invalid-argument', `There is no model file in ${path} to write a config for.`);
      const [labelFilename] = Object.keys(labels);
      const { files } = await listFolder(path, true);
      const text = generateConfig({
        modelName: name,
        description,
        ...(labelFilename !== undefined && { labelFilename }),
        knownFiles: files.map((file) => file.path),
      });
      await configs.replace(name, text);
    },
  };
}
