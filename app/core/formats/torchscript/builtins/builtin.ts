import { SymbolicInt } from '../../torch/symbolic-int.ts';
import type { TensorGraph } from '../../torch/tensor-graph.ts';
import { TorchTensor } from '../../torch/torch-tensor.ts';
import { TorchList, TorchTuple, type TorchValue } from '../../torch/torch-values.ts';
import { TranslationFailure } from '../../torch/translation-failure.ts';

/** Arguments that are no tensors are computed with at once; undefined where that is not what the name means. */
export type Builtin = (graph: TensorGraph, values: readonly TorchValue[]) => TorchValue | undefined;

const MISSING: TorchValue = null;

/** Whether a value is an int of the program. */
export function isInt(value: TorchValue | undefined): value is SymbolicInt {
  return value instanceof SymbolicInt;
}

/** An int, a truth, or a tensor without dims whose int is known, as an int; null for anything else. */
export function toInt(value: TorchValue | undefined): SymbolicInt | null {
  if (isInt(value)) return value;
  if (typeof value === 'boolean') return SymbolicInt.of(Number(value));
  return value instanceof TorchTensor && value.rank === 0 && isInt(value.scalar ?? MISSING)
    ? (value.scalar as SymbolicInt)
    : null;
}

/** A number that is known for all inputs; null where it depends on sizes or is none. */
export function toNumber(value: TorchValue | undefined): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  return isInt(value) ? value.constant : null;
}

/** Whether a value is a tensor. */
export function isTensor(value: TorchValue | undefined): boolean {
  return value instanceof TorchTensor;
}

/** An int that is exact here. @throws TranslationFailure for what is too large, or stands for "to the end". */
export function checked(value: SymbolicInt): SymbolicInt {
  if (Math.abs(value.hint) >= Number.MAX_SAFE_INTEGER || !Number.isInteger(value.hint))
    throw new TranslationFailure(`the program computes with ${value.text}, which is not exact here`);
  return value;
}

/** A whole number as an int. @throws TranslationFailure for one that is not exact, infinite or NaN. */
export function exactly(value: number): SymbolicInt {
  return checked(SymbolicInt.of(value));
}

/** What a list or tuple holds; null for anything else. */
export function itemsOf(value: TorchValue | undefined): readonly TorchValue[] | null {
  return value instanceof TorchList || value instanceof TorchTuple ? value.items : null;
}

/** A number as a float; a size has to be that of the example from now on, since floats are known while translating. */
export function toFloat(graph: TensorGraph, value: TorchValue | undefined): number | null {
  return isInt(value) ? graph.pinned(value) : toNumber(value);
}
