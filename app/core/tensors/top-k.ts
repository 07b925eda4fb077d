import { numericElements } from './elements.ts';
import type { Tensor } from './tensor.ts';

/** One of the largest elements of a row: its index in the row and its value. */
export interface TopElement {
  readonly index: number;
  readonly value: number | bigint;
}

/**
 * The `count` largest elements of each row, largest first; the last axis is the row (classes), all before it are rows
 * (a scalar is one row of one). Equal values: lower index first. NaN is never among them.
 * Throws `invalid-argument` for BYTES.
 */
export function topK(tensor: Tensor, count: number): readonly (readonly TopElement[])[] {
  const elements = numericElements(tensor);
  const classes = tensor.shape.at(-1) ?? 1;
  if (classes === 0) return [];
  const rows: TopElement[][] = [];
  for (let start = 0; start < elements.length; start += classes) {
    rows.push(topOfRow(elements, start, Math.min(classes, elements.length - start), count));
  }
  return rows;
}

function topOfRow(
  elements: ArrayLike<number | bigint>,
  start: number,
  length: number,
  count: number,
): TopElement[] {
  const top: TopElement[] = [];
  for (let index = 0; index < length; index++) {
    const value = elements[start + index];
    if (value === undefined || Number.isNaN(value)) continue;
    const last = top.at(-1);
    if (top.length >= count && (last === undefined || value <= last.value)) continue;
    let place = top.length;
    while (place > 0 && value > (top[place - 1]?.value ?? value)) place--;
    top.splice(place, 0, { index, value });
    if (top.length > count) top.pop();
  }
  return top;
}
