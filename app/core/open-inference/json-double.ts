/** A 64-bit integer without sign: two words that are changed in place, since a tensor has many numbers. */
class Wide {
  high = 0;
  low = 0;

  set(high: number, low: number): this {
    this.high = high >>> 0;
    this.low = low >>> 0;
    return this;
  }

  setDifference(left: Wide, right: Wide): this {
    return this.set(left.high - right.high - (left.low < right.low ? 1 : 0), left.low - right.low);
  }

  setSum(left: Wide, right: Wide): this {
    const low = left.low + right.low;
    return this.set(left.high + right.high + (low >= WORD ? 1 : 0), low);
  }

  /** The upper half of 128 bits, rounded, moved by `step` units. */
  setProduct(left: Wide, right: Wide, step: number): this {
    let middle = multiplyWords(left.low, right.low);
    const first = multiplyWords(left.high, right.low);
    middle += lowerWord;
    const second = multiplyWords(left.low, right.high);
    middle += lowerWord;
    const top = multiplyWords(left.high, right.high);
    const rounding = middle % WORD >= WORD / 2 ? 1 : 0;
    const low = lowerWord + first + second + Math.floor(middle / WORD) + rounding + step;
    return this.set(top + Math.floor(low / WORD), low);
  }

  timesTen(): void {
    const low = this.low * 10;
    this.set(this.high * 10 + Math.floor(low / WORD), low);
  }

  isLessThan(other: Wide): boolean {
    return this.high === other.high ? this.low < other.low : this.high < other.high;
  }
}

const WORD = 2 ** 32;

let lowerWord = 0;

/** The upper word of a product of two words; the lower one is left in `lowerWord`, for the sake of speed. */
function multiplyWords(left: number, right: number): number {
  const lower = left * (right & 0xffff);
  const upper = left * (right >>> 16);
  const sum = lower + (upper % 0x1_0000) * 0x1_0000;
  lowerWord = sum >>> 0;
  return Math.floor(upper / 0x1_0000) + Math.floor(sum / WORD);
}

const FIRST_POWER = -348;
const POWER_STEP = 8;
const POWER_COUNT = 87;

/** 64 bits of a power of ten, rounded, and the binary exponent of the last of them. */
interface CachedPower {
  readonly significand: Wide;
  readonly exponent: number;
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}

function powerOfTen(decimal: number): CachedPower {
  const power = 10n ** BigInt(Math.abs(decimal));
  const fractionBits = decimal < 0 ? bitLength(power) + 70 : 70;
  const scaled = decimal < 0 ? (1n << BigInt(fractionBits)) / power : power << BigInt(fractionBits);
  const excess = bitLength(scaled) - 64;
  const rounded = (scaled + (1n << BigInt(excess - 1))) >> BigInt(excess);
  return {
    significand: new Wide().set(Number(rounded >> 32n), Number(rounded & 0xffff_ffffn)),
    exponent: excess - fractionBits,
  };
}

const CACHED_POWERS = Array.from({ length: POWER_COUNT }, (_, index) =>
  powerOfTen(FIRST_POWER + index * POWER_STEP),
);
/** rapidjson 1.1 has no power of ten for the distance from here on: it leaves the last digit as it comes. */
const LAST_ROUNDED_PLACE = -9;
const SMALL_POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const;

const bits = new DataView(new ArrayBuffer(8));
const digits = new Uint8Array(20);
const [normalized, half, boundary] = [new Wide(), new Wide(), new Wide()];
const [scaled, upper, lower] = [new Wide(), new Wide(), new Wide()];
const [delta, distance, rest, unit, next] = [new Wide(), new Wide(), new Wide(), new Wide(), new Wide()];
const [room, undershoot, overshoot] = [new Wide(), new Wide(), new Wide()];

/** Takes the last digit down while that comes closer to the number and stays within what reads back as it. */
function roundLastDigit(count: number): void {
  while (rest.isLessThan(distance) && !room.setDifference(delta, rest).isLessThan(unit)) {
    next.setSum(rest, unit);
    const isCloser =
      next.isLessThan(distance) ||
      overshoot.setDifference(next, distance).isLessThan(undershoot.setDifference(distance, rest));
    if (!isCloser) return;
    digits[count - 1] = (digits[count - 1] ?? 0) - 1;
    rest.set(next.high, next.low);
  }
}

