import { DATATYPES, type Datatype } from '../datatypes.ts';
import { StatusError } from '../status.ts';
import { asBoolean, asDouble, asUnsigned, isSigned, wrongKind } from './json-access.ts';
import { isJsonArray, JsonNumbers, type JsonValue } from './json-document.ts';
import { printDouble } from './json-double.ts';
import { printString } from './json-text.ts';

/** Datatypes that JSON `data` can carry. */
export type JsonDatatype = Exclude<Datatype, 'FP16' | 'BF16'>;

const MAX_NESTING = 100;
const DATA = "Unable to parse 'data': ";
const BYTES_ARRAY = 'Unable to parse JSON bytes array: ';

function tooDeep(prefix: string): StatusError {
  return new StatusError(
    'invalid-argument',
    `${prefix}JSON nesting depth exceeds maximum allowed limit (${MAX_NESTING})`,
  );
}

type NumericDatatype = Exclude<JsonDatatype, 'BYTES'>;
type Writer = (view: DataView, at: number, value: JsonValue) => void;

function signed(value: JsonValue): number | bigint {
  if (isSigned(value)) return value;
  throw wrongKind('signed', DATA);
}

/** Writes one element; integers wrap to their width as in C. */
const WRITERS: { readonly [Name in NumericDatatype]: Writer } = {
  BOOL: (view, at, value) => view.setUint8(at, asBoolean(value, DATA) ? 1 : 0),
  UINT8: (view, at, value) => view.setUint8(at, Number(BigInt.asUintN(8, asUnsigned(value, DATA)))),
  UINT16: (view, at, value) => view.setUint16(at, Number(BigInt.asUintN(16, asUnsigned(value, DATA))), true),
  UINT32: (view, at, value) => view.setUint32(at, Number(BigInt.asUintN(32, asUnsigned(value, DATA))), true),
  UINT64: (view, at, value) => view.setBigUint64(at, asUnsigned(value, DATA), true),
  INT8: (view, at, value) => view.setInt8(at, Number(BigInt.asIntN(8, BigInt(signed(value))))),
  INT16: (view, at, value) => view.setInt16(at, Number(BigInt.asIntN(16, BigInt(signed(value)))), true),
  INT32: (view, at, value) => view.setInt32(at, Number(BigInt.asIntN(32, BigInt(signed(value)))), true),
  INT64: (view, at, value) => view.setBigInt64(at, BigInt(signed(value)), true),
  FP32: (view, at, value) => view.setFloat32(at, asDouble(value, DATA), true),
  FP64: (view, at, value) => view.setFloat64(at, asDouble(value, DATA), true),
};

/** Fills a tensor from a flat array of plain numbers without looking at each twice; false: take the slow way. */
function fillFast(data: JsonNumbers, datatype: NumericDatatype, view: DataView, from: number): boolean {
  const { values } = data;
  if (datatype === 'FP32') {
    for (const [index, value] of values.entries()) view.setFloat32(from + index * 4, value, true);
    return true;
  }
  if (datatype === 'FP64') {
    for (const [index, value] of values.entries()) view.setFloat64(from + index * 8, value, true);
    return true;
  }
  if (datatype === 'INT32' && data.firstDouble < 0 && !data.exact) {
    for (const [index, value] of values.entries()) view.setInt32(from + index * 4, value, true);
    return true;
  }
  return false;
}

function readNumeric(data: JsonValue, datatype: NumericDatatype, count: number): Uint8Array<ArrayBuffer> {
  const { elementBytes } = DATATYPES[datatype];
  const bytes = new Uint8Array(count * elementBytes);
  const view = new DataView(bytes.buffer);
  const write = WRITERS[datatype];
  let filled = 0;
  const visit = (value: JsonValue, depth: number): void => {
    if (!isJsonArray(value)) {
      if (filled >= count) {
        throw new StatusError('internal', `${DATA}Shape does not match true shape of 'data' field`);
      }
      write(view, filled * elementBytes, value);
      filled += 1;
      return;
    }
    if (depth >= MAX_NESTING) throw tooDeep(DATA);
    if (value instanceof JsonNumbers) {
      const isFilled =
        filled + value.values.length <= count && fillFast(value, datatype, view, filled * elementBytes);
      if (isFilled) filled += value.values.length;
      else for (const element of value.toArray()) visit(element, depth + 1);
      return;
    }
    for (const element of value) visit(element, depth + 1);
  };
  if (!isJsonArray(data)) throw wrongKind('array', DATA);
  visit(data, 1);
  if (filled !== count) {
    throw new StatusError('internal', "Failed to parse 'data' field: shape does not match true shape");
  }
  return bytes;
}

