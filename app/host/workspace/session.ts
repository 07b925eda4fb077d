import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StatusError } from '../../core/status.ts';
import { openConfigDocuments, type ConfigDocuments } from '../config-documents/config-documents.ts';
import type { DataFolder } from '../data-folder.ts';
import type { EmitEvent } from '../events/host-events.ts';
import { withFileFailure } from '../files/file-failure.ts';
import { sweepRepository } from '../files/staging.ts';
import { openHistoryStore, type HistoryStore } from '../history/history-store.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { RenameJournal } from '../models/rename-journal.ts';
import type { DescriptionStore } from './description-store.ts';
import { scanRepository } from './scan-repository.ts';
import { openWorkspace, type OpenWorkspace, type ServerFacts } from './workspace.ts';

/** Everything that belongs to one open repository and is replaced when another is opened. */
export interface Session {
  readonly workspace: OpenWorkspace;
  readonly configs: ConfigDocuments;
  readonly history: HistoryStore;
  /** Names that running imports have taken. */
  readonly reserved: Set<string>;
  close(): Promise<void>;
}

export interface SessionParts {
  readonly folder: DataFolder;
  readonly server: ServerFacts;
  readonly inspector: Inspector;
  readonly descriptions: DescriptionStore;
  readonly renames: RenameJournal;
  readonly emit: EmitEvent;
  readonly now: () => number;
  readonly raise: (severity: 'warning' | 'error', text: string) => void;
  readonly onWorkspaceChange: () => void;
  readonly reportBug: (cause: unknown) => void;
}

/** Does the rest of renames that a kill cut off; a repository that cannot be written is shown as it is. */
async function finishRenames(path: string, configs: ConfigDocuments, parts: SessionParts): Promise<void> {
  try {
    for (const { from, to, draft } of await parts.renames.finish(path)) {
      if (from !== undefined) await configs.rename(from, to);
      if (draft !== undefined) await configs.keepDraft(to, draft);
    }
  } catch (cause) {
    if (!(cause instanceof StatusError)) throw cause;
    parts.raise('warning', cause.message);
  }
}

/** Opens a repository that {@link checkRepository} accepted. */
export async function openSession(path: string, isDefault: boolean, parts: SessionParts): Promise<Session> {
  await sweepRepository(path);
  let workspace: OpenWorkspace | null = null;
  const configs = await openConfigDocuments({
    repository: path,
    draftsFolder: parts.folder.drafts,
    stagingFolder: parts.folder.staging,
    onChange: (model) => workspace?.touch(model),
    onWriteFailure: ({ message }) => parts.raise('error', message),
  });
  await finishRenames(path, configs, parts);
  const history = await openHistoryStore({
    folder: parts.folder.history,
    repository: path,
    now: parts.now,
    raise: (text) => parts.raise('warning', text),
  });
  workspace = await openWorkspace({
    path,
    isDefault,
    configs,
    server: parts.server,
    inspector: parts.inspector,
    descriptions: parts.descriptions,
    emit: parts.emit,
    now: parts.now,
    onWorkspaceChange: parts.onWorkspaceChange,
    reportBug: parts.reportBug,
  });
  const opened = workspace;
  return {
    workspace: opened,
    configs,
    history,
    reserved: new Set(),
    close: async () => {
      opened.close();
      await history.close();
    },
  };
}

/**
 * Checks that a folder can be opened as a model repository: an empty one, or one in which at least one directory is a
 * model. Rejects with the reason and what to do instead.
 */
export async function checkRepository(path: string, creates: boolean): Promise<void> {
  if (creates) await withFileFailure('create', path, () => mkdir(path, { recursive: true }));
  const stats = await withFileFailure('open', path, () => stat(path));
  if (!stats.isDirectory())
    throw new StatusError('invalid-argument', `${path} is a file. A model repository is a folder.`);
  if (await stat(join(path, 'config.pbtxt')).catch(() => null))
    throw new StatusError(
      'invalid-argument',
      `${path} is a model directory (it has a config.pbtxt), not a model repository. Open the folder around it, or drop it to add the model.`,
    );
  const { models } = await scanRepository(path);
  if (
    models.length > 0 &&
    models.every(({ problem, configText }) => problem !== undefined && configText === null)
  )
    throw new StatusError(
      'invalid-argument',
      `${path} is not a model repository: none of its ${models.length} folders has a config.pbtxt or a numeric version directory, as in my_model/1/model.onnx.`,
    );
}
