import type { ServerOptions } from '../command-line.ts';
import { StatusError } from '../../core/status.ts';
import { directoryOfModel } from './model-directories.ts';
import { writeOverrideFiles, type OverrideDirectory } from './override-files.ts';
import { prepareModel, type PreparedModel } from './prepare-model.ts';

/** What a load request may carry besides the name. */
export interface LoadParameters {
  /** The `config` parameter: a whole config as JSON. */
  readonly config: string | null;
  /** The `file:…` parameters, by their full key. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** A load request that carries only a name. */
export const NO_LOAD_PARAMETERS: LoadParameters = { config: null, files: new Map() };

/** A model as it was found, and the directory of ours that the load request filled, if it did. */
export interface PolledModel {
  readonly model: PreparedModel;
  readonly override: OverrideDirectory | null;
}

async function directoryOf(
  name: string,
  parameters: LoadParameters,
  repositories: readonly string[],
): Promise<{ path: string; override: OverrideDirectory | null }> {
  if (parameters.files.size > 0) {
    if (parameters.config === null) {
      throw new StatusError(
        'invalid-argument',
        "Load parameter 'config' must be specified for model file override",
      );
    }
    const override = await writeOverrideFiles(parameters.files);
    return { path: override.directory, override };
  }
  return { path: await directoryOfModel(repositories, name), override: null };
}

/** Polls one model. @throws StatusError with Triton's reason; then no directory of ours is left. */
export async function pollModel(
  name: string,
  parameters: LoadParameters,
  options: ServerOptions,
): Promise<PolledModel> {
  const { path, override } = await directoryOf(name, parameters, options.modelRepositories);
  try {
    const model = await prepareModel(name, path, {
      autoComplete: options.autoCompleteConfig,
      configName: options.modelConfigName,
      configOverride: parameters.config,
      agentDirectory: options.agentDirectory,
    });
    return { model, override };
  } catch (cause) {
    await override?.remove();
    throw cause;
  }
}
