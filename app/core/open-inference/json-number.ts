const MAX_EXPONENT = 308;
const POWERS_OF_TEN = Array.from({ length: MAX_EXPONENT + 1 }, (_, exponent) => Number(`1e${exponent}`));
/** Past this an integer part or significand is continued as a double. */
const MAX_SAFE_SIGNIFICAND = 2 ** 53 - 1;
const MAX_SIGNIFICAND_DIGITS = 17;
const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;
const MIN_INT64_MAGNITUDE = 0x8000_0000_0000_0000n;

function scale(significand: number, exponent: number): number {
  if (exponent < -MAX_EXPONENT) return 0;
  if (exponent < 0) return significand / (POWERS_OF_TEN[-exponent] ?? Infinity);
  return significand * (POWERS_OF_TEN[exponent] ?? Infinity);
}

interface Significand {
  readonly value: number;
  /** How many fraction digits are in it. */
  readonly decimals: number;
}

/** The integer part as a double: exact within 64 bits, then digit by digit. */
function readInteger(digits: string, limit: bigint): { value: number; isWithin64Bits: boolean } {
  if (digits.length <= 15) return { value: Number(digits), isWithin64Bits: true };
  let length = Math.min(digits.length, 20);
  while (BigInt(digits.slice(0, length)) > limit) length -= 1;
  let value = Number(BigInt(digits.slice(0, length)));
  for (const digit of digits.slice(length)) value = value * 10 + Number(digit);
  return { value, isWithin64Bits: length === digits.length };
}

function addFraction(integer: string, fraction: string, limit: bigint): Significand {
  const { value: start, isWithin64Bits } = readInteger(integer, limit);
  let value = start;
  let digits = integer.length - 1;
  let taken = 0;
  if (isWithin64Bits) {
    while (taken < fraction.length && value <= MAX_SAFE_SIGNIFICAND) {
      const digit = fraction.charCodeAt(taken) - 0x30;
      const next = value * 10 + digit;
      // One step beyond 2^53 is still counted as an integer, and rounded once.
      value = next <= MAX_SAFE_SIGNIFICAND ? next : Number(BigInt(value) * 10n + BigInt(digit));
      taken += 1;
      if (value !== 0) digits += 1;
    }
  }
  let decimals = taken;
  for (const digit of fraction.slice(taken)) {
    if (digits >= MAX_SIGNIFICAND_DIGITS) break;
    value = value * 10 + Number(digit);
    decimals += 1;
    if (value > 0) digits += 1;
  }
  return { value, decimals };
}

/** The parts of a JSON number: digits of the integer part and of the fraction, and the written exponent. */
export interface NumberParts {
  readonly isNegative: boolean;
  readonly integer: string;
  readonly fraction: string;
  readonly exponent: number;
}

/**
 * The double that rapidjson makes of a number without full precision (`StrtodNormalPrecision`): a significand of at
 * most 17 digits times or over one power of ten, so that the last place can differ from the nearest double, as in Triton.
 */
export function readDouble({ isNegative, integer, fraction, exponent }: NumberParts): number {
  const limit = isNegative ? MIN_INT64_MAGNITUDE : MAX_UINT64;
  const { value, decimals } = addFraction(integer, fraction, limit);
  const power = exponent - decimals;
  const scaled =
    power < -MAX_EXPONENT ? scale(scale(value, -MAX_EXPONENT), power + MAX_EXPONENT) : scale(value, power);
  return isNegative ? -scaled : scaled;
}
