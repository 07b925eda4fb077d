import { bytesText } from '../tensors/bytes-elements.ts';
import { elementReader, type Element } from '../tensors/elements.ts';
import type { NamedTensor } from '../tensors/tensor.ts';

/** How far floats of two answers may be apart: `absolute + relative × |expected|`. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** What two runtimes, or a CPU and a GPU, differ by where both are right. */
export const USUAL_TOLERANCE: Tolerance = { relative: 1e-3, absolute: 1e-4 };

/** An output in two answers. */
export type OutputComparison =
  | { readonly name: string; readonly kind: 'equal' }
  /** Floats that differ by no more than the tolerance. */
  | { readonly name: string; readonly kind: 'close'; readonly largestDifference: number }
  | { readonly name: string; readonly kind: 'different'; readonly reason: string };

/** Two values: equal, apart by so much (floats), or simply different. */
function distanceOf(expected: Element | undefined, given: Element | undefined): number {
  if (expected instanceof Uint8Array && given instanceof Uint8Array) {
    const isSame =
      expected.byteLength === given.byteLength && expected.every((byte, index) => byte === given[index]);
    return isSame ? 0 : Number.POSITIVE_INFINITY;
  }
  if (Object.is(expected, given) || expected === given) return 0;
  if (typeof expected !== 'number' || typeof given !== 'number') return Number.POSITIVE_INFINITY;
  const distance = Math.abs(expected - given);
  return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
}

function elementText(element: Element | undefined): string {
  return element instanceof Uint8Array ? JSON.stringify(bytesText(element)) : String(element);
}

/** `[0, 3]`: where a flat index lies in a shape. */
function placeText(index: number, shape: readonly number[]): string {
  const place: number[] = [];
  let rest = index;
  for (const size of shape.toReversed()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${place.join(', ')}]`;
}

function compareValues(expected: NamedTensor, given: NamedTensor, tolerance: Tolerance): OutputComparison {
  const { name, datatype, shape } = expected;
  const [left, right] = [elementReader(expected), elementReader(given)];
  const isFloat = datatype.startsWith('FP') || datatype === 'BF16';
  let largestDifference = 0;
  let differentCount = 0;
  let worst = { excess: 0, index: -1 };
  for (let index = 0; index < left.length; index++) {
    const [a, b] = [left.at(index), right.at(index)];
    const distance = distanceOf(a, b);
    if (distance === 0) continue;
    largestDifference = Math.max(largestDifference, distance);
    const allowed = isFloat ? tolerance.absolute + tolerance.relative * Math.abs(Number(a)) : 0;
    if (Number.isFinite(distance) && distance <= allowed) continue;
    differentCount += 1;
    if (worst.index < 0 || distance > worst.excess) worst = { excess: distance, index };
  }
  if (differentCount === 0)
    return largestDifference === 0 ? { name, kind: 'equal' } : { name, kind: 'close', largestDifference };
  const values = `${elementText(left.at(worst.index))} here, ${elementText(right.at(worst.index))} there`;
  const reason = `${differentCount} of ${left.length} values differ; at ${placeText(worst.index, shape)}: ${values}`;
  return { name, kind: 'different', reason };
}

/**
 * Compares the outputs of two answers to one request, by name: datatype and shape exactly, floats within the tolerance
 * (NaN equals NaN, an infinity itself), all else exactly. Outputs that only `given` has are different, too.
 */
export function compareOutputs(
  expected: readonly NamedTensor[],
  given: readonly NamedTensor[],
  tolerance: Tolerance = USUAL_TOLERANCE,
): readonly OutputComparison[] {
  const others = new Map(given.map((output) => [output.name, output]));
  const compared = expected.map((output): OutputComparison => {
    const { name, datatype, shape } = output;
    const other = others.get(name);
    if (!other) return { name, kind: 'different', reason: 'it is only here' };
    if (other.datatype !== datatype)
      return { name, kind: 'different', reason: `${datatype} here, ${other.datatype} there` };
    if (other.shape.length !== shape.length || other.shape.some((size, axis) => size !== shape[axis]))
      return {
        name,
        kind: 'different',
        reason: `shape [${shape.join(', ')}] here, [${other.shape.join(', ')}] there`,
      };
    return compareValues(output, other, tolerance);
  });
  const known = new Set(expected.map(({ name }) => name));
  const extra = given.filter(({ name }) => !known.has(name));
  return [
    ...compared,
    ...extra.map(({ name }) => ({ name, kind: 'different', reason: 'it is only there' }) as const),
  ];
}
