import { loadedConfig } from '../../core/model-config/complete-config.ts';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import type { PreparedModel } from './prepare-model.ts';
import { readLabels, type OutputLabels } from './read-labels.ts';

/** Everything that is needed to start one version of an ensemble: there is no model file. */
export interface PreparedEnsemble {
  readonly config: ModelConfig;
  readonly labels: OutputLabels;
}

/** Completes the config of an ensemble. @throws StatusError with the reason for which it is UNAVAILABLE. */
export async function prepareEnsemble({ polled, files }: PreparedModel): Promise<PreparedEnsemble> {
  const { config } = loadedConfig({ polled, signature: null, gpuCount: 0, autoComplete: true });
  return { config, labels: await readLabels(files.directory, config) };
}
