import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { SymbolicInt } from '../symbolic-int.ts';
import { float, int, ints, text } from '../tensor-graph.ts';
import { TorchTensor } from '../torch-tensor.ts';
import { resultDtype } from '../type-promotion.ts';
import { binary } from './elementwise.ts';
import { reduce } from './reductions.ts';

const ONE = SymbolicInt.of(1);

/** Sizes of the last two dims; a vector is a row or a column. */
function checkInner(call: OperatorCall, left: TorchTensor, right: TorchTensor): void {
  const inner = left.dims.at(-1) ?? ONE;
  const other = right.dims.at(right.rank === 1 ? -1 : -2) ?? ONE;
  if (call.graph.unify(inner, other) === null)
    throw call.refuse(`it multiplies ${inner.text} columns with ${other.text} rows`);
}

/** The dims of a product of matrices, vectors and stacks of them (`torch.matmul`). */
function productDims(call: OperatorCall, left: TorchTensor, right: TorchTensor): readonly SymbolicInt[] {
  checkInner(call, left, right);
  const stack = call.graph.broadcast(left.dims.slice(0, -2), right.dims.slice(0, -2));
  if (stack === null) throw call.refuse('stacks of matrices do not fit together');
  return [
    ...stack,
    ...(left.rank > 1 ? left.dims.slice(-2, -1) : []),
    ...(right.rank > 1 ? right.dims.slice(-1) : []),
  ];
}

/** `torch.matmul`. */
export function matmul(call: OperatorCall, left: TorchTensor, right: TorchTensor): TorchTensor {
  const dtype = resultDtype([left, right]);
  const inputs = [call.graph.cast(left, dtype), call.graph.cast(right, dtype)];
  return call.graph.apply('MatMul', inputs, {}, dtype, productDims(call, left, right));
}

/** The last two dims changed for each other. */
export function transposed(call: OperatorCall, tensor: TorchTensor): TorchTensor {
  const perm = tensor.dims.map((_, index) => index);
  const dims = [...tensor.dims];
  const last = tensor.rank - 1;
  [perm[last - 1], perm[last]] = [last, last - 1];
  [dims[last - 1], dims[last]] = [dims[last] ?? ONE, dims[last - 1] ?? ONE];
  return call.graph.apply('Transpose', [tensor], { perm: ints(perm) }, tensor.dtype, dims);
}

/** `input @ weight.T + bias`, weight of shape [out, in] or [in]. */
export function linear(
  call: OperatorCall,
  input: TorchTensor,
  weight: TorchTensor,
  bias: TorchTensor | null,
): TorchTensor {
  const out = weight.rank === 2 ? weight.dims.slice(0, 1) : [];
  if (call.graph.unify(input.dims.at(-1) ?? ONE, weight.dims.at(-1) ?? ONE) === null)
    throw call.refuse(
      `the input has ${input.dims.at(-1)?.text ?? 'no'} features, the weight takes ${weight.dims.at(-1)?.text ?? 'none'}`,
    );
  const dims = [...input.dims.slice(0, -1), ...out];
  if (input.rank === 2 && weight.rank === 2) {
    return call.graph.apply('Gemm', [input, weight, bias], { transB: int(1) }, input.dtype, dims);
  }
  const factor = weight.rank === 2 ? transposed(call, weight) : weight;
  const product = call.graph.apply('MatMul', [input, factor], {}, input.dtype, dims);
  return bias === null ? product : call.graph.apply('Add', [product, bias], {}, input.dtype, dims);
}

const addmm: OperatorBody = (call) => {
  const [self, left, right] = [call.tensor('self'), call.tensor('mat1'), call.tensor('mat2')];
  const attributes = { alpha: float(call.float('alpha')), beta: float(call.float('beta')) };
  return call.graph.apply(
    'Gemm',
    [left, right, self],
    attributes,
    left.dtype,
    productDims(call, left, right),
  );
};

/** `beta * self + alpha * product`, where `self` counts for nothing if beta is 0. */
const scaledSum =
  (left: string, right: string): OperatorBody =>
  (call) => {
    const product = matmul(call, call.tensor(left), call.tensor(right));
    const scaled = binary(call, 'Mul', product, call.float('alpha'), product.dtype);
    const beta = call.float('beta');
    if (beta === 0) return scaled;
    return binary(
      call,
      'Add',
      binary(call, 'Mul', call.tensor('self'), beta, product.dtype),
      scaled,
      product.dtype,
    );
  };

