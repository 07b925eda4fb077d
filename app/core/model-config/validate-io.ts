import { StatusError } from '../status.ts';
import type { EnumValue, ModelConfig, ModelInput, ModelOutput } from './model-config.ts';

const TENSORRT_PLATFORM = 'tensorrt_plan';

/** Refuses with Triton's text (`ValidateModelIOConfig`): name, data type, dims and reshape of every input and output, ragged batch I/O. */
export function validateModelIo(config: ModelConfig): void {
  const failure =
    first(config.input, (io) => inputFailure(io, config)) ??
    first(config.output, (io) => outputFailure(io, config)) ??
    batchInputFailure(config) ??
    batchOutputFailure(config);
  if (failure !== null) throw new StatusError('invalid-argument', `${failure} for ${config.name ?? ''}`);
}

function first<Item>(
  items: readonly Item[] | undefined,
  check: (item: Item) => string | null,
): string | null {
  for (const item of items ?? []) {
    const failure = check(item);
    if (failure !== null) return failure;
  }
  return null;
}

function inputFailure(io: ModelInput, config: ModelConfig): string | null {
  const failure = shapeFailure(io, config.max_batch_size ?? 0, 'model input ');
  if (failure !== null) return failure;
  const isImage = io.format === 'FORMAT_NHWC' || io.format === 'FORMAT_NCHW';
  if (isImage && io.dims?.length !== 3) return 'model input NHWC/NCHW require 3 dims';
  return tensorRtOnlyFailure(io, config, 'input');
}

function outputFailure(io: ModelOutput, config: ModelConfig): string | null {
  return (
    shapeFailure(io, config.max_batch_size ?? 0, 'model output ') ?? tensorRtOnlyFailure(io, config, 'output')
  );
}

function tensorRtOnlyFailure(
  io: ModelInput | ModelOutput,
  config: ModelConfig,
  direction: 'input' | 'output',
): string | null {
  const isTensorRt = config.platform === TENSORRT_PLATFORM;
  if (!isTensorRt && io.is_shape_tensor) return 'shape tensors are only supported for TensorRT platform';
  if (!io.is_non_linear_format_io) return null;
  if (!isTensorRt) return 'Non-linear IO format is only supported for the TensorRT platform';
  return io.dims?.length === 3 ? null : `Non-linear IO format ${direction} requires 3 dims`;
}

function shapeFailure(io: ModelInput | ModelOutput, maxBatchSize: number, prefix: string): string | null {
  if (!io.name) return `${prefix}must specify 'name'`;
  const named = `${prefix}'${io.name}' `;
  const dims = io.dims ?? [];
  const reshape = io.reshape && (io.reshape.shape ?? []);
  if (!io.data_type || io.data_type === 'TYPE_INVALID') return `${named}must specify 'data_type'`;
  if (dims.length === 0) return `${named}must specify 'dims'`;
  if (reshape?.length === 0 && maxBatchSize === 0) {
    return `${named}cannot have empty reshape for non-batching model as scalar tensors are not supported`;
  }
  const rule = 'must be integer >= 1, or -1 to indicate a variable-size dimension';
  if (dims.some(isBadDim)) return `${named}dimension ${rule}`;
  if (!reshape) return null;
  if (reshape.some(isBadDim)) return `${named}reshape dimensions ${rule}`;
  return reshapeFailure(dims, reshape, named);
}

const isBadDim = (dim: number): boolean => dim < 1 && dim !== -1;

function reshapeFailure(dims: readonly number[], reshape: readonly number[], named: string): string | null {
  const dimsCount = elementCountOf(dims);
  const reshapeCount = elementCountOf(reshape);
  const differ = `${named}has different size for dims and reshape`;
  if (dimsCount !== reshapeCount && (reshapeCount !== 0 || dimsCount !== 1)) return differ;
  if (dimsCount !== -1) return null;
  const dimsRuns = fixedRuns(dims);
  const reshapeRuns = fixedRuns(reshape);
  if (dimsRuns.length !== reshapeRuns.length) {
    return `${named}has different number of variable-size dimensions for dims and reshape`;
  }
  return dimsRuns.every((run, index) => run === reshapeRuns[index]) ? null : differ;
}

/** Elements of a shape; -1 where one varies, 0 for no dims at all (Triton's `GetElementCount`). */
function elementCountOf(dims: readonly number[]): number {
  if (dims.includes(-1)) return -1;
  return dims.length === 0 ? 0 : dims.reduce((count, dim) => count * dim, 1);
}

/** Products of the fixed dims between those that vary. */
function fixedRuns(dims: readonly number[]): number[] {
  const runs = [1];
  for (const dim of dims) {
    if (dim === -1) runs.push(1);
    else runs.push((runs.pop() ?? 1) * dim);
  }
  return runs;
}

const DEFAULT_BATCH_INPUT: EnumValue<'BatchInput.Kind'> = 'BATCH_ELEMENT_COUNT';
const DEFAULT_BATCH_OUTPUT: EnumValue<'BatchOutput.Kind'> = 'BATCH_SCATTER_WITH_INPUT_SHAPE';

function batchInputFailure(config: ModelConfig): string | null {
  const inputs = new Set((config.input ?? []).map(({ name }) => name ?? ''));
  return first(config.batch_input, ({ kind = DEFAULT_BATCH_INPUT, data_type, source_input = [] }) => {
    if (source_input.length !== 1) {
      return `batch input kind '${kind}' expects 1 source input, got ${String(source_input.length)}`;
    }
    if (data_type !== 'TYPE_INT32' && data_type !== 'TYPE_FP32') {
      return 'batch input data type must be TYPE_INT32 or TYPE_FP32';
    }
    return unknownSource(source_input, inputs);
  });
}

function batchOutputFailure(config: ModelConfig): string | null {
  const inputs = new Set((config.input ?? []).map(({ name }) => name ?? ''));
  const outputs = new Set((config.output ?? []).map(({ name }) => name ?? ''));
  return first(
    config.batch_output,
    ({ kind = DEFAULT_BATCH_OUTPUT, source_input = [], target_name = [] }) => {
      if (source_input.length !== 1) {
        return `batch output kind '${kind}' expects 1 source input, got ${String(source_input.length)}`;
      }
      return unknownSource(source_input, inputs) ?? targetFailure(target_name, outputs);
    },
  );
}

function targetFailure(targets: readonly string[], outputs: ReadonlySet<string>): string | null {
  const seen = new Set<string>();
  return first(targets, (target) => {
    if (!outputs.has(target)) return `unknown target output name '${target}'`;
    if (seen.has(target)) return `target output name '${target}' can only be specified once`;
    seen.add(target);
    return null;
  });
}

function unknownSource(sources: readonly string[], inputs: ReadonlySet<string>): string | null {
  const unknown = sources.find((name) => !inputs.has(name));
  return unknown === undefined ? null : `unknown source input name '${unknown}'`;
}
