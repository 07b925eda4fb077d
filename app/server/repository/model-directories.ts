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

/** Says why a model could not be polled when more than that is to be said: it is in several repositories. */
export class NotUniqueError extends StatusError {
  constructor(name: string) {
    super('invalid-argument', `failed to poll model '${name}': not unique across all model repositories`);
  }
}

/**
 * The one directory of a model that is asked for by name, listed or not (`.` is one).
 * @throws StatusError in Triton's words if there is none, or more than one.
 */
export async function directoryOfModel(repositories: readonly string[], name: string): Promise<string> {
  const paths = repositories.map((repository) => join(resolve(repository), name));
  const areThere = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  const [path, ...others] = paths.filter((_, index) => areThere[index]);
  if (path !== undefined && others.length === 0) return path;
  throw new StatusError(
    'not-found',
    `failed to poll model '${name}': model not found in any model repository.`,
    { ...(path !== undefined && { cause: new NotUniqueError(name) }) },
  );
}
