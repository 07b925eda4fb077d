import { DATATYPES, type Datatype } from '../datatypes.ts';
import { StatusError } from '../status.ts';

/** The largest tensor that Conch makes or reads, in bytes (2 GiB less one: ONNX Runtime's and protobuf's own limit). */
export const MAX_TENSOR_BYTES = 2 ** 31 - 1;

/**
 * Number of elements of a wire shape, checked.
 * Throws `invalid-argument` for a dimension that is negative or not an integer, and for a product beyond 2^53.
 */
export function checkedElementCount(shape: readonly number[]): number {
  let count = 1n;
  for (const [axis, dim] of shape.entries()) {
    if (!Number.isSafeInteger(dim) || dim < 0) {
      throw new StatusError(
        'invalid-argument',
        `dimension ${axis} of shape [${shape.join(',')}] is ${dim}; a size must be an integer of at least 0`,
      );
    }
    count *= BigInt(dim);
  }
  if (count > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new StatusError(
      'invalid-argument',
      `shape [${shape.join(',')}] has ${count} elements, too many to count`,
    );
  }
  return Number(count);
}

/**
 * Bytes of a tensor of this datatype and shape (BYTES: the 4-byte length of each element, the least that it can take).
 * Throws `invalid-argument` for a bad shape and for more than {@link MAX_TENSOR_BYTES}.
 */
export function checkedByteSize(datatype: Datatype, shape: readonly number[]): number {
  const elementBytes = DATATYPES[datatype].elementBytes === 0 ? 4 : DATATYPES[datatype].elementBytes;
  const bytes = checkedElementCount(shape) * elementBytes;
  if (bytes > MAX_TENSOR_BYTES) {
    throw new StatusError(
      'invalid-argument',
      `a ${datatype} tensor of shape [${shape.join(',')}] takes ${bytes} bytes; at most ${MAX_TENSOR_BYTES} are possible`,
    );
  }
  return bytes;
}
