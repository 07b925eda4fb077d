import { StatusError } from '../status.ts';
import type { Message, ModelConfig } from './model-config.ts';

type Step = Message<'ModelEnsembling.Step'>;

/** What is known of an ensemble tensor, and from which model. */
interface TensorNode {
  readonly model: string;
  readonly dataType: string;
  readonly dims: readonly number[];
  /** With the batch dimension. */
  readonly fullDims: readonly number[];
}

/**
 * Refuses with Triton's text an ensemble that does not fit the models of its steps.
 * @param config the ensemble's effective config.
 * @param models effective configs of the models that the steps name; a step whose model is missing is passed over.
 */
export function checkEnsembleModels(config: ModelConfig, models: ReadonlyMap<string, ModelConfig>): void {
  const ensemble = config.name ?? '';
  const hasBatch = (config.max_batch_size ?? 0) > 0;
  const tensors = new Map<string, TensorNode>();
  for (const io of [...(config.input ?? []), ...(config.output ?? [])]) {
    const dims = io.reshape ? (io.reshape.shape ?? []) : (io.dims ?? []);
    const known = tensors.get(io.name ?? '');
    if (!known) tensors.set(io.name ?? '', nodeOf(ensemble, hasBatch, io.data_type, dims));
  }
  for (const step of config.ensemble_scheduling?.step ?? []) {
    const model = models.get(step.model_name ?? '');
    if (model) checkStep(config, step, model, tensors);
  }
}

function nodeOf(
  model: string,
  hasBatch: boolean,
  dataType: string | undefined,
  dims: readonly number[],
): TensorNode {
  return { model, dataType: dataType ?? 'TYPE_INVALID', dims, fullDims: hasBatch ? [-1, ...dims] : dims };
}

function checkStep(
  config: ModelConfig,
  step: Step,
  model: ModelConfig,
  tensors: Map<string, TensorNode>,
): void {
  const ensemble = config.name ?? '';
  const modelBatch = model.max_batch_size ?? 0;
  const ensembleBatch = config.max_batch_size ?? 0;
  if (modelBatch !== 0 && modelBatch < ensembleBatch) {
    fail(
      `ensemble ${ensemble} allows maximum batch size ${String(ensembleBatch)}, but it contains model ${step.model_name ?? ''} which only allows maximum batch size to be ${String(modelBatch)}`,
    );
  }
  checkInputMap(ensemble, step, model, tensors);
  checkOutputMap(ensemble, step, model, tensors);
}

function checkInputMap(
  ensemble: string,
  step: Step,
  model: ModelConfig,
  tensors: Map<string, TensorNode>,
): void {
  const place = `in ensemble ${ensemble}, `;
  const name = step.model_name ?? '';
  const inputs = model.input ?? [];
  const map = step.input_map ?? {};
  for (const [input, tensor] of Object.entries(map)) {
    if (inputs.some((each) => each.name === input)) continue;
    fail(`${place}ensemble tensor ${tensor} is mapping to non-existing input ${input} in model ${name}`);
  }
  for (const input of inputs) {
    const tensor = Object.hasOwn(map, input.name ?? '') ? map[input.name ?? ''] : undefined;
    if (tensor !== undefined) {
      const node = nodeOf(name, (model.max_batch_size ?? 0) > 0, input.data_type, input.dims ?? []);
      addTensor(ensemble, tensor, node, tensors);
    } else if (!input.optional) {
      fail(`${place}input ${input.name ?? ''} in model ${name} is not mapped to any ensemble tensors`);
    }
  }
}

function checkOutputMap(
  ensemble: string,
  step: Step,
  model: ModelConfig,
  tensors: Map<string, TensorNode>,
): void {
  const name = step.model_name ?? '';
  const entries = Object.entries(step.output_map ?? {});
  const found = entries.map(([output, tensor]) => {
    const io = (model.output ?? []).find((each) => each.name === output);
    if (io) return { io, tensor };
    return fail(
      `in ensemble ${ensemble}, ensemble tensor ${tensor} is mapped from non-existing output ${output} in model ${name}`,
    );
  });
  for (const { io, tensor } of found) {
    const node = nodeOf(name, (model.max_batch_size ?? 0) > 0, io.data_type, io.dims ?? []);
    addTensor(ensemble, tensor, node, tensors);
  }
}

/** The first model to name a tensor says what it is; the others have to agree. */
function addTensor(
  ensemble: string,
  tensor: string,
  node: TensorNode,
  tensors: Map<string, TensorNode>,
): void {
  const known = tensors.get(tensor);
  if (!known) {
    tensors.set(tensor, node);
    return;
  }
  const place = `in ensemble ${ensemble}, ensemble tensor ${tensor}: `;
  if (known.dataType !== node.dataType) {
    fail(
      `${place}inconsistent data type: ${known.dataType} is inferred from model ${known.model} while ${node.dataType} is inferred from model ${node.model}`,
    );
  }
  if (!areAlike(known.dims, node.dims) && !areAlike(known.fullDims, node.fullDims)) {
    fail(
      `${place}inconsistent shape: [${known.fullDims.join(',')}] is inferred from model ${known.model} while [${node.fullDims.join(',')}] is inferred from model ${node.model}`,
    );
  }
}

/** Whether two shapes can be the same, -1 standing for any size. */
function areAlike(left: readonly number[], right: readonly number[]): boolean {
  return (
    left.length === right.length &&
    left.every((dim, index) => dim === right[index] || dim === -1 || right[index] === -1)
  );
}

function fail(message: string): never {
  throw new StatusError('invalid-argument', message);
}
