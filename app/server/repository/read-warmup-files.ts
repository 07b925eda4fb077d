import { readFile, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import { warmupFiles } from '../../core/scheduling/warmup-samples.ts';
import { StatusError } from '../../core/status.ts';

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}

async function readWarmupFile(directory: string, file: string): Promise<Uint8Array> {
  const folder = join(directory, 'warmup');
  const path = join(folder, file);
  const escapes = new StatusError(
    'invalid-argument',
    `warmup file '${file}' must be located inside the warmup folder of the model`,
  );
  if (isAbsolute(file) || !isInside(folder, path)) throw escapes;
  const real = await realpath(path).catch(() => {
    throw new StatusError('internal', `failed to open text file for read ${path}: No such file or directory`);
  });
  if (!isInside(await realpath(folder), real)) throw escapes;
  return readFile(real).catch((cause: Error) => {
    throw new StatusError('internal', `failed to open text file for read ${path}: ${cause.message}`);
  });
}

/**
 * Reads the files that the warm-up samples of a config name, by name.
 * @throws StatusError for one that is missing or lies outside the model's `warmup` folder.
 */
export async function readWarmupFiles(
  directory: string,
  config: ModelConfig,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const file of warmupFiles(config)) files.set(file, await readWarmupFile(directory, file));
  return files;
}
