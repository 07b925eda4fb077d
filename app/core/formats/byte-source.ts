/** Something with a size that can be read in ranges, so that looking at a model never slurps its weights. */
export interface ByteSource {
  /** Size in bytes. */
  readonly size: number;
  /** The bytes `[offset, offset + length)`, fewer only where the source ends. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A {@link ByteSource} over bytes in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

/** A file or folder of files offered as a model: relative paths with `/`, each readable in ranges. */
export interface FileTree {
  /** Relative paths of the regular files, in lexical order. */
  readonly paths: readonly string[];
  /** Opens one file of {@link paths}. Rejects with `not-found` for any other. */
  open(path: string): Promise<ByteSource>;
}
