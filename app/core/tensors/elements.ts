import { DATATYPES, type Datatype } from '../datatypes.ts';
import { StatusError } from '../status.ts';
import { bytesText, decodeBytes, encodeBytes } from './bytes-elements.ts';
import { bfloat16Bytes, bfloat16Values, float16Bytes, float16Values } from './half-floats.ts';
import { checkedElementCount } from './tensor-size.ts';
import type { Tensor } from './tensor.ts';

/** One element: BOOL boolean, INT64 and UINT64 bigint, BYTES its bytes, every other datatype number. */
export type Element = number | bigint | boolean | Uint8Array;

/** The elements of a tensor of numbers, flat and row-major: BOOL as 0 and 1, FP16 and BF16 widened to FP32 (exact). */
type NumericElements =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** Datatypes whose elements are numbers. */
export type NumericDatatype = Exclude<Datatype, 'BYTES'>;

/** Bounds of the integer datatypes, both inclusive. */
export const INTEGER_RANGES = {
  UINT8: [0n, 0xffn],
  UINT16: [0n, 0xffffn],
  UINT32: [0n, 0xffffffffn],
  UINT64: [0n, 0xffffffffffffffffn],
  INT8: [-0x80n, 0x7fn],
  INT16: [-0x8000n, 0x7fffn],
  INT32: [-0x80000000n, 0x7fffffffn],
  INT64: [-0x8000000000000000n, 0x7fffffffffffffffn],
} as const satisfies Partial<Record<Datatype, readonly [bigint, bigint]>>;

/** The integer datatypes. */
export type IntegerDatatype = keyof typeof INTEGER_RANGES;

/** Whether the datatype is an integer one (BOOL is not). */
export function isIntegerDatatype(datatype: Datatype): datatype is IntegerDatatype {
  return Object.hasOwn(INTEGER_RANGES, datatype);
}

/** The typed array of an integer datatype. */
export const INTEGER_ARRAYS = {
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
} as const satisfies Partial<Record<IntegerDatatype, unknown>>;

type Data = Pick<Tensor, 'datatype' | 'data'>;

const VIEWS: { readonly [D in NumericDatatype]: (data: Uint8Array) => NumericElements } = {
  BOOL: (data) => data,
  UINT8: (data) => data,
  UINT16: (data) => new Uint16Array(...aligned(data, 2)),
  UINT32: (data) => new Uint32Array(...aligned(data, 4)),
  UINT64: (data) => new BigUint64Array(...aligned(data, 8)),
  INT8: (data) => new Int8Array(...aligned(data, 1)),
  INT16: (data) => new Int16Array(...aligned(data, 2)),
  INT32: (data) => new Int32Array(...aligned(data, 4)),
  INT64: (data) => new BigInt64Array(...aligned(data, 8)),
  FP16: float16Values,
  FP32: (data) => new Float32Array(...aligned(data, 4)),
  FP64: (data) => new Float64Array(...aligned(data, 8)),
  BF16: bfloat16Values,
};

/**
 * All elements of a tensor of numbers, as a view of its data where that is aligned (do not write into it).
 * Throws `invalid-argument` for BYTES and for data that is no whole number of elements.
 */
export function numericElements(tensor: Data): NumericElements {
  const { datatype, data } = tensor;
  if (datatype === 'BYTES')
    throw new StatusError('invalid-argument', 'the elements of a BYTES tensor are not numbers');
  const { elementBytes } = DATATYPES[datatype];
  if (data.byteLength % elementBytes !== 0) {
    throw new StatusError(
      'invalid-argument',
      `${data.byteLength} bytes are no whole number of ${datatype} elements of ${elementBytes} bytes`,
    );
  }
  return VIEWS[datatype](data);
}

/** Random access to the elements of any tensor: `at(i)` for the flat, row-major index `i`; undefined past the end. */
export interface ElementReader {
  readonly length: number;
  at(index: number): Element | undefined;
}

/** Opens a tensor for reading element by element. BYTES lengths are walked once. Throws like {@link numericElements}. */
export function elementReader(tensor: Data): ElementReader {
  if (tensor.datatype === 'BYTES') {
    const elements = decodeBytes(tensor.data);
    return { length: elements.length, at: (index) => elements[index] };
  }
  const elements = numericElements(tensor);
  const isBool = tensor.datatype === 'BOOL';
  return {
    length: elements.length,
    at: (index) => {
      const element = elements[index];
      return isBool && element !== undefined ? element !== 0 : element;
    },
  };
}