function readStrings(data: JsonValue, count: number): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const elements: Uint8Array[] = [];
  let byteLength = 0;
  const visit = (value: JsonValue, depth: number): void => {
    if (isJsonArray(value)) {
      if (depth >= MAX_NESTING) throw tooDeep(BYTES_ARRAY);
      const children = value instanceof JsonNumbers ? value.toArray() : value;
      for (const child of children) visit(child, depth + 1);
      return;
    }
    if (typeof value !== 'string') throw wrongKind('string', BYTES_ARRAY);
    const element = encoder.encode(value);
    elements.push(element);
    byteLength += element.byteLength + 4;
  };
  if (!isJsonArray(data)) throw wrongKind('array', BYTES_ARRAY);
  visit(data, 1);
  if (elements.length > count) {
    throw new StatusError('internal', `${DATA}Shape does not match true shape of 'data' field`);
  }
  if (elements.length < count) {
    throw new StatusError('internal', "Failed to parse 'data' field: shape does not match true shape");
  }
  const bytes = new Uint8Array(byteLength);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const element of elements) {
    view.setUint32(at, element.byteLength, true);
    bytes.set(element, at + 4);
    at += 4 + element.byteLength;
  }
  return bytes;
}

/**
 * The bytes of a tensor of `count` elements from its JSON `data` (nested at will, as Triton allows).
 * Integers wrap to their width; 64-bit ones are exact.
 * @throws StatusError in Triton's words for a wrong kind of element or a wrong number of them.
 */
export function readJsonData(
  data: JsonValue,
  datatype: JsonDatatype,
  count: number,
): Uint8Array<ArrayBuffer> {
  return datatype === 'BYTES' ? readStrings(data, count) : readNumeric(data, datatype, count);
}

/** The bytes of a single element that stands without an array around it. @throws StatusError in Triton's words. */
export function readJsonScalar(value: JsonValue, datatype: JsonDatatype): Uint8Array<ArrayBuffer> {
  if (datatype === 'BYTES') return readStrings([value], 1);
  const bytes = new Uint8Array(DATATYPES[datatype].elementBytes);
  WRITERS[datatype](new DataView(bytes.buffer), 0, value);
  return bytes;
}

type Printer = (view: DataView, at: number) => string;

const PRINTERS: { readonly [Name in NumericDatatype]: Printer } = {
  BOOL: (view, at) => (view.getUint8(at) === 0 ? 'false' : 'true'),
  UINT8: (view, at) => String(view.getUint8(at)),
  UINT16: (view, at) => String(view.getUint16(at, true)),
  UINT32: (view, at) => String(view.getUint32(at, true)),
  UINT64: (view, at) => String(view.getBigUint64(at, true)),
  INT8: (view, at) => String(view.getInt8(at)),
  INT16: (view, at) => String(view.getInt16(at, true)),
  INT32: (view, at) => String(view.getInt32(at, true)),
  INT64: (view, at) => String(view.getBigInt64(at, true)),
  FP32: (view, at) => printDouble(view.getFloat32(at, true)),
  FP64: (view, at) => printDouble(view.getFloat64(at, true)),
};

function printStrings(data: Uint8Array, view: DataView): string[] {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const printed: string[] = [];
  for (let at = 0; at + 4 <= data.byteLength;) {
    const length = view.getUint32(at, true);
    printed.push(printString(decoder.decode(data.subarray(at + 4, at + 4 + length))));
    at += 4 + length;
  }
  return printed;
}

/** The elements of a tensor as Triton prints them in JSON, row-major. */
export function printJsonElements(datatype: JsonDatatype, data: Uint8Array): string[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (datatype === 'BYTES') return printStrings(data, view);
  const { elementBytes } = DATATYPES[datatype];
  const print = PRINTERS[datatype];
  const printed: string[] = [];
  for (let at = 0; at + elementBytes <= data.byteLength; at += elementBytes) printed.push(print(view, at));
  return printed;
}

/** The `data` member of an output as Triton prints it, brackets included: flat, row-major. */
export function printJsonData(datatype: JsonDatatype, data: Uint8Array): string {
  return `[${printJsonElements(datatype, data).join(',')}]`;
}
