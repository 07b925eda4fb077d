import { datatypeOf } from '../datatypes.ts';
import { StatusError } from '../status.ts';
import type { ModelConfig, ModelInput, ModelOutput } from './model-config.ts';
import type { ModelSignature, SignatureTensor } from './onnx-signature.ts';
import type { SequenceControl } from './validate-sequence.ts';
import { booleanControl, checkInitialStates, correlationControl } from './validate-sequence.ts';

/** ONNX Runtime's names of element types, where they differ from the wire datatype. */
const ONNX_NAMES: Readonly<Record<string, string>> = {
  TYPE_FP16: 'FLOAT16',
  TYPE_FP32: 'FLOAT',
  TYPE_FP64: 'DOUBLE',
  TYPE_BF16: 'BFLOAT16',
};

/**
 * Refuses with the ONNX Runtime backend's texts a model whose inputs and outputs do not fit its effective config.
 * Throws StatusError; returns when the model can be served with this config.
 */
export function checkOnnxModelAgainstConfig(config: ModelConfig, signature: ModelSignature): void {
  const controls = checkSequenceControls(config, signature);
  refuseNonTensors(signature);
  checkInputs(config, signature, controls);
  checkOutputs(config, signature);
  checkInitialStates(config);
}

/** Refuses an input or output that is no tensor: a sequence, a map, an optional. */
export function refuseNonTensors(signature: ModelSignature): void {
  for (const { name, onnxTypeName } of [...signature.inputs, ...signature.outputs]) {
    if (!onnxTypeName?.startsWith('ONNX_TYPE_')) continue;
    throw new StatusError(
      'unsupported',
      `Unsupported ONNX Type '${onnxTypeName}' for I/O '${name}', expected 'ONNX_TYPE_TENSOR'.`,
    );
  }
}

function checkInputs(config: ModelConfig, signature: ModelSignature, controlCount: number): void {
  const name = config.name ?? '';
  const inputs = config.input ?? [];
  const expected =
    inputs.filter(({ optional }) => !optional).length +
    (config.batch_input?.length ?? 0) +
    controlCount +
    (config.sequence_batching?.state?.length ?? 0);
  const provided = signature.inputs.filter(({ optional }) => !optional).length;
  if (provided !== expected) {
    fail(
      `unable to load model '${name}', configuration expects ${String(expected)} inputs, model provides ${String(provided)}`,
    );
  }
  for (const io of inputs) checkInput(config, io, signature);
}

function checkInput(config: ModelConfig, io: ModelInput, signature: ModelSignature): void {
  const place = `unable to load model '${config.name ?? ''}'`;
  if (io.optional && (config.max_batch_size ?? 0) !== 0) {
    fail(`${place}, optional input '${io.name ?? ''}' is not supported for models that support batching`);
  }
  const tensor = findTensor(io, signature.inputs, 'input');
  checkDataType(config, io, tensor, 'input');
  if (!io.allow_ragged_batch) return checkDims(config, io, tensor, false);
  const expectation = `${place}, configuration expects model provides input with shape [-1] `;
  if (io.optional) {
    fail(`${expectation}for ragged input '${io.name ?? ''}', which is not supported for optional input`);
  }
  const shape = tensor.shape ?? [];
  if (shape.length !== 1 || shape[0] !== -1) {
    fail(`${expectation} for ragged input '${io.name ?? ''}', model provides ${shapeText(shape)}`);
  }
}

function checkOutputs(config: ModelConfig, signature: ModelSignature): void {
  const scattered = new Set(config.batch_output?.flatMap(({ target_name }) => target_name ?? []));
  for (const io of config.output ?? []) {
    const tensor = findTensor(io, signature.outputs, 'output');
    checkDataType(config, io, tensor, 'output');
    if (!scattered.has(io.name ?? '')) checkDims(config, io, tensor, true);
  }
}

function findTensor(
  io: ModelInput | ModelOutput,
  tensors: readonly SignatureTensor[],
  direction: 'input' | 'output',
): SignatureTensor {
  const tensor = tensors.find(({ name }) => name === io.name);
  if (tensor) return tensor;
  const allowed = tensors
    .map(({ name }) => name)
    .sort()
    .join(', ');
  return fail(`unexpected inference ${direction} '${io.name ?? ''}', allowed ${direction}s are: ${allowed}`);
}

function checkDataType(
  config: ModelConfig,
  io: ModelInput | ModelOutput,
  tensor: SignatureTensor,
  direction: 'input' | 'output',
): void {
  if (io.data_type === tensor.dataType) return;
  const provided = tensor.dataType === null ? '<invalid>' : (datatypeOf(tensor.dataType) ?? '');
  fail(
    `unable to load model '${config.name ?? ''}', configuration expects datatype ${io.data_type ?? 'TYPE_INVALID'} for ${direction} '${io.name ?? ''}', model provides TYPE_${provided}`,
  );
}

