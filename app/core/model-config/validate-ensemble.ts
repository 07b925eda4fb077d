import { StatusError } from '../status.ts';
import type { ModelConfig, ModelEnsembling } from './model-config.ts';

interface EnsembleTensor {
  readonly name: string;
  isOutput: boolean;
  isReady: boolean;
  readonly sources: EnsembleTensor[];
  readonly targets: EnsembleTensor[];
}

/**
 * Refuses with Triton's text an ensemble whose steps or data flow are wrong as far as its own config tells. Whether the
 * composing models exist and fit is for the repository to say.
 */
export function validateEnsemble(config: ModelConfig, ensemble: ModelEnsembling): void {
  const name = config.name ?? '';
  if (config.platform !== 'ensemble') {
    fail(`ensemble scheduling cannot be set for model '${name}' whose platform is not ensemble`);
  }
  if (config.instance_group?.length) {
    fail(`instance group should not be specified for ensemble '${name}'`);
  }
  if (config.optimization) fail(`optimization should not be specified for ensemble '${name}'`);
  if (config.model_warmup?.length) fail(`model_warmup can not be specified for ensemble '${name}'`);
  if (!ensemble.step?.length) fail(`must specify 'step' for ensemble '${name}'`);

  const tensors = buildGraph(ensemble, name);
  markReady(config, tensors, name);
  const outputs = checkOutputs(config, tensors, name);
  // Triton walks a hash table here, which gives the tensor met last first.
  for (const tensor of [...tensors.values()].toReversed()) {
    if (outputs.has(tensor.name)) continue;
    if (!tensor.isReady || tensor.targets.length === 0) {
      fail(`ensemble tensor '${tensor.name}' is unused in ensemble '${name}'`);
    }
  }
}

function buildGraph(ensemble: ModelEnsembling, name: string): Map<string, EnsembleTensor> {
  const tensors = new Map<string, EnsembleTensor>();
  const tensorOf = (tensorName: string): EnsembleTensor => {
    const known = tensors.get(tensorName);
    if (known) return known;
    const tensor = { name: tensorName, isOutput: false, isReady: false, sources: [], targets: [] };
    tensors.set(tensorName, tensor);
    return tensor;
  };
  for (const [index, step] of (ensemble.step ?? []).entries()) {
    const place = `in step ${String(index)} of ensemble '${name}'`;
    if (!step.model_name) fail(`must specify 'model_name' ${place}`);
    if (Object.keys(step.input_map ?? {}).length === 0) fail(`must specify 'input_map' ${place}`);
    if (Object.keys(step.output_map ?? {}).length === 0) fail(`must specify 'output_map' ${place}`);
    const written = Object.values(step.output_map ?? {}).map((tensorName) => {
      const tensor = tensorOf(tensorName);
      if (tensor.isOutput) {
        fail(
          `ensemble tensor '${tensorName}' can appear in an output map only once for ensemble '${name}' step ${String(index)}`,
        );
      }
      tensor.isOutput = true;
      return tensor;
    });
    for (const tensorName of Object.values(step.input_map ?? {})) {
      const source = tensorOf(tensorName);
      for (const target of written) {
        target.sources.push(source);
        source.targets.push(target);
      }
    }
  }
  return tensors;
}

function markReady(config: ModelConfig, tensors: ReadonlyMap<string, EnsembleTensor>, name: string): void {
  const queue = (config.input ?? []).map((input) => {
    const tensor = tensors.get(input.name ?? '');
    if (!tensor) fail(`ensemble input '${input.name ?? ''}' for ensemble ${name}' is not used`);
    tensor.isReady = true;
    return tensor;
  });
  for (const ready of queue) {
    for (const target of ready.targets) {
      if (target.isReady || !target.sources.every((source) => source.isReady)) continue;
      target.isReady = true;
      queue.push(target);
    }
  }
}

function checkOutputs(
  config: ModelConfig,
  tensors: ReadonlyMap<string, EnsembleTensor>,
  name: string,
): ReadonlySet<string> {
  const outputs = new Set<string>();
  for (const output of config.output ?? []) {
    const tensor = tensors.get(output.name ?? '');
    if (!tensor) fail(`ensemble output '${output.name ?? ''}' for ensemble ${name}' is not used`);
    if (!tensor.isReady) {
      const source = unreadySource(tensor);
      const because =
        source === tensor
          ? ''
          : `: at least one of its depending tensors, '${source.name}', is not connected`;
      fail(`output '${tensor.name}' for ensemble '${name}' is not written${because}`);
    }
    outputs.add(tensor.name);
  }
  return outputs;
}

/** The tensor from which an unready one waits in vain, followed as Triton does: the first unready source each time. */
function unreadySource(tensor: EnsembleTensor): EnsembleTensor {
  const seen = new Set<EnsembleTensor>();
  let last = tensor;
  for (;;) {
    const next = last.sources.find((source) => !source.isReady && !seen.has(source));
    if (!next) return last;
    seen.add(next);
    last = next;
  }
}

function fail(message: string): never {
  throw new StatusError('invalid-argument', message);
}