/**
 * A tensor from one value an element, flat and row-major. Integers must be in range (bigint or number); floats are
 * rounded to nearest; BOOL takes true, false, 0 and 1; BYTES takes bytes or text.
 * Throws `invalid-argument` naming the element that does not fit, or where the count is not that of the shape.
 */
export function tensorOf(
  datatype: Datatype,
  shape: readonly number[],
  values: readonly (Element | string)[],
): Tensor {
  const expected = checkedElementCount(shape);
  if (values.length !== expected) {
    throw new StatusError(
      'invalid-argument',
      `shape [${shape.join(',')}] has ${expected} elements, but ${values.length} are given`,
    );
  }
  return { datatype, shape, data: encodeElements(datatype, values) };
}

/** The little-endian bytes of these values; see {@link tensorOf} for what each datatype takes. */
export function encodeElements(datatype: Datatype, values: readonly (Element | string)[]): Uint8Array {
  if (datatype === 'BYTES') return encodeBytes(values.map(bytesValue));
  if (datatype === 'BOOL') return Uint8Array.from(values, (value, index) => boolValue(value, index));
  if (isIntegerDatatype(datatype)) return encodeIntegers(datatype, values);
  const numbers = values.map((value, index) => floatValue(datatype, value, index));
  switch (datatype) {
    case 'FP16':
      return float16Bytes(numbers);
    case 'BF16':
      return bfloat16Bytes(numbers);
    case 'FP32':
      return bytesOf(Float32Array.from(numbers));
    case 'FP64':
      return bytesOf(Float64Array.from(numbers));
  }
}

/** The bytes under a typed array, without copying. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** An element as text for people and for JSON strings: BYTES as UTF-8, or `0x…` where they are not. */
export function elementText(element: Element): string {
  if (!(element instanceof Uint8Array)) return String(element);
  return (
    bytesText(element) ?? `0x${Array.from(element, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
  );
}

function encodeIntegers(datatype: IntegerDatatype, values: readonly (Element | string)[]): Uint8Array {
  const integers = values.map((value, index) => integerValue(datatype, value, index));
  if (datatype === 'INT64') return bytesOf(BigInt64Array.from(integers, BigInt));
  if (datatype === 'UINT64') return bytesOf(BigUint64Array.from(integers, BigInt));
  const data = new INTEGER_ARRAYS[datatype](integers.length);
  for (const [index, integer] of integers.entries()) data[index] = Number(integer);
  return bytesOf(data);
}

function integerValue(datatype: IntegerDatatype, value: Element | string, index: number): number | bigint {
  const [minimum, maximum] = INTEGER_RANGES[datatype];
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) {
    if (value >= minimum && value <= maximum) return value;
    throw doesNotFit(datatype, value, index, `the range is ${minimum} to ${maximum}`);
  }
  throw doesNotFit(datatype, value, index, 'an integer is needed');
}

function floatValue(datatype: Datatype, value: Element | string, index: number): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  throw doesNotFit(datatype, value, index, 'a number is needed');
}

function boolValue(value: Element | string, index: number): number {
  if (typeof value === 'boolean' || value === 0 || value === 1 || value === 0n || value === 1n)
    return Number(value);
  throw doesNotFit('BOOL', value, index, 'true or false is needed');
}

function bytesValue(value: Element | string, index: number): Uint8Array | string {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  throw doesNotFit('BYTES', value, index, 'text is needed');
}

function doesNotFit(datatype: Datatype, value: Element | string, index: number, why: string): StatusError {
  const shown =
    typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : elementText(value).slice(0, 40);
  return new StatusError(
    'invalid-argument',
    `element ${index} is ${shown}, which is no ${datatype} value: ${why}`,
  );
}

function aligned(data: Uint8Array, elementBytes: number): [ArrayBufferLike, number, number] {
  const whole = data.byteOffset % elementBytes === 0 ? data : data.slice();
  return [whole.buffer, whole.byteOffset, whole.byteLength / elementBytes];
}
