import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { SymbolicInt } from '../symbolic-int.ts';
import { float, int } from '../tensor-graph.ts';
import type { TorchDtype } from '../torch-dtypes.ts';
import { TorchTensor } from '../torch-tensor.ts';
import { TorchPoison, TorchTuple } from '../torch-values.ts';
import { binary } from './elementwise.ts';

const ONE = SymbolicInt.of(1);

/** A vector of one number repeated, for parameters that a module has not. */
function filled(call: OperatorCall, value: number, count: number, dtype: TorchDtype): string {
  return call.graph.constant(
    call.many(count, () => value),
    dtype,
    [count],
  );
}

function channelsOf(call: OperatorCall, input: TorchTensor): number {
  return call.known(input.dims[1] ?? ONE, 'the number of channels');
}

/** By the mean and variance of the batch itself, for modules that keep no statistics. */
function normalisedByBatch(call: OperatorCall, input: TorchTensor, eps: number): TorchTensor {
  const { graph } = call;
  const axes = graph.int64s(input.dims.flatMap((_, axis) => (axis === 1 ? [] : [axis])));
  const centred = graph.emit('Sub', [input, graph.emit('ReduceMean', [input, axes])]);
  const variance = graph.emit('ReduceMean', [graph.emit('Mul', [centred, centred]), axes]);
  const root = graph.emit('Sqrt', [graph.emit('Add', [variance, graph.scalar(eps, input.dtype)])]);
  return affine(call, graph.apply('Div', [centred, root], {}, input.dtype, input.dims));
}

function batchNorm(call: OperatorCall, input: TorchTensor, eps: number): TorchTensor {
  const optional = (name: string): TorchTensor | null =>
    call.takes(name) ? call.optionalTensor(name) : null;
  const [mean, variance] = [optional('running_mean'), optional('running_var')];
  if (mean === null || variance === null) return normalisedByBatch(call, input, eps);
  const count = channelsOf(call, input);
  const weight = call.optionalTensor('weight') ?? filled(call, 1, count, input.dtype);
  const bias = call.optionalTensor('bias') ?? filled(call, 0, count, input.dtype);
  const inputs = [input, weight, bias, mean, variance];
  return call.graph.apply('BatchNormalization', inputs, { epsilon: float(eps) }, input.dtype, input.dims);
}

const batchNormalization: OperatorBody = (call) => {
  const keepsStatistics = call.takes('running_mean') && call.has('running_mean');
  if (keepsStatistics && call.takes('training') && call.bool('training'))
    throw call.refuse(
      'the model was saved in training mode, so it would normalise by each batch; call model.eval() first',
    );
  return batchNorm(call, call.tensor('input'), call.float('eps'));
};

const unusedStatistics = (): TorchPoison =>
  new TorchPoison('statistics of a normalisation are not translated');

const withStatistics =
  (body: OperatorBody): OperatorBody =>
  (call) =>
    new TorchTuple([body(call), unusedStatistics(), unusedStatistics()]);

const layerNorm: OperatorBody = (call) => {
  const input = call.tensor('input');
  const shape = call.ints('normalized_shape');
  const sizes = shape.map((size) => call.known(size, 'normalized_shape'));
  const weight =
    call.optionalTensor('weight') ??
    call.graph.constant(
      call.many(
        sizes.reduce((a, b) => a * b, 1),
        () => 1,
      ),
      input.dtype,
      sizes,
    );
  const attributes = { axis: int(-shape.length), epsilon: float(call.float('eps')) };
  return call.graph.apply(
    'LayerNormalization',
    [input, weight, call.optionalTensor('bias')],
    attributes,
    input.dtype,
    input.dims,
  );
};

/** A parameter of [channels] as [channels, 1, 1]: it goes with dim 1. */
function perChannel(call: OperatorCall, parameter: TorchTensor, rank: number): TorchTensor {
  const axes = Array.from({ length: rank - 2 }, (_, index) => index + 1);
  if (axes.length === 0) return parameter;
  const name = call.graph.emit('Unsqueeze', [parameter, call.graph.int64s(axes)]);
  return call.graph.tensor(name, parameter.dtype, [...parameter.dims, ...axes.map(() => ONE)]);
}

