import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { SymbolicInt } from '../symbolic-int.ts';
import { int } from '../tensor-graph.ts';
import { isFloating, type TorchDtype } from '../torch-dtypes.ts';
import { TorchTensor, type TorchScalar } from '../torch-tensor.ts';
import { TorchList, TorchTuple, type TorchValue } from '../torch-values.ts';
import { asTensor } from './elementwise.ts';

const ZERO = SymbolicInt.of(0);
const ONE = SymbolicInt.of(1);

/** A tensor of one number. */
export function full(
  call: OperatorCall,
  dims: readonly SymbolicInt[],
  value: TorchScalar,
  dtype: TorchDtype,
): TorchTensor {
  if (dims.length === 0) return asTensor(call, value, dtype);
  const { graph } = call;
  const one = graph.scalar(value, dtype);
  return graph.apply('Expand', [one, graph.shape(dims)], {}, dtype, dims);
}

function dtypeOf(value: TorchScalar): TorchDtype {
  if (typeof value === 'boolean') return 'bool';
  return value instanceof SymbolicInt ? 'int64' : 'float32';
}

const filled =
  (value: TorchScalar): OperatorBody =>
  (call) =>
    full(call, call.ints('size'), value, call.dtype() ?? 'float32');

const filledLike =
  (value: TorchScalar): OperatorBody =>
  (call) => {
    const self = call.tensor('self');
    return full(call, call.takes('size') ? call.ints('size') : self.dims, value, call.dtype() ?? self.dtype);
  };

const fullOf: OperatorBody = (call) => {
  const value = call.scalar('fill_value');
  return full(call, call.ints('size'), value, call.dtype() ?? dtypeOf(value));
};

const fullLike: OperatorBody = (call) => {
  const self = call.tensor('self');
  return full(
    call,
    call.takes('size') ? call.ints('size') : self.dims,
    call.scalar('fill_value'),
    call.dtype() ?? self.dtype,
  );
};

/** What ONNX counts in. */
const RANGE_DTYPES: ReadonlySet<TorchDtype> = new Set(['int16', 'int32', 'int64', 'float32', 'float64']);

/** Numbers from start to before end. */
const arange: OperatorBody = (call) => {
  const start = call.takes('start') ? call.scalar('start') : ZERO;
  const end = call.scalar('end');
  const step = call.takes('step') ? call.scalar('step') : SymbolicInt.of(1);
  const all = [start, end, step];
  const dtype = call.dtype() ?? (all.every((each) => each instanceof SymbolicInt) ? 'int64' : 'float32');
  const counted = RANGE_DTYPES.has(dtype) ? dtype : isFloating(dtype) ? 'float32' : 'int64';
  const count = countOf(call, start, end, step);
  if (!call.graph.holds(count, '>=', ZERO))
    throw call.refuse('its bounds and the sign of its step do not fit');
  if (start instanceof SymbolicInt && step instanceof SymbolicInt && counted === 'int64')
    return call.graph.cast(counting(call, start, step, count), dtype);
  const inputs = all.map((each) => asTensor(call, each, counted));
  return call.graph.cast(call.graph.apply('Range', inputs, {}, counted, [count]), dtype);
};

/**
 * `count` whole numbers from `start` on. onnxruntime makes a Slice of a Gather whose places come out of a Range, which
 * means other rows where they are negative and fewer where there are too few: so they are computed from one.
 */
function counting(
  call: OperatorCall,
  start: SymbolicInt,
  step: SymbolicInt,
  count: SymbolicInt,
): TorchTensor {
  const { graph } = call;
  const number = (value: SymbolicInt): string => graph.scalar(value, 'int64');
  const ones = graph.emit('Range', [number(ONE), number(count.plus(ONE)), number(ONE)]);
  const spread = step.constant === 1 ? ones : graph.emit('Mul', [ones, number(step)]);
  return graph.apply('Add', [spread, number(start.minus(step))], {}, 'int64', [count]);
}

function countOf(call: OperatorCall, start: TorchScalar, end: TorchScalar, step: TorchScalar): SymbolicInt {
  if (start instanceof SymbolicInt && end instanceof SymbolicInt && step instanceof SymbolicInt) {
    const width = call.known(step, 'the step');
    const span = end.minus(start);
    const up = width > 0 ? span.plus(SymbolicInt.of(width - 1)) : span.plus(SymbolicInt.of(width + 1));
    return up.floorDividedBy(step);
  }
  const [from, to, by] = [start, end, step].map((each) =>
    each instanceof SymbolicInt ? call.known(each, 'a bound') : Number(each),
  );
  return SymbolicInt.of(Math.max(0, Math.ceil(((to ?? 0) - (from ?? 0)) / (by ?? 1))));
}

