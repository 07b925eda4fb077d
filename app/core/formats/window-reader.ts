import type { ByteSource } from './byte-source.ts';

const FIRST_WINDOW_BYTES = 16 * 1024;
const LARGEST_WINDOW_BYTES = 512 * 1024;
/** A part this large is never read whole. */
export const MAX_READ_BYTES = 16 * 1024 * 1024;

/**
 * A window over a {@link ByteSource}: what lies in it is read without waiting. It grows while reading goes straight
 * on and starts small again after a jump, so that jumping over a gigabyte of weights reads a few kilobytes.
 */
export class WindowReader {
  readonly size: number;
  #source: ByteSource;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #windowBytes = FIRST_WINDOW_BYTES;

  constructor(source: ByteSource) {
    this.#source = source;
    this.size = source.size;
  }

  /** Whether `[offset, offset + length)` can be read without waiting. */
  has(offset: number, length: number): boolean {
    return offset >= this.#start && offset + length <= this.#start + this.#bytes.byteLength;
  }

  /** Makes `[offset, offset + length)` readable, up to the end of the source. */
  async load(offset: number, length: number): Promise<void> {
    const end = this.#start + this.#bytes.byteLength;
    const goesOn = offset >= this.#start && offset <= end;
    this.#windowBytes = goesOn ? Math.min(this.#windowBytes * 2, LARGEST_WINDOW_BYTES) : FIRST_WINDOW_BYTES;
    const wanted = Math.min(Math.max(length, this.#windowBytes), this.size - offset);
    this.#bytes = await this.#source.read(offset, wanted);
    this.#start = offset;
  }

  /** What lies in the window now. */
  get held(): Uint8Array {
    return this.#bytes;
  }

  /** Where the window begins in the source. */
  get start(): number {
    return this.#start;
  }

  /** Bytes of the window, not copied. */
  bytes(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
  }
}
