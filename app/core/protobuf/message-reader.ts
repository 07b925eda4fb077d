import { VARINT_IS_CUT, VarintReader } from './varint-reader.ts';

/** Bytes that are no protobuf message. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** 0 varint, 1 eight bytes, 2 a length and bytes, 5 four bytes. */
export type WireType = 0 | 1 | 2 | 5;

const MAX_SHORT_TEXT_BYTES = 64;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of UTF-8 bytes. @throws MalformedMessage for bytes that are none, as every protobuf parser does. */
export function readText(bytes: Uint8Array, offset: number, length: number): string {
  if (length <= MAX_SHORT_TEXT_BYTES) {
    let text = '';
    let index = offset;
    for (; index < offset + length; index++) {
      const byte = bytes[index] ?? 0x80;
      if (byte >= 0x80) break;
      text += String.fromCharCode(byte);
    }
    if (index === offset + length) return text;
  }
  try {
    return decoder.decode(bytes.subarray(offset, offset + length));
  } catch {
    throw new MalformedMessage('a text is not UTF-8');
  }
}

/**
 * Walks the fields of one message that is whole in memory: `next()` moves to the next field, whose parts stand in the
 * properties. Nothing is copied and nothing is made. Every length is checked against the message around it.
 */
export class MessageReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  /** Field number. */
  number = 0;
  wireType: WireType = 0;
  /** Where the value begins (wire type 2: behind its length). */
  offset = 0;
  /** Bytes of the value. */
  length = 0;
  /** The last varint: the value of a field of wire type 0. */
  readonly varint = new VarintReader();
  #position: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.byteLength) {
    this.bytes = bytes;
    this.end = end;
    this.#position = start;
  }

  /** Moves to the next field; false at the end. @throws MalformedMessage */
  next(): boolean {
    if (this.#position >= this.end) return false;
    this.#read();
    const key = this.varint.low;
    this.number = key >>> 3;
    if (this.varint.high !== 0 || this.number === 0) throw new MalformedMessage('a field number is wrong');
    this.offset = this.#position;
    switch (key & 7) {
      case 0:
        this.wireType = 0;
        this.#read();
        this.length = this.#position - this.offset;
        return true;
      case 1:
        this.wireType = 1;
        return this.#take(8);
      case 5:
        this.wireType = 5;
        return this.#take(4);
      case 2:
        this.wireType = 2;
        this.#read();
        this.offset = this.#position;
        return this.#take(this.varint.low + this.varint.high * 2 ** 32);
      default:
        throw new MalformedMessage(`field ${this.number} has wire type ${key & 7}`);
    }
  }

  #read(): void {
    const position = this.varint.read(this.bytes, this.#position, this.end);
    if (position < 0) {
      throw new MalformedMessage(
        position === VARINT_IS_CUT ? 'a number is cut short' : 'a number is too long',
      );
    }
    this.#position = position;
  }

  #take(length: number): true {
    if (length > this.end - this.#position) {
      throw new MalformedMessage(`field ${this.number} is longer than its message`);
    }
    this.length = length;
    this.#position += length;
    return true;
  }

  /** The field as text. */
  text(): string {
    return readText(this.bytes, this.offset, this.length);
  }

  /** The bytes of the field, not copied. */
  view(): Uint8Array {
    return this.bytes.subarray(this.offset, this.offset + this.length);
  }

  /** A reader of the message that the field is. */
  message(): MessageReader {
    return new MessageReader(this.bytes, this.offset, this.offset + this.length);
  }
}
