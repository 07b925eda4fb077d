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

/**
 * The tensor that is meant for an input: the one of its name, the only one, or the one at its position ("0", "arr_0").
 * Throws `not-found` naming what the file holds instead.
 */
export function tensorFor(
  tensors: readonly NamedTensor[],
  input: string,
  position: number,
  isOnly: boolean,
): NamedTensor {
  const byName = tensors.find(({ name }) => name === input);
  const byPosition = tensors.find(({ name }) => name === String(position) || name === `arr_${position}`);
  const found =
    byName ??
    byPosition ??
    (tensors.length === 1 && (isOnly || tensors[0]?.name === '') ? tensors[0] : undefined);
  if (found !== undefined) return found;
  const names = tensors.map(({ name }) => `'${name}'`).join(', ');
  throw new StatusError(
    'not-found',
    `The file holds ${names === '' ? 'no arrays' : names}, none for the input '${input}'.`,
  );
}
