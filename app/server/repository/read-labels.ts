import { readFile, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import { StatusError } from '../../core/status.ts';

/** Labels of each output that has some, by output name. */
export type OutputLabels = ReadonlyMap<string, readonly string[]>;

const MAX_LABEL_BYTES = 16 * 1024 * 1024;

async function readLabelFile(directory: string, fileName: string): Promise<string[]> {
  const path = join(directory, fileName);
  const escapes = new StatusError(
    'invalid-argument',
    `label file '${fileName}' must be located inside the model directory`,
  );
  if (isAbsolute(fileName) || relative(directory, path).startsWith('..')) throw escapes;
  const real = await realpath(path).catch(() => {
    throw new StatusError('internal', `failed to open text file for read ${path}: No such file or directory`);
  });
  const inside = relative(await realpath(directory), real);
  if (inside.startsWith('..') || isAbsolute(inside)) throw escapes;
  const text = await readFile(real, 'utf8');
  if (text.length > MAX_LABEL_BYTES) {
    throw new StatusError('invalid-argument', `label file '${fileName}' is larger than 16 MiB`);
  }
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Reads the label files that a config names. @throws StatusError for one that is missing or lies outside the model. */
export async function readLabels(directory: string, config: ModelConfig): Promise<OutputLabels> {
  const labels = new Map<string, readonly string[]>();
  for (const { name, label_filename: fileName } of config.output ?? []) {
    if (name && fileName) labels.set(name, await readLabelFile(directory, fileName));
  }
  return labels;
}
