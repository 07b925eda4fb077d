import type { Candidate } from '../format.ts';
import { MalformedFile } from '../malformed-file.ts';
import { readZipEntry, type ZipEntry } from '../zip-directory.ts';

/** Bytes of a pickle or a source file in an archive that are read at most. */
const MAX_ENTRY_BYTES = 64 * 1024 * 1024;

/** A zip archive of PyTorch: its entries without the one folder that all of them lie in. */
export interface TorchArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  has(name: string): boolean;
  /** Bytes of all entries below a folder, as declared. */
  sizeBelow(folder: string): number;
  /**
   * Content of an entry, whole; null where there is none. A reader that wants more than pickles and source files have
   * says so. @throws MalformedFile where the entry is longer than `maxBytes` (64 MiB) or shorter than it declares.
   */
  read(name: string, maxBytes?: number): Promise<Uint8Array | null>;
}

/** The archive of a candidate; null where it is no zip. */
export function torchArchive({ zip, source }: Pick<Candidate, 'zip' | 'source'>): TorchArchive | null {
  if (zip === null) return null;
  const [first] = zip.entries;
  const root = first?.name.includes('/') === true ? first.name.slice(0, first.name.indexOf('/') + 1) : '';
  const isShared = zip.entries.every(({ name }) => name.startsWith(root));
  const entries = new Map(
    zip.entries.map((entry) => [isShared ? entry.name.slice(root.length) : entry.name, entry]),
  );
  return {
    entries,
    has: (name) => entries.has(name),
    sizeBelow: (folder) => {
      let size = 0;
      for (const [name, entry] of entries) if (name.startsWith(`${folder}/`)) size += entry.size;
      return size;
    },
    read: async (name, maxBytes = MAX_ENTRY_BYTES) => {
      const entry = entries.get(name);
      if (entry === undefined) return null;
      if (entry.size > maxBytes)
        throw new MalformedFile(`entry ${name} has ${entry.size} bytes; at most ${maxBytes} are read`);
      const bytes = await readZipEntry(source, entry, maxBytes);
      if (bytes.byteLength !== entry.size)
        throw new MalformedFile(
          `entry ${name} has ${bytes.byteLength} of the ${entry.size} bytes that it declares`,
        );
      return bytes;
    },
  };
}

/** An entry as one line of text; '' where there is none. */
export async function readLine(archive: TorchArchive, name: string): Promise<string> {
  const bytes = await archive.read(name);
  return bytes === null ? '' : new TextDecoder('utf-8').decode(bytes.subarray(0, 1000)).trim();
}
