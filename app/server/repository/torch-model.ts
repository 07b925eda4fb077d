import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { datatypeOf } from '../../core/datatypes.ts';
import { dtypeOfDatatype } from '../../core/formats/torch/torch-dtypes.ts';
import type { ConfigTensor } from '../../core/formats/torchscript/translate-for-config.ts';
import type { ModelConfig, ModelInput } from '../../core/model-config/model-config.ts';
import { StatusError } from '../../core/status.ts';
import type { TranslationRequest } from '../engine/torch-translation.ts';

/** How a zip archive begins, and so everything that `torch.jit.save` writes since 1.4. */
const ARCHIVE_START = 'PK\u0003\u0004';

/**
 * The TorchScript archive of a version, which runs here by translation; null where the model is none: then it needs
 * Triton's own PyTorch backend. @throws StatusError where its file is missing.
 */
export async function torchScriptPath(
  config: ModelConfig,
  directory: string,
  version: string,
): Promise<string | null> {
  const { name = '', backend, platform, runtime = '', default_model_filename = '' } = config;
  if (backend !== 'pytorch' || platform === 'torch_aoti' || runtime !== '') return null;
  const path = join(directory, version, default_model_filename || 'model.pt');
  const file = await open(path).catch(() => {
    throw new StatusError('unavailable', `unable to find '${path}' for model instance '${name}'`);
  });
  try {
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(ARCHIVE_START.length),
      position: 0,
    });
    return buffer.toString('latin1', 0, bytesRead) === ARCHIVE_START ? path : null;
  } finally {
    await file.close();
  }
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
export function translationRequest(config: ModelConfig): TranslationRequest {
  const isBatched = (config.max_batch_size ?? 0) > 0;
  return {
    modelName: config.name ?? '',
    isBatched,
    inputs: (config.input ?? []).map((input) => inputOf(input, isBatched)),
    outputNames: (config.output ?? []).map(({ name = '' }) => name),
  };
}
