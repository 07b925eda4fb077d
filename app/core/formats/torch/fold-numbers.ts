import { SymbolicInt } from './symbolic-int.ts';
import { TORCH_DTYPES, type TorchDtype } from './torch-dtypes.ts';
import { TorchTensor, type TorchScalar } from './torch-tensor.ts';

type Fold = (...values: readonly number[]) => number | boolean;

/** ONNX operators on numbers. Bools come as 0 and 1. */
const FOLDS: Readonly<Record<string, Fold>> = {
  Add: (a = 0, b = 0) => a + b,
  Sub: (a = 0, b = 0) => a - b,
  Mul: (a = 0, b = 0) => a * b,
  Pow: (a = 0, b = 0) => a ** b,
  Max: (a = 0, b = 0) => Math.max(a, b),
  Min: (a = 0, b = 0) => Math.min(a, b),
  Equal: (a, b) => a === b,
  Less: (a = 0, b = 0) => a < b,
  LessOrEqual: (a = 0, b = 0) => a <= b,
  Greater: (a = 0, b = 0) => a > b,
  GreaterOrEqual: (a = 0, b = 0) => a >= b,
  And: (a, b) => a !== 0 && b !== 0,
  Or: (a, b) => a !== 0 || b !== 0,
  Xor: (a, b) => (a !== 0) !== (b !== 0),
  Not: (a) => a === 0,
  Where: (condition, a = 0, b = 0) => (condition === 0 ? b : a),
  Neg: (a = 0) => -a,
  Abs: (a = 0) => Math.abs(a),
  Sign: (a = 0) => Math.sign(a),
  Floor: (a = 0) => Math.floor(a),
  Ceil: (a = 0) => Math.ceil(a),
  Sqrt: (a = 0) => Math.sqrt(a),
  Reciprocal: (a = 0) => 1 / a,
  Exp: (a = 0) => Math.exp(a),
  Log: (a = 0) => Math.log(a),
};

function constantOf(value: TorchScalar): number | null {
  return value instanceof SymbolicInt ? value.constant : Number(value);
}

/** ONNX divides integers towards zero; by zero it does not. */
function divide(a: number, b: number, isInt: boolean): number | null {
  if (!isInt) return a / b;
  return b === 0 ? null : Math.trunc(a / b);
}

/** A number as a tensor of this dtype can hold it; null for dtypes that round in a way of their own, and out of range. */
function asDtype(value: number | boolean, dtype: TorchDtype): TorchScalar | null {
  if (dtype === 'bool') return Boolean(value);
  if (dtype === 'float32') return Math.fround(Number(value));
  if (dtype === 'float64') return Number(value);
  const limit = dtype === 'int64' ? Number.MAX_SAFE_INTEGER : dtype === 'int32' ? 2 ** 31 - 1 : 0;
  const isExact = Number.isInteger(value) && Math.abs(Number(value)) <= limit;
  return isExact ? SymbolicInt.of(Number(value)) : null;
}

/**
 * What a node gives whose inputs are all numbers without dims that are known while translating; null where that is not
 * so. A trace computes sizes with tensors, and such a size may decide a shape.
 */
export function foldNumbers(
  operator: string,
  inputs: readonly unknown[],
  dtype: TorchDtype,
): TorchScalar | null {
  const values: number[] = [];
  for (const input of inputs) {
    if (!(input instanceof TorchTensor) || input.rank > 0 || input.scalar === null) return null;
    const value = constantOf(input.scalar);
    if (value === null) return null;
    values.push(input.dtype === 'float32' ? Math.fround(value) : value);
  }
  if (operator === 'Div') {
    const quotient = divide(values[0] ?? 0, values[1] ?? 0, TORCH_DTYPES[dtype].category === 'int');
    return quotient === null ? null : asDtype(quotient, dtype);
  }
  const fold = FOLDS[operator];
  return fold ? asDtype(fold(...values), dtype) : null;
}
