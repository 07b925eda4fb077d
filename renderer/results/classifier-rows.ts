import { isIntegerDatatype, numericElements } from '../../app/core/tensors/elements.ts';
import type { Tensor } from '../../app/core/tensors/tensor.ts';
import { topK, type TopElement } from '../../app/core/tensors/top-k.ts';
import { rowKind, softmax } from './softmax.ts';

const MAX_CLASSES = 200_000;
const MAX_ROWS = 4096;

/** Whether an output may be one score a class: float, one or two axes longer than one, and two classes or more. */
export function isClassifierLike(tensor: Tensor, labelCount: number): boolean {
  if (tensor.datatype === 'BYTES' || tensor.datatype === 'BOOL' || isIntegerDatatype(tensor.datatype))
    return false;
  const shape = significantShape(tensor.shape);
  const classes = shape.at(-1) ?? 1;
  if (classes < 2 || classes > MAX_CLASSES || shape.length > 2) return false;
  if (labelCount > 0) return labelCount >= classes;
  return shape.length === 1 || (shape[0] ?? 0) <= MAX_ROWS;
}

/** The shape without trailing axes of one (`[1, 1000, 1, 1]` is a classifier too) and without leading ones but the batch. */
function significantShape(shape: readonly number[]): readonly number[] {
  const end = shape.findLastIndex((dim) => dim !== 1) + 1;
  const trimmed = shape.slice(0, end);
  const classes = trimmed.at(-1);
  if (classes === undefined) return [];
  const rows = trimmed.slice(0, -1).filter((dim) => dim !== 1);
  return [...rows, classes];
}

/** The best classes of one row, largest first. */
export interface ClassifierRow {
  readonly top: readonly TopElement[];
  readonly kind: ReturnType<typeof rowKind>;
}

/** How many rows an output has, and the best `count` classes of one of them, as scores or as softmax of the scores. */
export function classifierRow(tensor: Tensor, row: number, count: number, isSoftmax: boolean): ClassifierRow {
  const classes = significantShape(tensor.shape).at(-1) ?? 1;
  const elements = numericElements(tensor);
  const scores = Float64Array.from(elements.subarray(row * classes, (row + 1) * classes), Number);
  const shown = isSoftmax ? softmax(scores) : scores;
  const bytes = new Uint8Array(shown.buffer, shown.byteOffset, shown.byteLength);
  const [top = []] = topK({ datatype: 'FP64', shape: [classes], data: bytes }, count);
  return { top, kind: rowKind(scores) };
}

/** Rows of a classifier's output: one an element of the batch. */
export function classifierRowCount(shape: readonly number[]): number {
  return significantShape(shape)
    .slice(0, -1)
    .reduce((product, dim) => product * dim, 1);
}
