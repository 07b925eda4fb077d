import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where everything of Conch's own lies: nothing of it is ever put into a model repository. */
export interface DataFolder {
  readonly root: string;
  readonly defaultRepository: string;
  /** Half-made things; emptied at start. */
  readonly staging: string;
  readonly settingsFile: string;
  /** Recents, the open repository, remembered dims. */
  readonly stateFile: string;
  readonly remoteServersFile: string;
  readonly drafts: string;
  /** What is known of model files by their path, size and time. */
  readonly descriptions: string;
  readonly history: string;
  readonly trash: string;
  /** Renames that are not over yet. */
  readonly renames: string;
  readonly uploads: string;
  readonly downloads: string;
  readonly logs: string;
}

/** Names the parts of a data folder and makes those that are always there. Leftovers of a killed Conch are swept. */
export async function openDataFolder(root: string): Promise<DataFolder> {
  const folder: DataFolder = {
    root,
    defaultRepository: join(root, 'model-repository'),
    staging: join(root, 'staging'),
    settingsFile: join(root, 'settings.json'),
    stateFile: join(root, 'state.json'),
    remoteServersFile: join(root, 'remote-servers.json'),
    drafts: join(root, 'drafts'),
    descriptions: join(root, 'descriptions'),
    history: join(root, 'history'),
    trash: join(root, 'trash'),
    renames: join(root, 'renames'),
    uploads: join(root, 'uploads'),
    downloads: join(root, 'downloads'),
    logs: join(root, 'logs'),
  };
  const { staging, drafts, descriptions, history, trash, renames, uploads, downloads, logs } = folder;
  for (const leftover of [staging, uploads, downloads]) await rm(leftover, { recursive: true, force: true });
  for (const path of [staging, drafts, descriptions, history, trash, renames, uploads, downloads, logs])
    await mkdir(path, { recursive: true, mode: 0o700 });
  return folder;
}

/** A short name for a repository's path, for folders that hold what belongs to it. */
export function repositoryKey(repositoryPath: string): string {
  return createHash('sha256').update(repositoryPath).digest('hex').slice(0, 16);
}
