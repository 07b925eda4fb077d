import { getFloat16 } from '@petamoriken/float16';

const scratch = new DataView(new ArrayBuffer(4));

const doubleWords = new Uint32Array(2);
const double = new Float64Array(doubleWords.buffer);

/** Adding and taking away 2^52 rounds a smaller double to a whole number, ties to even. */
const ROUNDER = 2 ** 52;
const SMALLEST_NORMAL = 2 ** -14;
/** From here on the nearest half is infinity. */
const OVERFLOW = 65_520;

let allFloat16: Float32Array | undefined;

/** The values of little-endian FP16 bytes, exactly. */
export function float16Values(data: Uint8Array): Float32Array {
  const table = (allFloat16 ??= everyFloat16());
  const values = new Float32Array(data.byteLength >> 1);
  for (let index = 0; index < values.length; index++) {
    values[index] = table[(data[index * 2] ?? 0) | ((data[index * 2 + 1] ?? 0) << 8)] ?? 0;
  }
  return values;
}

/** Little-endian FP16 bytes of the values, each rounded to the nearest half (ties to even). */
export function float16Bytes(values: ArrayLike<number>): Uint8Array {
  const data = new Uint8Array(values.length * 2);
  for (let index = 0; index < values.length; index++) {
    const bits = float16Bits(values[index] ?? 0);
    data[index * 2] = bits & 0xff;
    data[index * 2 + 1] = bits >>> 8;
  }
  return data;
}

function everyFloat16(): Float32Array {
  const view = new DataView(Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).buffer);
  return Float32Array.from({ length: 0x10000 }, (_, bits) => getFloat16(view, bits * 2, true));
}

function float16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  double[0] = value;
  const sign = ((doubleWords[1] ?? 0) >>> 31) << 15;
  const size = Math.abs(value);
  if (size >= OVERFLOW) return sign | 0x7c00;
  if (size < SMALLEST_NORMAL) return sign | (size * 2 ** 24 + ROUNDER - ROUNDER);
  const exponent = (((doubleWords[1] ?? 0) >>> 20) & 0x7ff) - 1023;
  const mantissa = size * 2 ** (10 - exponent) + ROUNDER - ROUNDER;
  // A mantissa that is rounded up to 2048 carries into the exponent, as it should.
  return sign | (((exponent + 14) << 10) + mantissa);
}

/** The values of little-endian BF16 bytes, exactly: BF16 is the upper half of an FP32. */
export function bfloat16Values(data: Uint8Array): Float32Array {
  const values = new Float32Array(data.byteLength >> 1);
  const upper = new Uint8Array(values.buffer);
  for (let index = 0; index < values.length; index++) {
    upper[index * 4 + 2] = data[index * 2] ?? 0;
    upper[index * 4 + 3] = data[index * 2 + 1] ?? 0;
  }
  return values;
}

/** Little-endian BF16 bytes of the values: each made FP32, then rounded to the nearest (ties to even); NaN stays NaN. */
export function bfloat16Bytes(values: ArrayLike<number>): Uint8Array {
  const data = new Uint8Array(values.length * 2);
  for (let index = 0; index < values.length; index++) {
    const bits = bfloat16Bits(values[index] ?? 0);
    data[index * 2] = bits & 0xff;
    data[index * 2 + 1] = bits >>> 8;
  }
  return data;
}

function bfloat16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}