const linspace: OperatorBody = (call) => {
  const [start, end, steps] = [call.float('start'), call.float('end'), call.staticInt('steps')];
  const dtype = call.dtype() ?? 'float32';
  const step = steps > 1 ? (end - start) / (steps - 1) : 0;
  // PyTorch counts from both ends, so that the last is exact.
  const values = call.many(steps, (index) =>
    index < steps / 2 ? start + step * index : end - step * (steps - 1 - index),
  );
  const name = call.graph.constant(isFloating(dtype) ? values : values.map(Math.trunc), dtype, [steps]);
  return call.graph.tensor(name, dtype, [SymbolicInt.of(steps)]);
};

const eye: OperatorBody = (call) => {
  const rows = call.staticInt('n');
  const columns = call.takes('m') ? call.staticInt('m') : rows;
  const dtype = call.dtype() ?? 'float32';
  const values = call.many(rows * columns, (at) => (Math.floor(at / columns) === at % columns ? 1 : 0));
  return call.graph.tensor(
    call.graph.constant(values, dtype, [rows, columns]),
    dtype,
    [rows, columns].map((size) => SymbolicInt.of(size)),
  );
};

/** The elements of nested lists in order, with the sizes of the lists. */
function flattenList(
  call: OperatorCall,
  value: TorchValue,
): { readonly sizes: number[]; readonly items: TorchScalar[] } {
  if (value instanceof TorchTensor && value.scalar !== null) return { sizes: [], items: [value.scalar] };
  if (value instanceof SymbolicInt || typeof value === 'number' || typeof value === 'boolean')
    return { sizes: [], items: [value] };
  if (!(value instanceof TorchList || value instanceof TorchTuple))
    throw call.refuse('data that are no numbers');
  const inner = value.items.map((item) => flattenList(call, item));
  return { sizes: [inner.length, ...(inner[0]?.sizes ?? [])], items: inner.flatMap(({ items }) => items) };
}

/** `torch.tensor(data)`. */
const tensorOf: OperatorBody = (call) => {
  const data = call.value(call.takes('t') ? 't' : 'data');
  if (data instanceof TorchTensor) return call.graph.cast(data, call.dtype() ?? data.dtype);
  const { sizes, items } = flattenList(call, data);
  const inferred = items.some((item) => typeof item === 'number')
    ? 'float32'
    : items.length === 0
      ? 'float32'
      : dtypeOf(items[0] ?? 0);
  const dtype = call.dtype() ?? inferred;
  const [only] = items;
  if (sizes.length === 0 && only !== undefined) return asTensor(call, only, dtype);
  const dims = sizes.map((size) => SymbolicInt.of(size));
  const numbers = items.map((item) => (item instanceof SymbolicInt ? item.constant : item));
  if (numbers.every((each) => each !== null))
    return call.graph.tensor(call.graph.constant(numbers, dtype, sizes), dtype, dims);
  const parts = items.map((item) =>
    call.graph.emit('Unsqueeze', [asTensor(call, item, dtype), call.graph.int64s([0])]),
  );
  const flat = call.graph.emit('Concat', parts, { axis: int(0) });
  return call.graph.apply('Reshape', [flat, call.graph.shape(dims)], {}, dtype, dims);
};

/** The part above or below a diagonal. */
function triangle(isUpper: boolean): OperatorBody {
  return (call) => {
    const given = call.tensor('self');
    // ONNX Runtime has it for these only.
    const hasKernel = ['bool', 'int64', 'float32', 'float64'].includes(given.dtype);
    const self = hasKernel ? given : call.graph.cast(given, isFloating(given.dtype) ? 'float32' : 'int64');
    const diagonal = call.graph.constant([call.staticInt('diagonal')], 'int64', []);
    const result = call.graph.apply(
      'Trilu',
      [self, diagonal],
      { upper: int(isUpper ? 1 : 0) },
      self.dtype,
      self.dims,
    );
    return call.graph.cast(result, given.dtype);
  };
}

const oneHot: OperatorBody = (call) => {
  const self = call.tensor('self');
  const classes = call.staticInt('num_classes');
  if (classes < 0) throw call.refuse('the number of classes comes from the values');
  const values = call.graph.constant([0, 1], 'int64', [2]);
  const depth = call.graph.constant([classes], 'int64', []);
  return call.graph.apply('OneHot', [self, depth, values], { axis: int(-1) }, 'int64', [
    ...self.dims,
    SymbolicInt.of(classes),
  ]);
};

/** Operators that make tensors. Random ones are not among them: a server has to answer the same each time. */
export const CREATION: OperatorTable = {
  zeros: filled(0),
  ones: filled(1),
  empty: filled(0),
  zeros_like: filledLike(0),
  ones_like: filledLike(1),
  empty_like: filledLike(0),
  new_zeros: filledLike(0),
  new_ones: filledLike(1),
  new_empty: filledLike(0),
  full: fullOf,
  full_like: fullLike,
  new_full: fullLike,
  arange,
  linspace,
  eye,
  tensor: tensorOf,
  as_tensor: tensorOf,
  scalar_tensor: (call) => asTensor(call, call.scalar('s'), call.dtype() ?? 'float32'),
  triu: triangle(true),
  tril: triangle(false),
  one_hot: oneHot,
};
