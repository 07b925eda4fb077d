import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { productOf, SymbolicInt } from '../symbolic-int.ts';
import { int } from '../tensor-graph.ts';
import { isFloating, type TorchDtype } from '../torch-dtypes.ts';
import { TorchTensor } from '../torch-tensor.ts';
import { TorchTuple } from '../torch-values.ts';
import { asTensor, binary, floatDtype } from './elementwise.ts';
import { reshaped } from './shapes.ts';

const ONE = SymbolicInt.of(1);

/** Which dims are reduced: all where none is named. */
function axesOf(call: OperatorCall, rank: number): number[] {
  const given = call.takes('dim') && call.has('dim') ? call.staticDims('dim') : [];
  const all = Array.from({ length: rank }, (_, index) => index);
  return given.length === 0 ? all : given.map((dim) => call.dim(dim, rank));
}

function keepsDims(call: OperatorCall): boolean {
  return call.takes('keepdim') && call.bool('keepdim');
}

/** The dims that are left, and what is reduced together. */
export function reducedDims(
  self: TorchTensor,
  axes: readonly number[],
  keeps: boolean,
): readonly SymbolicInt[] {
  return self.dims.flatMap((dim, index) => (axes.includes(index) ? (keeps ? [ONE] : []) : [dim]));
}

/** One node that reduces dims of a tensor. */
export function reduce(
  call: OperatorCall,
  operator: string,
  self: TorchTensor,
  axes: readonly number[],
  keeps: boolean,
): TorchTensor {
  if (self.rank === 0) return call.graph.copy(self);
  const inputs = [self, call.graph.int64s([...axes])];
  const dims = reducedDims(self, axes, keeps);
  // Min, max and the like take their axes as an attribute until opset 18 gave all of them an input.
  return call.graph.apply(operator, inputs, { keepdims: int(keeps ? 1 : 0) }, self.dtype, dims);
}

/** The dtype that is asked for, else int64 for what counts. */
function summedDtype(call: OperatorCall, self: TorchTensor): TorchDtype {
  return call.dtype() ?? (isFloating(self.dtype) ? self.dtype : 'int64');
}

function summing(operator: 'ReduceSum' | 'ReduceProd'): OperatorBody {
  return (call) => {
    const given = call.tensor('self');
    const self = call.graph.cast(given, summedDtype(call, given));
    return reduce(call, operator, self, axesOf(call, self.rank), keepsDims(call));
  };
}

const mean: OperatorBody = (call) => {
  const given = call.tensor('self');
  const self = call.graph.cast(given, call.dtype() ?? given.dtype);
  if (!isFloating(self.dtype)) throw call.refuse('PyTorch has no mean of integers');
  return reduce(call, 'ReduceMean', self, axesOf(call, self.rank), keepsDims(call));
};

function extremeOver(operator: 'ReduceMax' | 'ReduceMin'): OperatorBody {
  return (call) => {
    const given = call.tensor('self');
    const self = given.dtype === 'bool' ? call.graph.cast(given, 'uint8') : given;
    const result = reduce(call, operator, self, axesOf(call, self.rank), keepsDims(call));
    return call.graph.cast(result, given.dtype);
  };
}

function indexOfExtreme(
  operator: 'ArgMax' | 'ArgMin',
  self: TorchTensor,
  axis: number,
  keeps: boolean,
  call: OperatorCall,
): TorchTensor {
  const attributes = { axis: int(axis), keepdims: int(keeps ? 1 : 0) };
  return call.graph.apply(operator, [self], attributes, 'int64', reducedDims(self, [axis], keeps));
}

/** `torch.max(x)` of all, `torch.max(x, dim)` with places, or `torch.max(x, y)` element by element. */
function extreme(kind: 'Max' | 'Min'): OperatorBody {
  return (call) => {
    const self = call.tensor('self');
    if (call.takes('other')) return binary(call, kind, self, call.tensor('other'), self.dtype);
    if (!call.takes('dim')) return extremeOver(`Reduce${kind}`)(call);
    const axis = call.axis('dim', self.rank);
    const keeps = call.bool('keepdim');
    const values = reduce(call, `Reduce${kind}`, self, [axis], keeps);
    return new TorchTuple([values, indexOfExtreme(`Arg${kind}`, self, axis, keeps, call)]);
  };
}

function place(operator: 'ArgMax' | 'ArgMin'): OperatorBody {
  return (call) => {
    const given = call.tensor('self');
    if (call.has('dim'))
      return indexOfExtreme(operator, given, call.axis('dim', given.rank), keepsDims(call), call);
    const flat = reshaped(call, given, [productOf(given.dims)]);
    return indexOfExtreme(operator, flat, 0, false, call);
  };
}

function quantified(isAll: boolean): OperatorBody {
  return (call) => {
    const given = call.tensor('self');
    const flags = call.graph.cast(call.graph.cast(given, 'bool'), 'uint8');
    const result = reduce(
      call,
      isAll ? 'ReduceMin' : 'ReduceMax',
      flags,
      axesOf(call, given.rank),
      keepsDims(call),
    );
    return call.graph.cast(result, 'bool');
  };
}

