import { bindOperator } from './bind-operator.ts';
import { OperatorCall, type OperatorBody, type OperatorTable } from './operator-call.ts';
import { ACTIVATIONS } from './operators/activations.ts';
import { ATTENTION } from './operators/attention.ts';
import { CASTS } from './operators/casts.ts';
import { CONVOLUTIONS } from './operators/convolutions.ts';
import { CREATION, full } from './operators/creation.ts';
import { ELEMENTWISE } from './operators/elementwise.ts';
import { FUNCTIONAL_WRITES } from './operators/functional-writes.ts';
import { INDEXING } from './operators/indexing.ts';
import { MATRIX_PRODUCTS } from './operators/matrix-products.ts';
import { NORMALIZATION } from './operators/normalization.ts';
import { POOLING } from './operators/pooling.ts';
import { RECURRENT } from './operators/recurrent.ts';
import { REDUCTIONS } from './operators/reductions.ts';
import { RESIZING } from './operators/resizing.ts';
import { expanded, SHAPES } from './operators/shapes.ts';
import { SLIDING_WINDOWS } from './operators/sliding-windows.ts';
import { COMPLEX_OPERATORS, SPECTRA } from './operators/spectra.ts';
import type { TensorGraph } from './tensor-graph.ts';
import { TorchTensor } from './torch-tensor.ts';
import { TorchComplex, TorchList, TorchPoison, TorchTuple, type TorchValue } from './torch-values.ts';
import { TranslationFailure } from './translation-failure.ts';

const OPERATORS: OperatorTable = {
  ...ELEMENTWISE,
  ...ACTIVATIONS,
  ...MATRIX_PRODUCTS,
  ...CONVOLUTIONS,
  ...POOLING,
  ...SLIDING_WINDOWS,
  ...NORMALIZATION,
  ...SHAPES,
  ...INDEXING,
  ...FUNCTIONAL_WRITES,
  ...REDUCTIONS,
  ...CREATION,
  ...CASTS,
  ...ATTENTION,
  ...RECURRENT,
  ...RESIZING,
  ...SPECTRA,
};

/** Operators that write what is given into the tensor, whatever it held. */
const FILLS: OperatorTable = {
  copy_: (call) => call.tensor('src'),
  fill_: (call) => filling(call),
  zero_: (call) => full(call, call.tensor('self').dims, 0, call.tensor('self').dtype),
};

function filling(call: OperatorCall): TorchTensor {
  const value = call.operand('value');
  return value instanceof TorchTensor
    ? value
    : full(call, call.tensor('self').dims, value, call.tensor('self').dtype);
}

function bodyOf(table: OperatorTable, name: string): OperatorBody | null {
  return Object.hasOwn(table, name) ? (table[name] ?? null) : null;
}

/** The operator that a name in place stands for: `relu_` → `relu`. */
function inPlaceBody(name: string): OperatorBody | null {
  if (!name.endsWith('_') || name.endsWith('__')) return null;
  return bodyOf(FILLS, name) ?? bodyOf(OPERATORS, name.slice(0, -1));
}

/** Puts a result into the tensor that is written to: its dtype and dims stay. @throws TranslationFailure where they would not. */
function writeInPlace(call: OperatorCall, result: TorchValue): TorchValue {
  const self = call.tensor('self');
  if (!(result instanceof TorchTensor)) return result;
  if (result === self) return self;
  const { graph } = call;
  const isFilled = bodyOf(FILLS, call.name) !== null;
  if (!isFilled && result.isViewOf(self)) throw call.refuse('it changes the dims of a tensor in place');
  const isWider = isFilled
    ? result.rank > self.rank
    : result.rank !== self.rank ||
      result.dims.some((dim, axis) => graph.unify(dim, self.dims[axis] ?? dim) === null);
  if (isWider) throw call.refuse('what is written has other dims than the tensor that it is written to');
  self.assign(expanded(call, graph.cast(result, self.dtype), self.dims).name);
  return self;
}

/** What is not translated among values and in lists of them. */
function poisonIn(values: readonly TorchValue[]): TorchPoison | null {
  for (const value of values) {
    if (value instanceof TorchPoison) return value;
    const inside = value instanceof TorchList || value instanceof TorchTuple ? poisonIn(value.items) : null;
    if (inside !== null) return inside;
  }
  return null;
}

/**
 * Adds what an ATen operator does to the graph and gives its result. Arguments that stand for something not translated
 * give a result that does, too. `overload`: the one that is meant, where the program names it.
 * @throws TranslationFailure for an operator, an overload or a case that is not translated.
 */
export function applyOperator(
  graph: TensorGraph,
  name: string,
  positional: readonly TorchValue[],
  keywords: ReadonlyMap<string, TorchValue>,
  overload: string | null = null,
): TorchValue {
  const poison = poisonIn([...positional, ...keywords.values()]);
  if (poison !== null) return poison;
  const first = positional[0] ?? keywords.get('self');
  if (first instanceof TorchComplex && Object.hasOwn(COMPLEX_OPERATORS, name)) {
    const result = COMPLEX_OPERATORS[name]?.({ graph }, first);
    if (result !== undefined) return result;
  }
  const body = bodyOf(OPERATORS, name);
  if (body !== null)
    return body(new OperatorCall(graph, name, bindOperator(name, positional, keywords, overload)));
  const inPlace = inPlaceBody(name);
  if (inPlace === null) throw new TranslationFailure(`aten::${name} is not translated`);
  const call = new OperatorCall(graph, name, bindOperator(name, positional, keywords, overload));
  return writeInPlace(call, inPlace(call));
}
