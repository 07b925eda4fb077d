import type { Datatype } from '../datatypes.ts';
import { StatusError } from '../status.ts';
import { encodeBytes } from './bytes-elements.ts';
import {
  bytesOf,
  encodeElements,
  INTEGER_ARRAYS,
  INTEGER_RANGES,
  isIntegerDatatype,
  type Element,
  type IntegerDatatype,
} from './elements.ts';
import { bfloat16Bytes, float16Bytes } from './half-floats.ts';
import { createRandom, type Random } from './random.ts';
import { checkedByteSize, checkedElementCount, MAX_TENSOR_BYTES } from './tensor-size.ts';
import type { Tensor } from './tensor.ts';

/** How to fill a tensor. Plain data: kept in the history and in saved tests. */
export type Generator =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }
  /**
   * Uniform chance from `seed`. Floats lie in [minimum, maximum) (default 0 to 1), integers between both bounds
   * inclusive (default 0 to 100), BOOL is a coin, BYTES are short English words (bounds unused).
   */
  | {
      readonly kind: 'random';
      readonly seed: number;
      readonly minimum?: number | bigint;
      readonly maximum?: number | bigint;
    }
  /** start, start + step, … (default 0, 1, …); integers wrap round at the end of their range; BYTES get the number as text. */
  | { readonly kind: 'arange'; readonly start?: number | bigint; readonly step?: number | bigint }
  /** The same value everywhere; text only for BYTES. */
  | { readonly kind: 'constant'; readonly value: number | bigint | boolean | string };

/**
 * Makes a tensor of this datatype and wire shape; the same arguments always give the same bytes.
 * BYTES: zeros are empty texts, ones are `1`. Throws `invalid-argument` for a bad shape or a value that does not fit.
 */
export function generateTensor(datatype: Datatype, shape: readonly number[], generator: Generator): Tensor {
  const size = checkedByteSize(datatype, shape);
  const count = checkedElementCount(shape);
  switch (generator.kind) {
    case 'zeros':
      return { datatype, shape, data: new Uint8Array(size) };
    case 'ones':
      return { datatype, shape, data: repeated(datatype, datatype === 'BYTES' ? '1' : 1, count) };
    case 'constant':
      return { datatype, shape, data: repeated(datatype, constantValue(datatype, generator.value), count) };
    case 'arange':
      return { datatype, shape, data: arange(datatype, count, generator.start ?? 0, generator.step ?? 1) };
    case 'random':
      return { datatype, shape, data: random(datatype, count, generator) };
  }
}

function constantValue(datatype: Datatype, value: number | bigint | boolean | string): Element | string {
  return datatype === 'BYTES'
    ? String(value)
    : typeof value === 'boolean' && datatype !== 'BOOL'
      ? Number(value)
      : value;
}

function repeated(datatype: Datatype, value: Element | string, count: number): Uint8Array {
  const one = encodeElements(datatype, [value]);
  if (one.byteLength * count > MAX_TENSOR_BYTES)
    throw new StatusError('invalid-argument', `${count} elements of ${one.byteLength} bytes are too many`);
  const data = new Uint8Array(one.byteLength * count);
  if (data.byteLength === 0) return data;
  data.set(one);
  for (let filled = one.byteLength; filled < data.byteLength; filled *= 2) {
    data.copyWithin(filled, 0, Math.min(filled, data.byteLength - filled));
  }
  return data;
}

function arange(
  datatype: Datatype,
  count: number,
  start: number | bigint,
  step: number | bigint,
): Uint8Array {
  if (datatype === 'BYTES')
    return encodeBytes(Array.from({ length: count }, (_, index) => termText(start, step, index)));
  if (datatype === 'BOOL')
    return Uint8Array.from({ length: count }, (_, index) =>
      Number(Number(start) + Number(step) * index !== 0),
    );
  if (isIntegerDatatype(datatype)) {
    const first = wholeNumber(start, 'start');
    const increment = wholeNumber(step, 'step');
    return encodeIntegerTerms(datatype, count, (index) => first + increment * BigInt(index));
  }
  const first = Number(start);
  const increment = Number(step);
  return encodeFloatTerms(datatype, count, (index) => first + increment * index);
}

function termText(start: number | bigint, step: number | bigint, index: number): string {
  if (typeof start === 'bigint' && typeof step === 'bigint') return String(start + step * BigInt(index));
  return String(Number(start) + Number(step) * index);
}

