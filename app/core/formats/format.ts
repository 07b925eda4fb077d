import type { ByteSource, FileTree } from './byte-source.ts';
import type { FormatId, ModelDescription } from './model-description.ts';
import type { ZipDirectory } from './zip-directory.ts';

/** A file that may be a model, with what every format looks at first. */
export interface Candidate {
  readonly tree: FileTree;
  /** Path of the file in the tree. */
  readonly path: string;
  readonly source: ByteSource;
  /** The first bytes of the file, at most {@link HEAD_BYTES}. */
  readonly head: Uint8Array;
  /** The entries where the file is a zip archive. */
  readonly zip: ZipDirectory | null;
  /** Why {@link zip} is null though the file begins as a zip archive. */
  readonly zipProblem?: string;
}

/** Bytes of a file that detection may look at without reading again. */
export const HEAD_BYTES = 64 * 1024;

/** One model format. `detect` goes by content; `inspect` never fails on bad content, it says so in its verdict. */
export interface Format {
  readonly id: FormatId;
  readonly name: string;
  detect(candidate: Candidate): boolean | Promise<boolean>;
  inspect(candidate: Candidate): Promise<ModelDescription>;
}

/** Whether the head has these bytes at an offset. */
export function hasBytes(head: Uint8Array, bytes: ArrayLike<number>, offset = 0): boolean {
  for (let index = 0; index < bytes.length; index++) if (head[offset + index] !== bytes[index]) return false;
  return true;
}

/** Whether the head has this ASCII text at an offset. */
export function hasText(head: Uint8Array, text: string, offset = 0): boolean {
  return hasBytes(head, new TextEncoder().encode(text), offset);
}

/** The last part of a path. */
export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
