/** A deterministic source of chance: the same seed gives the same numbers on every machine and in every release. */
export interface Random {
  /** The next 32 random bits, as an unsigned integer. */
  nextUint32(): number;
  /** The next number in [0, 1), with 53 random bits. */
  nextUnit(): number;
  /** The next integer between both bounds, inclusive. */
  nextBigInt(minimum: bigint, maximum: bigint): bigint;
}

/** Starts xoshiro128** from a seed of any finite number (its 64 bits are mixed in). */
export function createRandom(seed: number): Random {
  const state = seedState(seed);
  const nextUint32 = (): number => {
    const [a = 0, b = 0, c = 0, d = 0] = state;
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const c1 = c ^ a;
    const d1 = d ^ b;
    state[0] = a ^ d1;
    state[1] = b ^ c1;
    state[2] = c1 ^ (b << 9);
    state[3] = rotateLeft(d1, 11);
    return result;
  };
  const nextUnit = (): number => ((nextUint32() >>> 5) * 2 ** 26 + (nextUint32() >>> 6)) / 2 ** 53;
  const nextBigInt = (minimum: bigint, maximum: bigint): bigint => {
    // 128 bits over at most 2^64 values: the bias of the remainder is below 2^-64.
    let bits = 0n;
    for (let word = 0; word < 4; word++) bits = (bits << 32n) | BigInt(nextUint32());
    return minimum + (bits % (maximum - minimum + 1n));
  };
  return { nextUint32, nextUnit, nextBigInt };
}

function seedState(seed: number): Int32Array {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, seed);
  let mix = bits.getInt32(0) ^ Math.imul(bits.getInt32(4), 0x9e3779b1);
  // splitmix32: a state that is not all zero for every seed.
  return Int32Array.from({ length: 4 }, () => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix ^ (mix >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  });
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
