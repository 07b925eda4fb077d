import type { Datatype } from '../datatypes.ts';

/**
 * A tensor as it travels everywhere in Conch: `data` is the little-endian, row-major bytes of the binary tensor
 * extension (BYTES elements each prefixed by a u32 length), `shape` is the wire shape (batch dimension included).
 */
export interface Tensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** A tensor with the input or output name that it belongs to. */
export interface NamedTensor extends Tensor {
  readonly name: string;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, dim) => count * dim, 1);
}
