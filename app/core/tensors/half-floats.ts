import { getFloat16, setFloat16 } from '@petamoriken/float16';

const scratch = new DataView(new ArrayBuffer(4));

/** The values of little-endian FP16 bytes, exactly. */
export function float16Values(data: Uint8Array): Float32Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const values = new Float32Array(data.byteLength >> 1);
  for (let index = 0; index < values.length; index++) values[index] = getFloat16(view, index * 2, true);
  return values;
}

/** Little-endian FP16 bytes of the values, each rounded to the nearest half (ties to even). */
export function float16Bytes(values: ArrayLike<number>): Uint8Array {
  const data = new Uint8Array(values.length * 2);
  const view = new DataView(data.buffer);
  for (let index = 0; index < values.length; index++) setFloat16(view, index * 2, values[index] ?? 0, true);
  return data;
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
