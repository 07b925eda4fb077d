import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDatatype } from '../../core/datatypes.ts';
import type { ExampleInput } from '../../core/samples/sample.ts';
import { StatusError } from '../../core/status.ts';
import { readNpy } from '../../core/tensors/npy.ts';
import type { NamedTensor } from '../../core/tensors/tensor.ts';
import { parseTensorJson } from '../../core/tensors/tensor-json.ts';
import { withFileFailure } from '../files/file-failure.ts';

/** The values of one example input, from its file or as they are written in `samples.json`. */
export async function readExampleInput(
  modelFolder: string,
  name: string,
  example: ExampleInput,
  datatype: string | undefined,
): Promise<NamedTensor> {
  if ('file' in example) {
    const path = join(modelFolder, example.file);
    return { name, ...readNpy(await withFileFailure('read', path, () => readFile(path))) };
  }
  if (datatype === undefined || !isDatatype(datatype))
    throw new StatusError('not-found', `The model has no input ${name} with a datatype.`);
  return { name, ...parseTensorJson(JSON.stringify(example.values), datatype, example.shape) };
}
