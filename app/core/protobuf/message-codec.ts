import { StatusError } from '../status.ts';
import { MalformedMessage, MessageReader } from './message-reader.ts';
import { MessageWriter } from './message-writer.ts';

/** One field of a message in a table of messages. */
export interface FieldSpec {
  readonly name: string;
  readonly number: number;
  /** A plain type of protobuf, or the name of an enum or a message of the same schema. */
  readonly type: string;
  readonly repeated?: true;
  /** The field is a map with keys of this type; `type` is the type of its values. */
  readonly mapKey?: 'string' | 'uint64';
  /** Name of the oneof that the field belongs to: it is written also when it holds its default. */
  readonly oneof?: string;
}

/** Tables of messages and enums, by name. An enum's values stand each at its number. */
export interface MessageSchema {
  readonly messages: Readonly<Record<string, readonly FieldSpec[]>>;
  readonly enums: Readonly<Record<string, readonly string[]>>;
}

/** A field's value: 64-bit integers are bigints when they were read, and may be numbers when they are to be written. */
export type MessageValue =
  string | number | bigint | boolean | Uint8Array | readonly MessageValue[] | PlainMessage;

/** A message as plain data with the proto's own field names. A field that is absent holds proto3's default. */
export interface PlainMessage {
  readonly [name: string]: MessageValue | undefined;
}

/** List items and map entries that one message may have in all, so that a few bytes cannot become many objects. */
const MAX_ITEMS = 4096;
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

const sorted = new WeakMap<readonly FieldSpec[], readonly FieldSpec[]>();

/** Fields in the order of their numbers, in which protobuf writes them. */
function inOrder(fields: readonly FieldSpec[]): readonly FieldSpec[] {
  let order = sorted.get(fields);
  if (!order) {
    order = fields.toSorted((left, right) => left.number - right.number);
    sorted.set(fields, order);
  }
  return order;
}

function fieldsOf(schema: MessageSchema, message: string): readonly FieldSpec[] {
  const fields = schema.messages[message];
  if (!fields) throw new Error(`there is no message ${message}`);
  return fields;
}

function isMessage(schema: MessageSchema, type: string): boolean {
  return Object.hasOwn(schema.messages, type);
}

function wireTypeOf(schema: MessageSchema, type: string): 0 | 1 | 2 | 5 {
  if (type === 'string' || type === 'bytes' || isMessage(schema, type)) return 2;
  if (type === 'double') return 1;
  return type === 'float' ? 5 : 0;
}

function clamped(value: MessageValue, max: bigint): bigint | number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  const integer = BigInt(value as bigint | number);
  return integer > max ? max : integer;
}

class Encoder {
  readonly #schema: MessageSchema;

  constructor(schema: MessageSchema) {
    this.#schema = schema;
  }

