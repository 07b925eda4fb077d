import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StatusError } from '../../core/status.ts';
import { listDirectories } from './model-files.ts';

/** Model directories by the name of their model; a name may be in several repositories. */
export type ModelDirectories = ReadonlyMap<string, readonly string[]>;

/** Finds the model directories of all repositories, in their order. @throws StatusError if a repository is gone. */
export async function findModelDirectories(repositories: readonly string[]): Promise<ModelDirectories> {
  const found = new Map<string, string[]>();
  for (const repository of repositories) {
    const exists = await stat(repository).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
    if (!exists) throw new StatusError('internal', `failed to stat file ${repository}`);
    for (const name of await listDirectories(repository)) {
      found.set(name, [...(found.get(name) ?? []), join(resolve(repository), name)]);
    }
  }
  return found;
}

/** The one directory of a model. @throws StatusError in Triton's words if there is none, or more than one. */
export function directoryOfModel(directories: ModelDirectories, name: string): string {
  const [path, ...others] = directories.get(name) ?? [];
  if (others.length > 0) {
    throw new StatusError(
      'invalid-argument',
      `failed to poll model '${name}': not unique across all model repositories`,
    );
  }
  if (path === undefined) {
    throw new StatusError(
      'not-found',
      `failed to poll model '${name}': model not found in any model repository.`,
    );
  }
  return path;
}
