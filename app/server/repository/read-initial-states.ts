import { readFile, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import { checkStateFile } from '../../core/scheduling/sequence-states.ts';
import { StatusError } from '../../core/status.ts';

/** Content of the files that `initial_state` names, by the name of the file. */
export type StateFiles = ReadonlyMap<string, Uint8Array>;

async function readStateFile(directory: string, fileName: string): Promise<Uint8Array> {
  const path = join(directory, 'initial_state', fileName);
  const real = await realpath(path).catch(() => {
    throw new StatusError('internal', `failed to open text file for read ${path}: No such file or directory`);
  });
  const inside = relative(await realpath(directory), real);
  if (inside.startsWith('..') || isAbsolute(inside)) {
    throw new StatusError(
      'invalid-argument',
      `initial_state file '${fileName}' must be located inside the model directory`,
    );
  }
  return readFile(real).catch((cause: NodeJS.ErrnoException) => {
    throw new StatusError('internal', `failed to open text file for read ${path}: ${cause.message}`);
  });
}

/**
 * Reads the files of `initial_state`.
 * @throws StatusError for one that is missing, too short, or lies outside the model.
 */
export async function readInitialStates(directory: string, config: ModelConfig): Promise<StateFiles> {
  const files = new Map<string, Uint8Array>();
  for (const state of config.sequence_batching?.state ?? []) {
    const [initial] = state.initial_state ?? [];
    const fileName = initial?.data_file;
    if (!initial || fileName === undefined) continue;
    const file = files.get(fileName) ?? (await readStateFile(directory, fileName));
    checkStateFile(initial, file.byteLength);
    files.set(fileName, file);
  }
  return files;
}