/** A dimension that varies in the model takes any size of an input; outputs have to be the same. */
function checkDims(
  config: ModelConfig,
  io: ModelInput | ModelOutput,
  tensor: SignatureTensor,
  isExact: boolean,
): void {
  const name = config.name ?? '';
  const dims = io.reshape ? (io.reshape.shape ?? []) : (io.dims ?? []);
  const shape = tensor.shape ?? [];
  if (shape.length === 0) return checkScalar(name, io, dims);
  const place = `model '${name}', tensor '${io.name ?? ''}': `;
  const hasBatch = (config.max_batch_size ?? 0) > 0;
  if (hasBatch && shape[0] !== -1) {
    fail(
      `${place}for the model to support batching the shape should have at least 1 dimension and the first dimension must be -1; but shape expected by the model is ${shapeText(shape)}`,
    );
  }
  const full = hasBatch ? [-1, ...dims] : dims;
  const fits = (dim: number, index: number): boolean => dim === full[index] || (!isExact && dim === -1);
  if (shape.length === full.length && shape.every(fits)) return;
  const specified = hasBatch
    ? `(an initial batch dimension because max_batch_size > 0 followed by the explicit tensor shape, making complete shape ${shapeText(full)})`
    : `(shape ${shapeText(full)})`;
  fail(
    `${place}the model expects ${String(shape.length)} dimensions (shape ${shapeText(shape)}) but the model configuration specifies ${String(full.length)} dimensions ${specified}`,
  );
}

function checkScalar(modelName: string, io: ModelInput | ModelOutput, dims: readonly number[]): void {
  if (dims.every((dim) => dim === 1)) return;
  fail(
    `unable to load model '${modelName}', scalar tensor '${io.name ?? ''}', should only provide 1 in the model configuration when the model doesn't support batching. Model configuration provided: ${shapeText(dims)}.`,
  );
}

/** How many inputs of the model the sequence controls take. */
function checkSequenceControls(config: ModelConfig, signature: ModelSignature): number {
  const batching = config.sequence_batching;
  if (!batching) return 0;
  const name = config.name ?? '';
  const controls = [
    booleanControl(batching, name, 'CONTROL_SEQUENCE_START'),
    booleanControl(batching, name, 'CONTROL_SEQUENCE_END'),
    booleanControl(batching, name, 'CONTROL_SEQUENCE_READY'),
    correlationControl(batching, name),
  ].filter((control) => control !== null);
  for (const control of controls) checkControl(config, control, signature);
  return controls.length;
}

function checkControl(config: ModelConfig, control: SequenceControl, signature: ModelSignature): void {
  const tensor = signature.inputs.find(({ name }) => name === control.name);
  if (!tensor) {
    throw new StatusError(
      'internal',
      `configuration specified sequence control '${control.name}', but model does not provide that input`,
    );
  }
  const place = `unable to load model '${config.name ?? ''}', sequence control '${control.name}'`;
  const dims = (tensor.shape ?? []).slice((config.max_batch_size ?? 0) > 0 ? 1 : 0);
  if (dims.length !== 1 || dims[0] !== 1) {
    fail(`${place} in model has dims ${shapeText(dims)} but dims [1] is expected`);
  }
  if (tensor.dataType !== control.dataType) {
    fail(
      `${place}, the model expects data-type ${onnxName(tensor)} but the model configuration specifies data-type ${control.dataType}`,
    );
  }
}

function onnxName({ dataType, onnxTypeName }: SignatureTensor): string {
  if (dataType === null) return onnxTypeName ?? 'UNDEFINED';
  return Object.hasOwn(ONNX_NAMES, dataType) ? (ONNX_NAMES[dataType] ?? '') : dataType.slice('TYPE_'.length);
}

/** Parameters that the backend reads as whole numbers. */
const INTEGER_PARAMETERS = ['execution_mode', 'intra_op_thread_count', 'inter_op_thread_count'] as const;
const BOOLEAN_PARAMETERS = [
  'enable_mem_arena',
  'enable_mem_pattern',
  'share_session_between_instances',
] as const;
const BOOLEAN_WORDS = new Set(['true', 'false', 'on', 'off', '1', '0']);

/** Refuses with the backend's texts what it cannot use of `parameters` and of the CPU's execution accelerators. */
export function checkOnnxSessionOptions(config: ModelConfig): void {
  const parameter = (key: string): string | undefined => {
    const value = Object.hasOwn(config.parameters ?? {}, key) ? config.parameters?.[key] : undefined;
    return value && (value.string_value ?? '');
  };
  for (const key of INTEGER_PARAMETERS) {
    const value = parameter(key);
    if (value !== undefined && !/^\s*[-+]?\d/.test(value)) {
      fail(`failed to convert '${value}' to integral number`);
    }
    const number = Number.parseInt(value ?? '0', 10);
    if (key === 'execution_mode' && number !== 0 && number !== 1) {
      fail(
        `Invalid configuration value provided. Expected values for  execution_mode are 0 or 1 but got ${String(number)} .`,
      );
    }
  }
  for (const key of BOOLEAN_PARAMETERS) {
    const value = parameter(key);
    if (value !== undefined && !BOOLEAN_WORDS.has(value.toLowerCase())) {
      fail(`failed to convert '${value}' to boolean`);
    }
  }
  const accelerators = config.optimization?.execution_accelerators?.cpu_execution_accelerator ?? [];
  const unknown = accelerators.find(({ name }) => name !== 'openvino');
  if (unknown) fail(`unknown Execution Accelerator '${unknown.name ?? ''}' is requested`);
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(',')}]`;
}

function fail(message: string): never {
  throw new StatusError('invalid-argument', message);
}
