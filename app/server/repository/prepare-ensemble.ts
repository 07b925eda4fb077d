import { checkDecoupledFlow } from '../../core/model-config/check-decoupled-flow.ts';
import { loadedConfig } from '../../core/model-config/complete-config.ts';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import { composingModels } from '../../core/repository/ensemble-graph.ts';
import type { PreparedModel } from './prepare-model.ts';
import { readLabels, type OutputLabels } from './read-labels.ts';

/** Everything that is needed to start one version of an ensemble: there is no model file. */
export interface PreparedEnsemble {
  readonly config: ModelConfig;
  readonly labels: OutputLabels;
}

/**
 * Completes the config of an ensemble. @param configOf the effective config of a model that is ready. @throws StatusError with the reason for which it is UNAVAILABLE.
 */
export async function prepareEnsemble(
  { polled, files }: PreparedModel,
  configOf: (model: string) => ModelConfig,
): Promise<PreparedEnsemble> {
  const models = new Map(composingModels(polled).map((name) => [name, configOf(name)]));
  const { isDecoupled: decoupled } = checkDecoupledFlow(polled, models);
  const loaded = loadedConfig({ polled, signature: null, gpuCount: 0, autoComplete: true });
  const config = { ...loaded.config, model_transaction_policy: { decoupled } };
  return { config, labels: await readLabels(files.directory, config) };
}
