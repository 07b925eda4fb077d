import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { SymbolicInt } from '../symbolic-int.ts';
import { float, int, type NodeInput } from '../tensor-graph.ts';
import type { TorchDtype } from '../torch-dtypes.ts';
import { TorchTensor } from '../torch-tensor.ts';
import { binary, floatDtype } from './elementwise.ts';

/** The tensor that an activation works on, and a way to add nodes of its dtype and dims. */
function open(
  call: OperatorCall,
  name = 'self',
): {
  readonly self: TorchTensor;
  readonly number: (value: number) => string;
  readonly result: (operator: string, inputs: readonly NodeInput[]) => TorchTensor;
} {
  const self = call.tensor(name);
  return {
    self,
    number: (value) => call.graph.scalar(value, self.dtype),
    result: (operator, inputs) => call.graph.apply(operator, inputs, {}, self.dtype, self.dims),
  };
}

function attributed(
  operator: string,
  attributes: (call: OperatorCall) => Record<string, ReturnType<typeof float>>,
): OperatorBody {
  return (call) => {
    const self = call.tensor('self');
    return call.graph.apply(operator, [self], attributes(call), self.dtype, self.dims);
  };
}

function clip(call: OperatorCall, low: number, high: number): TorchTensor {
  const { self, number, result } = open(call);
  return result('Clip', [self, number(low), number(high)]);
}

/** `0.5 x (1 + erf(x / √2))`, or its approximation by tanh. */
const gelu: OperatorBody = (call) => {
  const { self, number, result } = open(call);
  const { graph } = call;
  if (call.takes('approximate') && call.text('approximate') === 'tanh') {
    const cube = graph.emit('Mul', [graph.emit('Mul', [self, self]), self]);
    const inner = graph.emit('Add', [self, graph.emit('Mul', [cube, number(0.044715)])]);
    const tanh = graph.emit('Tanh', [graph.emit('Mul', [inner, number(Math.sqrt(2 / Math.PI))])]);
    const half = graph.emit('Mul', [self, number(0.5)]);
    return result('Mul', [half, graph.emit('Add', [tanh, number(1)])]);
  }
  const erf = graph.emit('Erf', [graph.emit('Mul', [self, number(Math.SQRT1_2)])]);
  const half = graph.emit('Mul', [self, number(0.5)]);
  return result('Mul', [half, graph.emit('Add', [erf, number(1)])]);
};

const silu: OperatorBody = (call) => {
  const { self, result } = open(call);
  return result('Mul', [self, call.graph.emit('Sigmoid', [self])]);
};

function hardSigmoid(call: OperatorCall, self: TorchTensor): string {
  return call.graph.emit('HardSigmoid', [self], { alpha: float(1 / 6), beta: float(0.5) });
}

const softplus: OperatorBody = (call) => {
  const { self, number, result } = open(call);
  const { graph } = call;
  const [beta, threshold] = [call.float('beta'), call.float('threshold')];
  const scaled = graph.emit('Mul', [self, number(beta)]);
  const soft = graph.emit('Div', [graph.emit('Softplus', [scaled]), number(beta)]);
  return result('Where', [graph.emit('Greater', [scaled, number(threshold)]), self, soft]);
};

const mish: OperatorBody = (call) => {
  const { self, result } = open(call);
  return result('Mul', [self, call.graph.emit('Tanh', [call.graph.emit('Softplus', [self])])]);
};

const elu: OperatorBody = (call) => {
  const { self, number, result } = open(call);
  const { graph } = call;
  const [alpha, scale, inputScale] = [call.float('alpha'), call.float('scale'), call.float('input_scale')];
  if (scale === 1 && inputScale === 1)
    return graph.apply('Elu', [self], { alpha: float(alpha) }, self.dtype, self.dims);
  const grown = graph.emit('Sub', [
    graph.emit('Exp', [graph.emit('Mul', [self, number(inputScale)])]),
    number(1),
  ]);
  const below = graph.emit('Mul', [grown, number(alpha * scale)]);
  const above = graph.emit('Mul', [self, number(scale)]);
  return result('Where', [graph.emit('Greater', [self, number(0)]), above, below]);
};

/** One slope for all channels, or one a channel: the channels are dim 1. */
const prelu: OperatorBody = (call) => {
  const { self, result } = open(call);
  const weight = call.tensor('weight');
  const [count] = weight.dims;
  if (weight.rank === 0 || count?.constant === 1) return result('PRelu', [self, weight]);
  const axes = Array.from({ length: Math.max(0, self.rank - 2) }, (_, index) => index + 1);
  if (axes.length === 0) return result('PRelu', [self, weight]);
  return result('PRelu', [self, call.graph.emit('Unsqueeze', [weight, call.graph.int64s(axes)])]);
};

