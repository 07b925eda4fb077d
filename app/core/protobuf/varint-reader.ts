/** What {@link VarintReader.read} gives back instead of a position. */
export const VARINT_IS_CUT = -1;
/** The number goes on after its tenth byte. */
export const VARINT_IS_TOO_LONG = -2;

/** Reads base-128 numbers of up to 64 bits without making objects: the last one stands in `low` and `high`. */
export class VarintReader {
  /** The lower 32 bits, unsigned. */
  low = 0;
  /** The upper 32 bits, unsigned. */
  high = 0;

  /** Reads the number at `position`, which must end before `end`. Gives back the position after it, or a failure above. */
  read(bytes: Uint8Array, position: number, end: number): number {
    const first = bytes[position];
    if (first === undefined || position >= end) return VARINT_IS_CUT;
    if (first < 0x80) {
      this.low = first;
      this.high = 0;
      return position + 1;
    }
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      const byte = bytes[position + index];
      if (byte === undefined || position + index >= end) return VARINT_IS_CUT;
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (7 * index - 32);
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return position + index + 1;
      }
    }
    return VARINT_IS_TOO_LONG;
  }

  /** The number, unsigned and exact. */
  get value(): bigint {
    return this.high === 0 ? BigInt(this.low) : (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  /** The number as two's complement of 64 bits; the nearest double where it is larger than 2^53. */
  get signedNumber(): number {
    return (this.high | 0) * 2 ** 32 + this.low;
  }
}