/** Digits of `upper` down to the first place at which they read back as the number; how many, and the place. */
function generateDigits(fractionBits: number): [count: number, place: number] {
  const shift = fractionBits - 32;
  const mask = 2 ** shift - 1;
  let integer = upper.high >>> shift;
  rest.set(upper.high & mask, upper.low);
  const fraction = rest.high;
  let count = 0;
  for (let place = String(integer).length - 1; place >= 0; place -= 1) {
    const power = SMALL_POWERS[place] ?? 1;
    const digit = Math.floor(integer / power);
    integer -= digit * power;
    digits[count] = digit;
    count += 1;
    rest.high = integer * 2 ** shift + fraction;
    if (delta.isLessThan(rest)) continue;
    unit.set(power * 2 ** shift, 0);
    roundLastDigit(count);
    return [count, place];
  }
  for (let place = -1; ; place -= 1) {
    rest.timesTen();
    delta.timesTen();
    distance.timesTen();
    const digit = rest.high >>> shift;
    rest.high &= mask;
    if (digit !== 0 || count > 0) {
      digits[count] = digit;
      count += 1;
    }
    if (!rest.isLessThan(delta)) continue;
    unit.set(2 ** shift, 0);
    if (place <= LAST_ROUNDED_PLACE) distance.set(0, 0);
    roundLastDigit(count);
    return [count, place];
  }
}

/** Digits of a positive number, as many as {@link digits} then holds, and the power of ten of the last of them. */
function grisu2(value: number): [count: number, exponent: number] {
  bits.setFloat64(0, value);
  const [high, low] = [bits.getUint32(0), bits.getUint32(4)];
  const biased = high >>> 20;
  const significandHigh = (high & 0xf_ffff) | (biased === 0 ? 0 : 0x10_0000);
  const shift = significandHigh === 0 ? 32 + Math.clz32(low) : Math.clz32(significandHigh);
  if (shift >= 32) normalized.set(low << (shift - 32), 0);
  else normalized.set((significandHigh << shift) | (low >>> (32 - shift)), low << shift);
  const exponent = Math.max(biased, 1) - 1075 - shift;

  const estimate = Math.ceil((-61 - exponent) * 0.30102999566398114 + 347);
  const index = (estimate >> 3) + 1;
  const power = CACHED_POWERS[index];
  if (!power) throw new RangeError(`no power of ten for ${value}`);

  const setHalf = (bit: number): Wide => half.set(bit >= 32 ? 2 ** (bit - 32) : 0, bit >= 32 ? 0 : 2 ** bit);
  scaled.setProduct(normalized, power.significand, 0);
  upper.setProduct(boundary.setSum(normalized, setHalf(shift - 1)), power.significand, -1);
  // Below a power of two the numbers are twice as close.
  const isPowerOfTwo = significandHigh === 0x10_0000 && low === 0;
  if (isPowerOfTwo) setHalf(shift - 2);
  lower.setProduct(boundary.setDifference(normalized, half), power.significand, 1);
  delta.setDifference(upper, lower);
  distance.setDifference(upper, scaled);
  const [count, place] = generateDigits(-(exponent + power.exponent + 64));
  return [count, place - (FIRST_POWER + index * POWER_STEP)];
}

/** As many digits before the point at most, and so many zeros behind it, as without an exponent. */
const MAX_INTEGER_DIGITS = 21;
const MIN_POINT = -6;

function layOut(text: string, exponent: number): string {
  const point = text.length + exponent;
  if (exponent >= 0 && point <= MAX_INTEGER_DIGITS) return `${text}${'0'.repeat(exponent)}.0`;
  if (point > 0 && point <= MAX_INTEGER_DIGITS) return `${text.slice(0, point)}.${text.slice(point)}`;
  if (point > MIN_POINT && point <= 0) return `0.${'0'.repeat(-point)}${text}`;
  const fraction = text.length === 1 ? '' : `.${text.slice(1)}`;
  return `${text.charAt(0)}${fraction}e${point - 1}`;
}

/**
 * A double as rapidjson writes it: `1.0`, `0.20000000298023225`, `1e22`, `Infinity`, `NaN`. Its digits are those of
 * Grisu2 (Loitsch, PLDI 2010): they read back as the same number, but in the last place they are not always the nearest
 * ones, which JavaScript prints.
 */
export function printDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Object.is(value, -0)) return '-0.0';
  if (Number.isSafeInteger(value)) return `${value}.0`;
  if (value < 0) return `-${printDouble(-value)}`;
  const [count, exponent] = grisu2(value);
  let text = '';
  for (let at = 0; at < count; at += 1) text += String.fromCharCode(0x30 + (digits[at] ?? 0));
  return layOut(text, exponent);
}