const glu: OperatorBody = (call) => {
  const { self } = open(call);
  const axis = call.axis('dim', self.rank);
  const dims = self.dims.map((dim, index) => (index === axis ? dim.floorDividedBy(SymbolicInt.of(2)) : dim));
  const half = call.known(dims[axis] ?? SymbolicInt.of(0), 'dim');
  const [left = '', right = ''] = call.graph.emitAll(
    'Split',
    [self, call.graph.int64s([half, half])],
    { axis: int(axis) },
    2,
  );
  return call.graph.apply('Mul', [left, call.graph.emit('Sigmoid', [right])], {}, self.dtype, dims);
};

const threshold: OperatorBody = (call) => {
  const { self, number, result } = open(call);
  const isAbove = call.graph.emit('Greater', [self, number(call.float('threshold'))]);
  return result('Where', [isAbove, self, number(call.float('value'))]);
};

const logSigmoid: OperatorBody = (call) => {
  const { self, result } = open(call);
  return result('Neg', [call.graph.emit('Softplus', [call.graph.emit('Neg', [self])])]);
};

function softmax(operator: 'Softmax' | 'LogSoftmax', sign: 1 | -1 = 1): OperatorBody {
  return (call) => {
    const given = call.tensor('self');
    const dtype: TorchDtype = (call.takes('dtype') ? call.dtype() : null) ?? floatDtype(given.dtype);
    const self = call.graph.cast(given, dtype);
    if (self.rank === 0) throw call.refuse('it works on a tensor without dims');
    const axis = call.axis('dim', self.rank);
    const input = sign === 1 ? self : call.graph.emit('Neg', [self]);
    return call.graph.apply(operator, [input], { axis: int(axis) }, dtype, self.dims);
  };
}

/** In evaluation dropout does nothing; in training its result is chance, which no server wants. */
const dropout: OperatorBody = (call) => {
  const self = call.tensor(call.takes('input') ? 'input' : 'self');
  const isTraining = call.takes('train') && call.has('train') && call.bool('train');
  if (isTraining && call.float('p') > 0)
    throw call.refuse(
      'the model was saved in training mode, so its answers would be random; call model.eval() first',
    );
  return self;
};

/** Activations and what belongs to them. */
export const ACTIVATIONS: OperatorTable = {
  relu: (call) => open(call).result('Relu', [call.tensor('self')]),
  relu6: (call) => clip(call, 0, 6),
  hardtanh: (call) => clip(call, call.float('min_val'), call.float('max_val')),
  leaky_relu: attributed('LeakyRelu', (call) => ({ alpha: float(call.float('negative_slope')) })),
  elu,
  selu: attributed('Selu', () => ({ alpha: float(1.6732632423543772), gamma: float(1.0507009873554805) })),
  celu: attributed('Celu', (call) => ({ alpha: float(call.float('alpha')) })),
  gelu,
  silu,
  mish,
  hardswish: (call) =>
    open(call).result('Mul', [call.tensor('self'), hardSigmoid(call, call.tensor('self'))]),
  hardsigmoid: (call) =>
    call.graph.tensor(
      hardSigmoid(call, call.tensor('self')),
      call.tensor('self').dtype,
      call.tensor('self').dims,
    ),
  softplus,
  softsign: attributed('Softsign', () => ({})),
  log_sigmoid: logSigmoid,
  threshold,
  prelu,
  _prelu_kernel: prelu,
  glu,
  softmax: softmax('Softmax'),
  _softmax: softmax('Softmax'),
  softmin: softmax('Softmax', -1),
  log_softmax: softmax('LogSoftmax'),
  _log_softmax: softmax('LogSoftmax'),
  dropout,
  feature_dropout: dropout,
  alpha_dropout: dropout,
  feature_alpha_dropout: dropout,
  hardshrink: (call) => {
    const { self, number, result } = open(call);
    const isFar = call.graph.emit('Greater', [call.graph.emit('Abs', [self]), number(call.float('lambd'))]);
    return result('Where', [isFar, self, number(0)]);
  },
  logit: (call) => {
    const { self, number } = open(call);
    const rest = call.graph.tensor(call.graph.emit('Sub', [number(1), self]), self.dtype, self.dims);
    const ratio = binary(call, 'Div', self, rest, self.dtype);
    if (call.has('eps')) throw call.refuse('eps is not supported');
    return call.graph.apply('Log', [ratio], {}, self.dtype, self.dims);
  },
};