/** How many elements are averaged, less the correction. */
function degrees(call: OperatorCall, self: TorchTensor, axes: readonly number[]): TorchTensor {
  const count = productOf(axes.map((axis) => self.dims[axis] ?? ONE));
  return asTensor(call, count.minus(SymbolicInt.of(correctionOf(call))), self.dtype);
}

function correctionOf(call: OperatorCall): number {
  if (call.takes('correction')) return call.has('correction') ? call.float('correction') : 1;
  return !call.takes('unbiased') || call.bool('unbiased') ? 1 : 0;
}

function spreadOf(
  call: OperatorCall,
  self: TorchTensor,
): { readonly variance: TorchTensor; readonly mean: TorchTensor } {
  const axes = axesOf(call, self.rank);
  const keeps = keepsDims(call);
  const center = reduce(call, 'ReduceMean', self, axes, true);
  const distance = binary(call, 'Sub', self, center, self.dtype);
  const squares = binary(call, 'Mul', distance, distance, self.dtype);
  const sum = reduce(call, 'ReduceSum', squares, axes, keeps);
  const variance = binary(call, 'Div', sum, degrees(call, self, axes), self.dtype);
  return { variance, mean: keeps ? center : reduce(call, 'ReduceMean', self, axes, false) };
}

function deviation(isRoot: boolean, hasMean: boolean): OperatorBody {
  return (call) => {
    const { variance, mean: center } = spreadOf(call, call.tensor('self'));
    const result = isRoot
      ? call.graph.apply('Sqrt', [variance], {}, variance.dtype, variance.dims)
      : variance;
    return hasMean ? new TorchTuple([result, center]) : result;
  };
}

/** `(Σ|x|^p)^(1/p)`. */
const norm: OperatorBody = (call) => {
  const given = call.tensor('self');
  const self = call.graph.cast(given, (call.takes('dtype') ? call.dtype() : null) ?? floatDtype(given.dtype));
  const order = call.takes('ord') ? 'ord' : 'p';
  const p = call.takes(order) && call.has(order) ? call.float(order) : 2;
  const axes = axesOf(call, self.rank);
  const keeps = keepsDims(call);
  if (p === 2) return reduce(call, 'ReduceL2', self, axes, keeps);
  if (p === 1) return reduce(call, 'ReduceL1', self, axes, keeps);
  const size = call.graph.apply('Abs', [self], {}, self.dtype, self.dims);
  if (p === Number.POSITIVE_INFINITY) return reduce(call, 'ReduceMax', size, axes, keeps);
  if (p === Number.NEGATIVE_INFINITY) return reduce(call, 'ReduceMin', size, axes, keeps);
  if (p === 0) throw call.refuse('the norm that counts what is not zero');
  const sum = reduce(call, 'ReduceSum', binary(call, 'Pow', size, p, self.dtype), axes, keeps);
  return binary(call, 'Pow', sum, 1 / p, self.dtype);
};

const logSumExp: OperatorBody = (call) => {
  const given = call.tensor('self');
  const self = call.graph.cast(given, floatDtype(given.dtype));
  return reduce(call, 'ReduceLogSumExp', self, axesOf(call, self.rank), keepsDims(call));
};

const cumulativeSum: OperatorBody = (call) => {
  const given = call.tensor('self');
  const self = call.graph.cast(given, summedDtype(call, given));
  if (self.rank === 0) return call.graph.copy(self);
  const axis = call.graph.constant([call.axis('dim', self.rank)], 'int64', []);
  return call.graph.apply('CumSum', [self, axis], {}, self.dtype, self.dims);
};

/** Distances of all rows of one matrix to all rows of another. */
const distances: OperatorBody = (call) => {
  const [left, right] = [call.tensor('x1'), call.tensor('x2')];
  const { graph } = call;
  const power = call.float('p');
  if (power !== 1 && power !== 2) throw call.refuse(`the norm of power ${power}`);
  const rows = graph.apply('Unsqueeze', [left, graph.int64s([-2])], {}, left.dtype, [
    ...left.dims.slice(0, -1),
    ONE,
    ...left.dims.slice(-1),
  ]);
  const columns = graph.apply('Unsqueeze', [right, graph.int64s([-3])], {}, right.dtype, [
    ...right.dims.slice(0, -2),
    ONE,
    ...right.dims.slice(-2),
  ]);
  const apart = binary(call, 'Sub', rows, columns, left.dtype);
  return reduce(call, power === 1 ? 'ReduceL1' : 'ReduceL2', apart, [apart.rank - 1], false);
};

/** Operators that make one element of many. */
export const REDUCTIONS: OperatorTable = {
  cdist: distances,
  _cdist_forward: distances,
  sum: summing('ReduceSum'),
  prod: summing('ReduceProd'),
  mean,
  amax: extremeOver('ReduceMax'),
  amin: extremeOver('ReduceMin'),
  max: extreme('Max'),
  min: extreme('Min'),
  argmax: place('ArgMax'),
  argmin: place('ArgMin'),
  all: quantified(true),
  any: quantified(false),
  var: deviation(false, false),
  std: deviation(true, false),
  var_mean: deviation(false, true),
  std_mean: deviation(true, true),
  norm,
  linalg_vector_norm: norm,
  frobenius_norm: norm,
  logsumexp: logSumExp,
  cumsum: cumulativeSum,
};