  message(message: string, value: PlainMessage): Uint8Array<ArrayBuffer> {
    const writer = new MessageWriter();
    for (const field of inOrder(fieldsOf(this.#schema, message))) {
      const each = value[field.name];
      if (each !== undefined) this.#field(writer, field, each);
    }
    return writer.finish();
  }

  #field(writer: MessageWriter, field: FieldSpec, value: MessageValue): void {
    if (field.mapKey !== undefined) this.#map(writer, field, value as PlainMessage);
    else if (field.repeated) this.#list(writer, field, value as readonly MessageValue[]);
    else if (field.oneof !== undefined || !this.#isDefault(field.type, value)) {
      writer.tag(field.number, wireTypeOf(this.#schema, field.type));
      this.#value(writer, field.type, value);
    }
  }

  #isDefault(type: string, value: MessageValue): boolean {
    if (isMessage(this.#schema, type)) return false;
    if (value instanceof Uint8Array) return value.byteLength === 0;
    if (value === '' || value === 0 || value === 0n || value === false) return !Object.is(value, -0);
    return typeof value === 'string' && this.#schema.enums[type]?.[0] === value;
  }

  #list(writer: MessageWriter, field: FieldSpec, items: readonly MessageValue[]): void {
    const wireType = wireTypeOf(this.#schema, field.type);
    if (items.length === 0) return;
    if (wireType === 2) {
      for (const item of items) {
        writer.tag(field.number, 2);
        this.#value(writer, field.type, item);
      }
      return;
    }
    const packed = new MessageWriter();
    for (const item of items) this.#value(packed, field.type, item);
    writer.tag(field.number, 2);
    writer.bytes(packed.finish());
  }

  #map(writer: MessageWriter, field: FieldSpec, entries: PlainMessage): void {
    for (const [key, value] of Object.entries(entries)) {
      if (value === undefined) continue;
      const entry = new MessageWriter();
      entry.tag(1, field.mapKey === 'string' ? 2 : 0);
      this.#value(entry, field.mapKey ?? 'string', field.mapKey === 'uint64' ? BigInt(key) : key);
      entry.tag(2, wireTypeOf(this.#schema, field.type));
      this.#value(entry, field.type, value);
      writer.tag(field.number, 2);
      writer.bytes(entry.finish());
    }
  }

  #value(writer: MessageWriter, type: string, value: MessageValue): void {
    switch (type) {
      case 'string':
        writer.text(value as string);
        return;
      case 'bytes':
        writer.bytes(value as Uint8Array);
        return;
      case 'bool':
        writer.varint(value === true ? 1 : 0);
        return;
      case 'float':
        writer.float(Number(value));
        return;
      case 'double':
        writer.double(Number(value));
        return;
      case 'int32':
      case 'uint32':
      case 'int64':
        writer.varint64(clamped(value, MAX_INT64));
        return;
      case 'uint64':
        writer.varint64(clamped(value, MAX_UINT64));
        return;
      default:
        if (isMessage(this.#schema, type)) writer.bytes(this.message(type, value as PlainMessage));
        else writer.varint(this.#schema.enums[type]?.indexOf(value as string) ?? 0);
    }
  }
}

class Decoder {
  readonly #schema: MessageSchema;
  #itemsLeft = MAX_ITEMS;

  constructor(schema: MessageSchema) {
    this.#schema = schema;
  }

  message(message: string, reader: MessageReader): PlainMessage {
    const fields = fieldsOf(this.#schema, message);
    const result: Record<string, MessageValue> = {};
    while (reader.next()) {
      const field = fields.find(({ number }) => number === reader.number);
      if (field) this.#field(field, reader, result, fields);
    }
    return result;
  }

  #count(field: FieldSpec): void {
    this.#itemsLeft -= 1;
    if (this.#itemsLeft >= 0) return;
    throw new StatusError(
      'invalid-argument',
      `too many entries in '${field.name}': a request may have ${MAX_ITEMS} in all`,
    );
  }

  #field(
    field: FieldSpec,
    reader: MessageReader,
    result: Record<string, MessageValue>,
    fields: readonly FieldSpec[],
  ): void {
    const { name, mapKey, repeated, type, oneof } = field;
    const wireType = wireTypeOf(this.#schema, mapKey === undefined ? type : 'bytes');
    const isPacked = repeated === true && wireType !== 2 && reader.wireType === 2;
    if (reader.wireType !== wireType && !isPacked) return;
    if (mapKey !== undefined) {
      this.#count(field);
      const entry = this.#entry(field, reader.message());
      const entries = Object.hasOwn(result, name) ? (result[name] as Record<string, MessageValue>) : {};
      Object.defineProperty(entries, entry.key, {
        value: entry.value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      result[name] = entries;
    } else if (repeated) {
      const items = Object.hasOwn(result, name) ? (result[name] as MessageValue[]) : [];
      result[name] = items;
      if (isPacked) this.#packed(field, reader, items);
      else {
        this.#count(field);
        items.push(this.#value(type, reader));
      }
    } else {
      for (const other of fields) if (oneof !== undefined && other.oneof === oneof) delete result[other.name];
      result[name] = this.#value(type, reader);
    }
  }

  #entry(field: FieldSpec, reader: MessageReader): { key: string; value: MessageValue } {
    const { mapKey = 'string', type } = field;
    let key = mapKey === 'string' ? '' : '0';
    let value: MessageValue | null = null;
    while (reader.next()) {
      if (reader.number === 1 && reader.wireType === wireTypeOf(this.#schema, mapKey)) {
        key = mapKey === 'string' ? reader.text() : String(reader.varint.value);
      } else if (reader.number === 2 && reader.wireType === wireTypeOf(this.#schema, type)) {
        value = this.#value(type, reader);
      }
    }
    return { key, value: value ?? (type === 'string' ? '' : {}) };
  }

  #packed(field: FieldSpec, reader: MessageReader, items: MessageValue[]): void {
    const { bytes, offset, length, varint } = reader;
    const end = offset + length;
    const fixed = { float: 4, double: 8 }[field.type];
    for (let at = offset; at < end;) {
      this.#count(field);
      if (fixed !== undefined) {
        if (at + fixed > end) throw new MalformedMessage(`list ${field.name} is cut short`);
        items.push(readFloat(bytes, at, fixed));
        at += fixed;
        continue;
      }
      const next = varint.read(bytes, at, end);
      if (next < 0) throw new MalformedMessage(`list ${field.name} is cut short`);
      items.push(this.#varint(field.type, reader));
      at = next;
    }
  }

  #value(type: string, reader: MessageReader): MessageValue {
    if (type === 'string') return reader.text();
    if (type === 'bytes') return reader.view();
    if (type === 'float' || type === 'double') return readFloat(reader.bytes, reader.offset, reader.length);
    if (isMessage(this.#schema, type)) return this.message(type, reader.message());
    return this.#varint(type, reader);
  }

  #varint(type: string, { varint }: MessageReader): MessageValue {
    switch (type) {
      case 'bool':
        return varint.low !== 0 || varint.high !== 0;
      case 'int32':
        return varint.low | 0;
      case 'uint32':
        return varint.low;
      case 'int64':
        return BigInt.asIntN(64, varint.value);
      case 'uint64':
        return varint.value;
      default:
        return this.#schema.enums[type]?.[varint.low] ?? varint.low;
    }
  }
}

function readFloat(bytes: Uint8Array, offset: number, length: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length);
  return length === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
}

/** A message's bytes, its fields in the order of their numbers and defaults left out, as protobuf writes them. */
export function encodeMessage(
  schema: MessageSchema,
  message: string,
  value: PlainMessage,
): Uint8Array<ArrayBuffer> {
  return new Encoder(schema).message(message, value);
}

/**
 * Reads a message; unknown fields are skipped, `bytes` fields are views into what was given.
 * @throws MalformedMessage for bytes that are none; StatusError `invalid-argument` for more than 4096 items in all.
 */
export function decodeMessage(schema: MessageSchema, message: string, bytes: Uint8Array): PlainMessage {
  return new Decoder(schema).message(message, new MessageReader(bytes));
}
