import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import { StatusError } from '../../core/status.ts';

/** Backends that are built in. */
const BACKENDS: ReadonlySet<string> = new Set(['onnxruntime', 'identity']);

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A library that the config names: ours is built in under its usual name, every other is Triton's to load. */
async function checkRuntime(
  config: ModelConfig,
  runtime: string,
  directories: readonly string[],
): Promise<void> {
  const { name = '', backend = '' } = config;
  for (const directory of directories) {
    if (!join(directory, runtime).startsWith(`${directory}/`)) {
      throw new StatusError(
        'invalid-argument',
        `backend library name '${runtime}' escapes backend directory '${directory}', for model '${name}', check model config runtime field`,
      );
    }
    if (await isThere(join(directory, runtime))) {
      throw new StatusError(
        'unsupported',
        `model '${name}' cannot be loaded: its own backend library '${runtime}' is not loaded by this server; use the Triton container for this model`,
      );
    }
  }
  if (runtime === `libtriton_${backend}.so` && BACKENDS.has(backend)) return;
  const searched = directories.map((directory) => `'${directory}' `).join('');
  throw new StatusError(
    'invalid-argument',
    `unable to find backend library '${runtime}' for model '${name}', searched: ${searched}`,
  );
}

/** Checks that there is a backend for a version. @throws StatusError in Triton's words. */
export async function checkBackend(
  config: ModelConfig,
  modelDirectory: string,
  version: string,
  backendDirectory: string,
): Promise<void> {
  const { backend = '', runtime = '' } = config;
  if (runtime !== '') {
    const ours = join(backendDirectory, backend);
    return checkRuntime(config, runtime, [join(modelDirectory, version), modelDirectory, ours]);
  }
  if (BACKENDS.has(backend)) return;
  throw new StatusError(
    'invalid-argument',
    `unable to find backend library for backend '${backend}', try specifying runtime on the model configuration.`,
  );
}

/** Custom operators: ONNX Runtime's JavaScript interface cannot load their libraries. @throws StatusError */
export async function refuseOperatorLibraries(config: ModelConfig): Promise<void> {
  for (const library of config.model_operations?.op_library_filename ?? []) {
    if (library.includes('/') && (await isThere(library))) {
      throw new StatusError(
        'unsupported',
        `model '${config.name ?? ''}' cannot be loaded: the library '${library}' of custom operators is not loaded by this server; use the Triton container for this model`,
      );
    }
    throw new StatusError(
      'internal',
      `onnx runtime error 1: Failed to load library ${library} with error: ${library}: cannot open shared object file: No such file or directory`,
    );
  }
}
