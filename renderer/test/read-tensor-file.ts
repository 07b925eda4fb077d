import { StatusError } from '../../app/core/status.ts';
import { isNpy, readNpy } from '../../app/core/tensors/npy.ts';
import { readNpz } from '../../app/core/tensors/npz.ts';
import type { NamedTensor } from '../../app/core/tensors/tensor.ts';

const LARGEST_BYTES = 2 ** 31 - 1;

/** The tensors of a `.npy` (one, without a name) or `.npz` file. Throws a `StatusError` that says what is wrong with it. */
export function readTensorFile(fileName: string, bytes: Uint8Array): readonly NamedTensor[] {
  if (isNpy(bytes)) return [{ name: '', ...readNpy(bytes) }];
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return readNpz(bytes);
  throw new StatusError('invalid-argument', `${fileName} is neither a .npy nor a .npz file.`);
}

/** Reads a file that was dropped or picked. */
export async function loadTensorFile(file: File): Promise<readonly NamedTensor[]> {
  if (file.size > LARGEST_BYTES)
    throw new StatusError(
      'invalid-argument',
      `${file.name} has more than 2 GiB; that is more than one tensor may have.`,
    );
  return readTensorFile(file.name, new Uint8Array(await file.arrayBuffer()));
}
