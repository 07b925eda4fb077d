import { unzipSync, zipSync } from 'fflate';
import { StatusError } from '../status.ts';
import { readNpy, writeNpy } from './npy.ts';
import { MAX_TENSOR_BYTES } from './tensor-size.ts';
import type { NamedTensor } from './tensor.ts';

/**
 * Reads a `.npz` archive (plain or compressed): one tensor for each `.npy` entry, named without the ending; other
 * entries are ignored. Throws `invalid-argument` for a broken archive or one that unpacks beyond 2 GiB, and what
 * {@link readNpy} throws, with the entry's name.
 */
export function readNpz(bytes: Uint8Array): NamedTensor[] {
  let total = 0;
  const entries = unzip(bytes, (name, size) => {
    if (!name.endsWith('.npy')) return false;
    total += size;
    if (total > MAX_TENSOR_BYTES)
      throw new StatusError(
        'invalid-argument',
        `this .npz archive unpacks to more than ${MAX_TENSOR_BYTES} bytes`,
      );
    return true;
  });
  return Object.entries(entries).map(([entry, data]) => {
    try {
      const { datatype, shape, data: elements } = readNpy(data);
      return { name: entry.slice(0, -'.npy'.length), datatype, shape, data: elements };
    } catch (cause) {
      if (!(cause instanceof StatusError)) throw cause;
      throw new StatusError(cause.code, `${entry}: ${cause.message}`, { cause });
    }
  });
}

/** Writes tensors as an uncompressed `.npz` archive, as `numpy.savez` does. Throws what {@link writeNpy} throws. */
export function writeNpz(tensors: readonly NamedTensor[]): Uint8Array {
  const entries = Object.fromEntries(tensors.map((tensor) => [`${tensor.name}.npy`, writeNpy(tensor)]));
  return zipSync(entries, { level: 0, mtime: '1980-01-01T00:00:00' });
}

function unzip(
  bytes: Uint8Array,
  isWanted: (name: string, size: number) => boolean,
): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter: (file) => isWanted(file.name, file.originalSize) });
  } catch (cause) {
    if (cause instanceof StatusError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StatusError('invalid-argument', `this is no readable .npz archive: ${why}`, { cause });
  }
}