function random(
  datatype: Datatype,
  count: number,
  options: Extract<Generator, { kind: 'random' }>,
): Uint8Array {
  const chance = createRandom(options.seed);
  if (datatype === 'BOOL') return Uint8Array.from({ length: count }, () => chance.nextUint32() >>> 31);
  if (datatype === 'BYTES') return encodeBytes(Array.from({ length: count }, () => randomText(chance)));
  if (isIntegerDatatype(datatype)) return randomIntegers(datatype, count, chance, options);
  const minimum = Number(options.minimum ?? 0);
  const maximum = Number(options.maximum ?? Math.max(1, minimum + 1));
  checkRange(minimum, maximum);
  return encodeFloatTerms(datatype, count, () => minimum + chance.nextUnit() * (maximum - minimum));
}

function randomIntegers(
  datatype: IntegerDatatype,
  count: number,
  chance: Random,
  options: { readonly minimum?: number | bigint; readonly maximum?: number | bigint },
): Uint8Array {
  const [lowest, highest] = INTEGER_RANGES[datatype];
  const minimum = wholeNumber(options.minimum ?? 0, 'minimum');
  const maximum =
    options.maximum === undefined
      ? smaller(highest, minimum + 100n)
      : wholeNumber(options.maximum, 'maximum');
  checkRange(minimum, maximum);
  if (minimum < lowest || maximum > highest) {
    throw new StatusError(
      'invalid-argument',
      `random ${datatype} values between ${minimum} and ${maximum}: the range is ${lowest} to ${highest}`,
    );
  }
  const width = maximum - minimum + 1n;
  if (
    width > 0xffffffffn ||
    minimum < BigInt(Number.MIN_SAFE_INTEGER) ||
    maximum > BigInt(Number.MAX_SAFE_INTEGER)
  ) {
    return encodeIntegerTerms(datatype, count, () => chance.nextBigInt(minimum, maximum));
  }
  return encodeNumberTerms(datatype, count, smallIntegers(chance, Number(minimum), Number(width)));
}

function smallIntegers(chance: Random, first: number, width: number): () => number {
  return () => first + Math.floor(chance.nextUnit() * width);
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function checkRange(minimum: number | bigint, maximum: number | bigint): void {
  if (minimum <= maximum && Number.isFinite(Number(minimum)) && Number.isFinite(Number(maximum))) return;
  throw new StatusError(
    'invalid-argument',
    `a random range from ${minimum} to ${maximum} is empty: the minimum must not exceed the maximum`,
  );
}

function wholeNumber(value: number | bigint, what: string): bigint {
  if (typeof value === 'bigint') return value;
  if (!Number.isInteger(value))
    throw new StatusError('invalid-argument', `${what} is ${value}; integers need a whole number`);
  return BigInt(value);
}

function encodeIntegerTerms(
  datatype: IntegerDatatype,
  count: number,
  term: (index: number) => bigint,
): Uint8Array {
  if (datatype !== 'INT64' && datatype !== 'UINT64') {
    return encodeNumberTerms(datatype, count, (index) => Number(BigInt.asIntN(32, term(index))));
  }
  const data = new BigUint64Array(count);
  for (let index = 0; index < count; index++) data[index] = BigInt.asUintN(64, term(index));
  return bytesOf(data);
}

function encodeNumberTerms(
  datatype: IntegerDatatype,
  count: number,
  term: (index: number) => number,
): Uint8Array {
  if (datatype === 'INT64' || datatype === 'UINT64')
    return encodeIntegerTerms(datatype, count, (index) => BigInt(term(index)));
  const data = new INTEGER_ARRAYS[datatype](count);
  for (let index = 0; index < count; index++) data[index] = term(index);
  return bytesOf(data);
}

function encodeFloatTerms(
  datatype: 'FP16' | 'BF16' | 'FP32' | 'FP64',
  count: number,
  term: (index: number) => number,
): Uint8Array {
  const values = new Float64Array(count);
  for (let index = 0; index < count; index++) values[index] = term(index);
  switch (datatype) {
    case 'FP16':
      return float16Bytes(values);
    case 'BF16':
      return bfloat16Bytes(values);
    case 'FP32':
      return bytesOf(Float32Array.from(values));
    case 'FP64':
      return bytesOf(values);
  }
}

const WORDS =
  'river stone amber quiet morning copper garden winter silver harbor meadow lantern cedar thunder velvet island'.split(
    ' ',
  );

function randomText(chance: Random): string {
  const length = 1 + (chance.nextUint32() % 4);
  return Array.from({ length }, () => WORDS[chance.nextUint32() % WORDS.length]).join(' ');
}
