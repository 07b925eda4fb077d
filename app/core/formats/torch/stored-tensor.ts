import { MalformedFile } from '../malformed-file.ts';
import { SymbolicInt } from './symbolic-int.ts';
import type { TensorGraph } from './tensor-graph.ts';
import { TORCH_DTYPES, type TorchDtype } from './torch-dtypes.ts';
import { TorchTensor, type TorchScalar } from './torch-tensor.ts';

/** The bytes of a storage of an archive. */
export interface TorchStorage {
  readonly entry: string;
  /** Where its bytes begin in the file; null where they are compressed. */
  readonly offset: number | null;
  readonly byteLength: number;
  /** The bytes themselves, of small ones only. */
  readonly bytes: Uint8Array | null;
  /** Reads all of it. @throws MalformedFile where its entry does not hold what it declares. */
  readonly read: () => Promise<Uint8Array>;
}

/** A tensor of an archive: elements of a storage, which other tensors may share. */
export interface StoredTensor {
  readonly storage: TorchStorage;
  readonly dtype: TorchDtype;
  readonly size: readonly number[];
  readonly stride: readonly number[];
  /** In elements. */
  readonly offset: number;
}

/** Whether the elements lie one behind the other in the order of the dims. */
export function isContiguous({ size, stride }: StoredTensor): boolean {
  let expected = 1;
  for (let axis = size.length - 1; axis >= 0; axis--) {
    const count = size[axis] ?? 1;
    if (count !== 1 && stride[axis] !== expected) return false;
    expected *= count;
  }
  return true;
}

/** @throws MalformedFile where elements of the tensor would lie outside its storage. */
export function checkStoredTensor(tensor: StoredTensor): void {
  const { size, stride, offset, storage, dtype } = tensor;
  const numbers = [...size, ...stride, offset];
  const isWrong =
    numbers.some((each) => !Number.isSafeInteger(each) || each < 0) || size.length !== stride.length;
  if (isWrong)
    throw new MalformedFile(`a tensor in ${storage.entry} has a size or stride that no tensor has`);
  if (size.includes(0)) return;
  const last = size.reduce((sum, count, axis) => sum + (count - 1) * (stride[axis] ?? 0), offset);
  if ((last + 1) * TORCH_DTYPES[dtype].itemBytes > storage.byteLength)
    throw new MalformedFile(`a tensor reaches past the end of ${storage.entry}`);
}

function exactInt(value: bigint): SymbolicInt | null {
  const number = Number(value);
  return Number.isSafeInteger(number) ? SymbolicInt.of(number) : null;
}

/** The number of a tensor without dims whose bytes are at hand. */
function scalarOf(tensor: StoredTensor): TorchScalar | null {
  const { storage, dtype, size } = tensor;
  if (size.length > 0 || storage.bytes === null) return null;
  const view = new DataView(storage.bytes.buffer, storage.bytes.byteOffset, storage.bytes.byteLength);
  const at = tensor.offset * TORCH_DTYPES[dtype].itemBytes;
  switch (dtype) {
    case 'float32':
      return view.getFloat32(at, true);
    case 'float64':
      return view.getFloat64(at, true);
    case 'int64':
      return exactInt(view.getBigInt64(at, true));
    case 'int32':
      return SymbolicInt.of(view.getInt32(at, true));
    case 'bool':
      return view.getUint8(at) !== 0;
    case 'uint8':
    case 'int8':
    case 'int16':
    case 'float16':
    case 'bfloat16':
      return null;
  }
}

/**
 * A tensor of an archive in the graph, once something reads it: its bytes stay in the file. A constant of the program
 * without dims is what a Python number became when it was saved, and decides dtypes no more than that did. A buffer may be
 * written to: who allows that has to see that no later call would notice.
 */
export function weightTensor(
  graph: TensorGraph,
  tensor: StoredTensor,
  place: { readonly attribute: string } | { readonly constant: string } | 'buffer',
): TorchTensor {
  const { dtype, size } = tensor;
  const scalar = scalarOf(tensor);
  const name = place === 'buffer' ? null : 'attribute' in place ? place.attribute : place.constant;
  return new TorchTensor({
    dtype,
    dims: size.map((count) => SymbolicInt.of(count)),
    make: () => graph.weight(tensor),
    scalar,
    isWrappedNumber: place !== 'buffer' && 'constant' in place && scalar !== null,
    isContiguous: isContiguous(tensor),
    ...(name !== null && { attribute: name }),
  });
}
