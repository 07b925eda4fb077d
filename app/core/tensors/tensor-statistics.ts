import { iterateBytes } from './bytes-elements.ts';
import { numericElements } from './elements.ts';
import type { Tensor } from './tensor.ts';

/** What a tensor is like at a glance. */
export type TensorStatistics =
  | {
      readonly kind: 'numeric';
      /** Elements in all, NaN and infinite ones included. */
      readonly count: number;
      /** Of all elements but NaN; exact bigints for INT64 and UINT64; null where there is none. */
      readonly minimum: number | bigint | null;
      readonly maximum: number | bigint | null;
      /** Of the finite elements; null where there is none. BOOL counts as 0 and 1. */
      readonly mean: number | null;
      /** Population standard deviation of the finite elements. */
      readonly standardDeviation: number | null;
      readonly nanCount: number;
      readonly infinityCount: number;
    }
  | {
      readonly kind: 'bytes';
      readonly count: number;
      /** Lengths in bytes; null where there is no element. */
      readonly shortest: number | null;
      readonly longest: number | null;
    };

/** Statistics of all elements. Throws `invalid-argument` where the data is no whole number of elements. */
export function tensorStatistics(tensor: Tensor): TensorStatistics {
  if (tensor.datatype === 'BYTES') return bytesStatistics(tensor.data);
  const elements = numericElements(tensor);
  if (elements instanceof BigInt64Array || elements instanceof BigUint64Array) return bigStatistics(elements);
  return numberStatistics(elements);
}

function bytesStatistics(data: Uint8Array): TensorStatistics {
  let count = 0;
  let shortest = Infinity;
  let longest = 0;
  for (const { byteLength } of iterateBytes(data)) {
    count++;
    shortest = Math.min(shortest, byteLength);
    longest = Math.max(longest, byteLength);
  }
  return count === 0
    ? { kind: 'bytes', count, shortest: null, longest: null }
    : { kind: 'bytes', count, shortest, longest };
}

function bigStatistics(elements: BigInt64Array | BigUint64Array): TensorStatistics {
  const numbers = new Float64Array(elements.length);
  let minimum: bigint | null = null;
  let maximum: bigint | null = null;
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index] ?? 0n;
    if (minimum === null || element < minimum) minimum = element;
    if (maximum === null || element > maximum) maximum = element;
    numbers[index] = Number(element);
  }
  return { ...numberStatistics(numbers), minimum, maximum };
}

function numberStatistics(elements: ArrayLike<number>): Extract<TensorStatistics, { kind: 'numeric' }> {
  const count = elements.length;
  let minimum = Infinity;
  let maximum = -Infinity;
  let sum = 0;
  let nanCount = 0;
  let infinityCount = 0;
  for (let index = 0; index < count; index++) {
    const element = elements[index] ?? 0;
    if (element < minimum) minimum = element;
    if (element > maximum) maximum = element;
    if (element - element === 0) sum += element;
    else if (element === Infinity || element === -Infinity) infinityCount++;
    else nanCount++;
  }
  const finite = count - nanCount - infinityCount;
  const hasOrder = count > nanCount;
  const mean = finite === 0 ? null : scaledMean(elements, sum, finite);
  return {
    kind: 'numeric',
    count,
    minimum: hasOrder ? minimum : null,
    maximum: hasOrder ? maximum : null,
    mean,
    standardDeviation: mean === null ? null : deviation(elements, mean, finite),
    nanCount,
    infinityCount,
  };
}

/** The sum of finite doubles can overflow; their mean cannot. */
function scaledMean(elements: ArrayLike<number>, sum: number, finite: number): number {
  if (Number.isFinite(sum)) return sum / finite;
  let mean = 0;
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index] ?? 0;
    if (element - element === 0) mean += element / finite;
  }
  return mean;
}

function deviation(elements: ArrayLike<number>, mean: number, finite: number): number {
  let squares = 0;
  for (let index = 0; index < elements.length; index++) {
    const difference = (elements[index] ?? 0) - mean;
    if (difference - difference === 0) squares += difference * difference;
  }
  return Math.sqrt(squares / finite);
}
