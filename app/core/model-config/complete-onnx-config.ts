import { StatusError } from '../status.ts';
import type { ModelConfig, ModelInput } from './model-config.ts';
import type { ModelSignature, SignatureTensor } from './onnx-signature.ts';
import { refuseNonTensors } from './check-onnx-model.ts';
import { inUnorderedMapOrder } from '../unordered-map-order.ts';

/** The batch size that Triton gives a model that supports batches and whose config asks for none. */
export const AUTOFILLED_MAX_BATCH_SIZE = 4;

/** Whether every input and output has a first dimension that varies, so that Triton takes it for the batch. */
export function canBatch(signature: ModelSignature): boolean {
  return [...requiredInputs(signature), ...signature.outputs].every(({ shape }) => shape?.[0] === -1);
}

/** The inputs that a request must bring. */
function requiredInputs(signature: ModelSignature): readonly SignatureTensor[] {
  return signature.inputs.filter(({ optional }) => !optional);
}

/** The backend walks the maps in which it keeps inputs and outputs. */
function inMapOrder(signature: ModelSignature): ModelSignature {
  return {
    ...signature,
    inputs: inUnorderedMapOrder(signature.inputs),
    outputs: inUnorderedMapOrder(signature.outputs),
  };
}

/**
 * ONNX Runtime backend's auto-complete: inputs, outputs, `max_batch_size` and `dynamic_batching`, where inputs or outputs
 * are missing. Throws StatusError with the backend's text; adds the lines that it logs to `warnings`.
 */
export function completeOnnxConfig(
  config: ModelConfig,
  signature: ModelSignature,
  warnings: string[],
  defaultMaxBatchSize = AUTOFILLED_MAX_BATCH_SIZE,
): ModelConfig {
  const inputCount = (config.input?.length ?? 0) + (config.batch_input?.length ?? 0);
  const outputCount = config.output?.length ?? 0;
  if (inputCount > 0 && outputCount > 0) return config;
  refuseNonTensors(signature);
  const batched = completeMaxBatchSize(config, signature, warnings, Math.max(defaultMaxBatchSize, 0));
  const hasBatch = (batched.max_batch_size ?? 0) > 0;
  const complete = (tensor: SignatureTensor): ModelInput => completedIo(tensor, hasBatch);
  return {
    ...batched,
    ...(inputCount === 0 && { input: requiredInputs(inMapOrder(signature)).map(complete) }),
    ...(outputCount === 0 && { output: inMapOrder(signature).outputs.map(complete) }),
  };
}

function completeMaxBatchSize(
  config: ModelConfig,
  signature: ModelSignature,
  warnings: string[],
  defaultMaxBatchSize: number,
): ModelConfig {
  const name = config.name ?? '';
  let size = config.max_batch_size ?? 0;
  if (!canBatch(signature)) {
    if (size === 0) return config;
    throw new StatusError(
      'invalid-argument',
      `autofill failed for model '${name}': model does not support batching while non-zero max_batch_size is specified`,
    );
  }
  if (size === 0) {
    size = defaultMaxBatchSize;
    warnings.push(
      `autofilled max_batch_size to ${String(size)} for model '${name}' since batching is supporrted but no max_batch_size is specified in model configuration. Must specify max_batch_size to utilize autofill with a larger max batch size`,
    );
  }
  const hasScheduler = config.dynamic_batching ?? config.sequence_batching ?? config.ensemble_scheduling;
  return {
    ...config,
    max_batch_size: size,
    ...(size > 1 && !hasScheduler && { dynamic_batching: {} }),
  };
}

/** An input or output as the backend writes it: a tensor without dims of its own has dims [1] and an empty reshape. */
export function completedIo(
  tensor: SignatureTensor,
  hasBatch: boolean,
): ModelInput & { dims: readonly number[] } {
  const shape = tensor.shape ?? [];
  const dims = hasBatch ? shape.slice(1) : shape;
  const data_type = tensor.dataType ?? 'TYPE_INVALID';
  if (dims.length > 0) return { name: tensor.name, data_type, dims };
  return { name: tensor.name, data_type, dims: [1], ...(hasBatch && { reshape: { shape: [] } }) };
}