const product =
  (left: string, right: string): OperatorBody =>
  (call) =>
    matmul(call, call.tensor(left), call.tensor(right));

/** Sizes by the letters of the equation. An ellipsis is written out first. */
const einsum: OperatorBody = (call) => {
  const operands = call.tensors('tensors');
  const dtype = resultDtype(operands);
  const equation = call.text('equation').replaceAll(' ', '');
  if (equation.includes('.')) throw call.refuse('an ellipsis in the equation');
  const [left = '', right] = equation.split('->');
  const terms = left.split(',');
  const sizes = new Map<string, SymbolicInt>();
  for (const [index, term] of terms.entries())
    for (const [axis, letter] of Array.from(term).entries())
      sizes.set(letter, operands[index]?.dims[axis] ?? ONE);
  const letters = Array.from(left.replaceAll(',', ''));
  const once = [...new Set(letters)].filter(
    (letter) => letters.indexOf(letter) === letters.lastIndexOf(letter),
  );
  const output = right ?? once.sort().join('');
  const dims = Array.from(output, (letter) => sizes.get(letter) ?? ONE);
  return call.graph.apply(
    'Einsum',
    operands.map((operand) => call.graph.cast(operand, dtype)),
    { equation: text(`${left}->${output}`) },
    dtype,
    dims,
  );
};

const bilinear: OperatorBody = (call) => {
  const [left, right, weight] = [call.tensor('input1'), call.tensor('input2'), call.tensor('weight')];
  if (left.rank !== 2) throw call.refuse('inputs with more than two dims');
  const dims = [...left.dims.slice(0, 1), ...weight.dims.slice(0, 1)];
  const sum = call.graph.apply(
    'Einsum',
    [left, weight, right],
    { equation: text('bi,oij,bj->bo') },
    left.dtype,
    dims,
  );
  const bias = call.optionalTensor('bias');
  return bias === null ? sum : call.graph.apply('Add', [sum, bias], {}, left.dtype, dims);
};

/** The sum over some dims of a product of three, each with dims of 1 put in: what a bilinear module becomes. */
const trilinear: OperatorBody = (call) => {
  const { graph } = call;
  const factors = ([1, 2, 3] as const).map((place) => {
    const factor = call.tensor(`i${place}`);
    const added = call.staticInts(`expand${place}`);
    if (added.length === 0) return factor;
    const dims = [...factor.dims];
    for (const axis of added.toSorted((left, right) => left - right)) dims.splice(axis, 0, ONE);
    return graph.apply('Unsqueeze', [factor, graph.int64s(added)], {}, factor.dtype, dims);
  });
  const product = factors.reduce((left, right) => binary(call, 'Mul', left, right, left.dtype));
  return reduce(call, 'ReduceSum', product, call.staticInts('sumdim'), false);
};

const outer: OperatorBody = (call) => {
  const [left, right] = [call.tensor('self'), call.tensor(call.takes('vec2') ? 'vec2' : 'other')];
  const column = call.graph.tensor(call.graph.emit('Unsqueeze', [left, call.graph.int64s([1])]), left.dtype, [
    ...left.dims,
    ONE,
  ]);
  return binary(call, 'Mul', column, right, resultDtype([left, right]));
};

/** Products of matrices and vectors. */
export const MATRIX_PRODUCTS: OperatorTable = {
  linear: (call) => linear(call, call.tensor('input'), call.tensor('weight'), call.optionalTensor('bias')),
  addmm,
  addmv: scaledSum('mat', 'vec'),
  baddbmm: scaledSum('batch1', 'batch2'),
  matmul: product('self', 'other'),
  __matmul__: product('self', 'other'),
  mm: product('self', 'mat2'),
  bmm: product('self', 'mat2'),
  mv: product('self', 'vec'),
  dot: product('self', 'tensor'),
  einsum,
  bilinear,
  _trilinear: trilinear,
  outer,
  ger: outer,
};