function affine(call: OperatorCall, tensor: TorchTensor): TorchTensor {
  let result = tensor;
  const [weight, bias] = [call.optionalTensor('weight'), call.optionalTensor('bias')];
  if (weight !== null)
    result = binary(call, 'Mul', result, perChannel(call, weight, result.rank), result.dtype);
  if (bias !== null) result = binary(call, 'Add', result, perChannel(call, bias, result.rank), result.dtype);
  return result;
}

/** Every group of channels as one channel of an instance normalisation. */
function groupNorm(call: OperatorCall, input: TorchTensor, groups: number): TorchTensor {
  const { graph } = call;
  const grouped = graph.emit('Reshape', [input, graph.int64s([0, groups, -1])]);
  const inputs = [grouped, filled(call, 1, groups, input.dtype), filled(call, 0, groups, input.dtype)];
  const normal = graph.emit('InstanceNormalization', inputs, { epsilon: float(call.float('eps')) });
  const shaped = graph.emit('Reshape', [normal, graph.shape(input.dims)]);
  return affine(call, graph.tensor(shaped, input.dtype, input.dims));
}

const instanceNorm: OperatorBody = (call) => {
  const input = call.tensor('input');
  if (!call.bool('use_input_stats')) return batchNorm(call, input, call.float('eps'));
  const count = channelsOf(call, input);
  const weight = call.optionalTensor('weight') ?? filled(call, 1, count, input.dtype);
  const bias = call.optionalTensor('bias') ?? filled(call, 0, count, input.dtype);
  const attributes = { epsilon: float(call.float('eps')) };
  return call.graph.apply(
    'InstanceNormalization',
    [input, weight, bias],
    attributes,
    input.dtype,
    input.dims,
  );
};

/** `x / √(mean(x²) + eps)`; without eps, the smallest step of the dtype. */
const rmsNorm: OperatorBody = (call) => {
  const input = call.tensor('input');
  const { graph } = call;
  const axes = call.ints('normalized_shape').map((_, index) => -1 - index);
  const eps =
    call.optionalFloat('eps') ?? (input.dtype === 'float64' ? Number.EPSILON : 1.1920928955078125e-7);
  const squares = graph.emit('ReduceMean', [graph.emit('Mul', [input, input]), graph.int64s(axes)]);
  const root = graph.emit('Sqrt', [graph.emit('Add', [squares, graph.scalar(eps, input.dtype)])]);
  const normal = graph.apply('Div', [input, root], {}, input.dtype, input.dims);
  const weight = call.optionalTensor('weight');
  return weight === null ? normal : binary(call, 'Mul', normal, weight, input.dtype);
};

/** `g · v / ‖v‖`, the norm over all dims but one. */
const weightNorm: OperatorBody = (call) => {
  const [direction, size] = [call.tensor('v'), call.tensor('g')];
  const { graph } = call;
  const dim = call.staticInt('dim');
  const axes = direction.dims.map((_, index) => index).filter((index) => dim === -1 || index !== dim);
  const norm = graph.emit('ReduceL2', [direction, graph.int64s(axes)]);
  const unit = graph.tensor(graph.emit('Div', [direction, norm]), direction.dtype, direction.dims);
  return binary(call, 'Mul', unit, size, direction.dtype);
};

/** Normalisations. */
export const NORMALIZATION: OperatorTable = {
  batch_norm: batchNormalization,
  native_batch_norm: withStatistics(batchNormalization),
  _native_batch_norm_legit: withStatistics(batchNormalization),
  _native_batch_norm_legit_no_training: withStatistics(batchNormalization),
  cudnn_batch_norm: withStatistics(batchNormalization),
  layer_norm: layerNorm,
  native_layer_norm: withStatistics(layerNorm),
  group_norm: (call) => groupNorm(call, call.tensor('input'), call.staticInt('num_groups')),
  native_group_norm: (call) =>
    new TorchTuple([
      groupNorm(call, call.tensor('input'), call.staticInt('group')),
      unusedStatistics(),
      unusedStatistics(),
    ]),
  instance_norm: instanceNorm,
  rms_norm: rmsNorm,
  _weight_norm: weightNorm,
};
