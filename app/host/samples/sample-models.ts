import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sample } from '../../core/samples/sample.ts';
import { StatusError } from '../../core/status.ts';
import type { NamedTensor } from '../../core/tensors/tensor.ts';
import { fileErrorCode } from '../files/file-failure.ts';
import { listFolder } from '../files/file-tree.ts';
import { isRecord } from '../files/json-file.ts';
import type { DiskModel } from '../workspace/scan-repository.ts';
import { readExampleInput } from './example-input.ts';

/** The sample models that ship with Conch. */
export interface SampleModels {
  readonly samples: readonly Sample[];
  /** Throws `not-found`. */
  folderOf(name: string): string;
  /** The sample that a model is a copy of, by its name and the sizes of its files. */
  matching(model: DiskModel): Promise<Sample | undefined>;
  /** The example values of a sample, for inputs of these datatypes. */
  exampleInputs(sample: Sample, datatypes: ReadonlyMap<string, string>): Promise<readonly NamedTensor[]>;
}

function isSample(value: unknown): value is Sample {
  return (
    isRecord(value) &&
    typeof value['name'] === 'string' &&
    typeof value['title'] === 'string' &&
    typeof value['description'] === 'string' &&
    isRecord(value['exampleInputs'])
  );
}

async function readSamples(folder: string): Promise<readonly Sample[]> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, 'samples.json'), 'utf8'));
    return Array.isArray(value) ? value.filter(isSample) : [];
  } catch (cause) {
    if (fileErrorCode(cause) === 'ENOENT') return [];
    throw cause;
  }
}

async function versionSizes(folder: string): Promise<string> {
  const { files } = await listFolder(folder);
  return files.map(({ path, byteSize }) => `${path}:${byteSize}`).join(',');
}

/** Reads `samples.json` of the sample repository; a folder without it has no samples. */
export async function openSampleModels(folder: string): Promise<SampleModels> {
  const samples = await readSamples(folder);
  const folderOf = (name: string) => {
    if (!samples.some((sample) => sample.name === name))
      throw new StatusError('not-found', `There is no sample model ${name}.`);
    return join(folder, name);
  };
  return {
    samples,
    folderOf,
    matching: async (model) => {
      const sample = samples.find(
        ({ name }) => model.name === name || model.name.replace(/_\d+$/, '') === name,
      );
      const first = model.versions.find(({ version }) => version === 1);
      if (!sample || !first) return undefined;
      const sizes = first.files.map(({ path, byteSize }) => `${path}:${byteSize}`).join(',');
      return (await versionSizes(join(folder, sample.name, '1'))) === sizes ? sample : undefined;
    },
    exampleInputs: (sample, datatypes) =>
      Promise.all(
        Object.entries(sample.exampleInputs).map(([name, example]) =>
          readExampleInput(folderOf(sample.name), name, example, datatypes.get(name)),
        ),
      ),
  };
}
