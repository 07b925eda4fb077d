const FIRST_BYTES = 256;
const UINT32 = 2 ** 32;

const encoder = new TextEncoder();

/** Writes the fields of one message, as they come, into a buffer that grows. */
export class MessageWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  #reserve(count: number): void {
    const wanted = this.#length + count;
    if (wanted <= this.#bytes.byteLength) return;
    const larger = new Uint8Array(Math.max(wanted, this.#bytes.byteLength * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  /** A number from 0 to 2^53. */
  varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = rest < UINT32 ? rest >>> 7 : Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** The low 64 bits of an integer, negative ones as two's complement. */
  varint64(value: bigint | number): void {
    if (typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)) {
      this.varint(value);
      return;
    }
    this.#reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  /** The start of a field. */
  tag(number: number, wireType: 0 | 1 | 2 | 5): void {
    this.varint(number * 8 + wireType);
  }

  float(value: number): void {
    this.#reserve(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Bytes with their length before them. */
  bytes(value: Uint8Array): void {
    this.varint(value.byteLength);
    this.#reserve(value.byteLength);
    this.#bytes.set(value, this.#length);
    this.#length += value.byteLength;
  }

  /** Text with its length before it. */
  text(value: string): void {
    const short = value.length < 0x80 / 3;
    if (!short) {
      this.bytes(encoder.encode(value));
      return;
    }
    this.#reserve(0x80);
    const { written } = encoder.encodeInto(value, this.#bytes.subarray(this.#length + 1));
    this.#bytes[this.#length] = written;
    this.#length += written + 1;
  }

  /** What was written; the writer must not be used any more. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}
