import { StatusError } from '../status.ts';
import type { ModelConfig } from './model-config.ts';

/**
 * Refuses with the PyTorch backend's texts a config that this backend cannot use whatever the model holds: inputs and
 * outputs have to be written, strings have one dimension, sequence inputs are named `<name>__<index>`.
 */
export function checkPytorchConfig(config: ModelConfig): void {
  if (config.runtime === 'model.py') return;
  checkSequenceNames(config);
  for (const direction of ['input', 'output'] as const) {
    const ios = config[direction] ?? [];
    if (ios.length === 0) {
      fail(`model configuration must contain at least one ${direction}, none were specified.`);
    }
    const batchRank = (config.max_batch_size ?? 0) > 0 ? 1 : 0;
    for (const { name = '', data_type, dims = [] } of ios) {
      if (data_type === 'TYPE_STRING' && dims.length + batchRank > 1) {
        fail(
          `Triton only supports 1 dimensional List of String as ${direction} for '${name}' for model '${config.name ?? ''}'`,
        );
      }
    }
  }
}

function checkSequenceNames(config: ModelConfig): void {
  const controls = config.sequence_batching?.control_input?.map(({ name = '' }) => name) ?? [];
  const states = config.sequence_batching?.state?.map(({ input_name = '' }) => input_name) ?? [];
  for (const name of [...controls, ...states]) {
    if (!/__\d+$/.test(name)) fail(`input '${name}' does not follow <name>__<index> naming convention.`);
  }
}

function fail(message: string): never {
  throw new StatusError('internal', message);
}
