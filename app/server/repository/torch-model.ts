import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { datatypeOf } from '../../core/datatypes.ts';
import { torchArchive } from '../../core/formats/torch/torch-archive.ts';
import { dtypeOfDatatype } from '../../core/formats/torch/torch-dtypes.ts';
import { isExportedProgram } from '../../core/formats/torch-export/detect.ts';
import type { ConfigTensor } from '../../core/formats/torchscript/translate-for-config.ts';
import { readZipDirectory } from '../../core/formats/zip-directory.ts';
import type { ModelConfig, ModelInput } from '../../core/model-config/model-config.ts';
import { StatusError } from '../../core/status.ts';
import type { TranslationRequest } from '../engine/torch-translation.ts';
import { openFileTree } from './model-files.ts';

/** How a zip archive begins, and so everything that `torch.jit.save` writes since 1.4. */
const ARCHIVE_START = 'PK\u0003\u0004';

/** A PyTorch model of a repository that runs here by translation. */
export interface TorchModelFile {
  readonly path: string;
  readonly format: TranslationRequest['format'];
}

/** Whether a `.pt2` is a program, and no package of compiled code. */
async function holdsProgram(path: string): Promise<boolean> {
  const tree = await openFileTree(dirname(path));
  const source = await tree.open(basename(path));
  const archive = torchArchive({ source, zip: await readZipDirectory(source) });
  return archive !== null && isExportedProgram(archive);
}

/**
 * The file of a version that runs here by translation: a TorchScript archive, or, for the platform `torch_aoti`, a program
 * of torch.export; null where the model is neither: then it needs Triton's own PyTorch backend.
 * @throws StatusError where its file is missing.
 */
export async function torchModelFile(
  config: ModelConfig,
  directory: string,
  version: string,
): Promise<TorchModelFile | null> {
  const { name = '', backend, platform, runtime = '', default_model_filename = '' } = config;
  if (backend !== 'pytorch' || runtime !== '') return null;
  const isExported = platform === 'torch_aoti';
  const path = join(directory, version, default_model_filename || (isExported ? 'model.pt2' : 'model.pt'));
  const file = await open(path).catch(() => {
    throw new StatusError('unavailable', `unable to find '${path}' for model instance '${name}'`);
  });
  try {
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(ARCHIVE_START.length),
      position: 0,
    });
    if (buffer.toString('latin1', 0, bytesRead) !== ARCHIVE_START) return null;
  } finally {
    await file.close();
  }
  if (!isExported) return { path, format: 'torchscript' };
  return (await holdsProgram(path)) ? { path, format: 'torch-export' } : null;
}

function inputOf({ name = '', data_type, dims = [], reshape }: ModelInput, isBatched: boolean): ConfigTensor {
  const dtype = dtypeOfDatatype(datatypeOf(data_type ?? '') ?? 'BYTES');
  if (dtype === undefined)
    throw new StatusError(
      'unsupported',
      `input '${name}' is ${data_type ?? 'of no data type'}, which no translated PyTorch model takes`,
    );
  const own = reshape?.shape ?? dims;
  return { name, dtype, dims: isBatched ? [-1, ...own] : own };
}

/** What a PyTorch model is translated for: the inputs and outputs of its config. @throws StatusError for a data type of no tensor. */
export function translationRequest(
  config: ModelConfig,
  format: TranslationRequest['format'],
): TranslationRequest {
  const isBatched = (config.max_batch_size ?? 0) > 0;
  return {
    modelName: config.name ?? '',
    format,
    isBatched,
    inputs: (config.input ?? []).map((input) => inputOf(input, isBatched)),
    outputNames: (config.output ?? []).map(({ name = '' }) => name),
  };
}
