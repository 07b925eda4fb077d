import { VARINT_IS_CUT, VARINT_IS_TOO_LONG, VarintReader } from '../protobuf/varint-reader.ts';
import { MalformedFile } from './malformed-file.ts';
import { MAX_READ_BYTES, WindowReader } from './window-reader.ts';

/** One field of a protobuf message, as a visitor sees it. The object is reused: keep what you need, not it. */
export interface ProtobufField {
  number: number;
  /** 0 varint, 1 eight bytes, 2 a length and bytes, 5 four bytes. */
  wireType: 0 | 1 | 2 | 5;
  /** Of a varint, its low 64 bits; else 0n. */
  varint: bigint;
  /** Offset of the value (wire type 2: of the bytes, without their length) in the file. */
  offset: number;
  /** Bytes of the value. */
  length: number;
}

/** What to do with each field; a promise is awaited before the next field. */
export type FieldVisitor = (field: ProtobufField) => Promise<void> | undefined | void;

/** Fields in one file, nested ones included, that are looked at before giving up. */
const MAX_FIELDS = 60_000_000;
/** Longest name, key or text that is read. */
const MAX_TEXT_BYTES = 64 * 1024;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Walks protobuf messages in a file without loading them: payloads that a visitor does not ask for are jumped over.
 * Every length is checked against the message around it; broken bytes throw {@link MalformedFile} with the offset.
 */
export class ProtobufReader {
  readonly window: WindowReader;
  readonly #varint = new VarintReader();
  #fieldsSeen = 0;

  constructor(window: WindowReader) {
    this.window = window;
  }

  /** Visits the fields of the message in `[start, end)`. Finishes without a promise where all lies in the window. */
  walk(start: number, end: number, visit: FieldVisitor): Promise<void> | undefined {
    const field = newField();
    let position = start;
    while (position < end) {
      if (!this.window.has(position, Math.min(end - position, 20)))
        return this.#walkOn(position, end, visit, undefined);
      position = this.#readField(field, position, end);
      const pending = visit(field);
      if (pending !== undefined) return this.#walkOn(position, end, visit, pending);
    }
    return undefined;
  }

  /** Text of a length-delimited field, at most 64 KiB of it. */
  async text(field: ProtobufField): Promise<string> {
    const { offset, length } = field;
    const wanted = Math.min(length, MAX_TEXT_BYTES);
    if (!this.window.has(offset, wanted)) await this.window.load(offset, wanted);
    return decoder.decode(this.window.bytes(offset, wanted)) + (length > wanted ? '…' : '');
  }

  /** Hands the text of a field to `take`, without a promise where it lies in the window. */
  takeText(field: ProtobufField, take: (text: string) => void): Promise<void> | undefined {
    if (field.length <= MAX_TEXT_BYTES && this.window.has(field.offset, field.length)) {
      take(decoder.decode(this.window.bytes(field.offset, field.length)));
      return undefined;
    }
    return this.text(field).then(take);
  }

  /** Values of a repeated integer field, packed or not, appended to `into`; at most `limit` of them. */
  takeIntegers(field: ProtobufField, into: bigint[], limit: number): Promise<void> | undefined {
    if (field.wireType === 0) {
      if (into.length < limit) into.push(BigInt.asIntN(64, field.varint));
      return undefined;
    }
    const { offset, length } = field;
    if (length > MAX_READ_BYTES) throw new MalformedFile(`a list of integers takes ${length} bytes`, offset);
    const take = (): void => {
      for (let position = offset; position < offset + length && into.length < limit;) {
        position = this.#readVarint(position, offset + length);
        into.push(BigInt.asIntN(64, this.#varint.value));
      }
    };
    if (this.window.has(offset, length)) {
      take();
      return undefined;
    }
    return this.window.load(offset, length).then(take);
  }

  async #walkOn(
    start: number,
    end: number,
    visit: FieldVisitor,
    pending: Promise<void> | undefined,
  ): Promise<void> {
    await pending;
    const field = newField();
    let position = start;
    while (position < end) {
      const needed = Math.min(end - position, 20);
      if (!this.window.has(position, needed)) await this.window.load(position, needed);
      if (!this.window.has(position, needed)) throw new MalformedFile('the file ends here', position);
      position = this.#readField(field, position, end);
      await visit(field);
    }
  }

  #readField(field: ProtobufField, start: number, end: number): number {
    if (++this.#fieldsSeen > MAX_FIELDS) throw new MalformedFile(`more than ${MAX_FIELDS} fields`, start);
    let position = this.#readVarint(start, end);
    const key = this.#varint.low;
    if (this.#varint.high !== 0) throw new MalformedFile('the field number is too large', start);
    const number = key >>> 3;
    const wireType = key & 7;
    if (number === 0) throw new MalformedFile('the field number is 0', start);
    field.number = number;
    field.varint = 0n;
    field.offset = position;
    switch (wireType) {
      case 0:
        position = this.#readVarint(position, end);
        field.varint = this.#varint.value;
        field.length = position - field.offset;
        break;
      case 1:
      case 5:
        field.length = wireType === 1 ? 8 : 4;
        position += field.length;
        break;
      case 2:
        position = this.#readVarint(position, end);
        field.offset = position;
        field.length = this.#varint.low + this.#varint.high * 2 ** 32;
        if (field.length > end - position) {
          throw new MalformedFile(
            `field ${number} is said to take ${field.length} bytes, ${end - position} are left`,
            start,
          );
        }
        position += field.length;
        break;
      default:
        throw new MalformedFile(
          `field ${number} has wire type ${wireType}, which does not exist here`,
          start,
        );
    }
    if (position > end) throw new MalformedFile(`field ${number} reaches past the end of its message`, start);
    field.wireType = wireType;
    return position;
  }

  /** Reads the number at a place of the window; it stands in `#varint` afterwards. */
  #readVarint(start: number, end: number): number {
    const { held, start: origin } = this.window;
    const next = this.#varint.read(held, start - origin, end - origin);
    if (next === VARINT_IS_CUT) throw new MalformedFile('a number is cut short', start);
    if (next === VARINT_IS_TOO_LONG) throw new MalformedFile('a number is longer than 10 bytes', start);
    return next + origin;
  }
}

function newField(): ProtobufField {
  return { number: 0, wireType: 0, varint: 0n, offset: 0, length: 0 };
}
