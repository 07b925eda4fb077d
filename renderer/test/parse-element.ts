import type { Datatype } from '../../app/core/datatypes.ts';
import { INTEGER_RANGES, isIntegerDatatype, type Element } from '../../app/core/tensors/elements.ts';

/** A typed-in element, or why it is none. */
export type ParsedElement =
  | { readonly kind: 'value'; readonly value: Element | string }
  | { readonly kind: 'mistake'; readonly message: string };

/** The largest finite value of each float datatype. */
const FLOAT_LIMITS = {
  FP16: 65504,
  BF16: 3.3895313892515355e38,
  FP32: 3.4028234663852886e38,
  FP64: Number.MAX_VALUE,
} as const;

const INTEGER = /^[+-]?(\d+|0x[0-9a-f]+)$/i;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SPECIAL = /^([+-]?)(nan|inf|infinity)$/i;

/**
 * Reads what a person typed for one element. Nothing is clamped: a value beyond the datatype's range is a mistake that
 * says the range. Floats are rounded to the nearest value as always; BYTES take any text as it is.
 */
export function parseElement(datatype: Datatype, text: string): ParsedElement {
  if (datatype === 'BYTES') return { kind: 'value', value: text };
  const word = text.trim().replace(/^−/, '-');
  if (word === '') return mistake('A value is needed.');
  if (datatype === 'BOOL') return parseBool(word);
  if (isIntegerDatatype(datatype)) return parseInteger(datatype, word);
  return parseFloatElement(datatype, word);
}

function parseBool(word: string): ParsedElement {
  if (/^(true|1)$/i.test(word)) return { kind: 'value', value: true };
  if (/^(false|0)$/i.test(word)) return { kind: 'value', value: false };
  return mistake(`${quoted(word)} is neither true nor false.`);
}

function parseInteger(datatype: keyof typeof INTEGER_RANGES, word: string): ParsedElement {
  if (!INTEGER.test(word)) {
    return mistake(
      DECIMAL.test(word) ? `${datatype} takes whole numbers, not ${word}.` : `${quoted(word)} is no number.`,
    );
  }
  const magnitude = BigInt(word.replace(/^[+-]/, ''));
  const value = word.startsWith('-') ? -magnitude : magnitude;
  const [minimum, maximum] = INTEGER_RANGES[datatype];
  if (value < minimum || value > maximum)
    return mistake(`${datatype} reaches from ${minimum} to ${maximum}.`);
  return { kind: 'value', value };
}

function parseFloatElement(datatype: keyof typeof FLOAT_LIMITS, word: string): ParsedElement {
  const special = SPECIAL.exec(word);
  if (special !== null) {
    if (special[2]?.toLowerCase() === 'nan') return { kind: 'value', value: NaN };
    return { kind: 'value', value: special[1] === '-' ? -Infinity : Infinity };
  }
  if (!DECIMAL.test(word)) {
    const hint = /^[+-]?\d+,\d+$/.test(word) ? ' Decimals are written with a point.' : '';
    return mistake(`${quoted(word)} is no number.${hint}`);
  }
  const value = Number(word);
  if (Math.abs(value) > FLOAT_LIMITS[datatype]) {
    return mistake(
      `${word} is beyond ${datatype}, which ends at ±${FLOAT_LIMITS[datatype].toPrecision(5)}. Write inf for infinity.`,
    );
  }
  return { kind: 'value', value };
}

function quoted(word: string): string {
  return `“${word.length > 24 ? `${word.slice(0, 24)}…` : word}”`;
}

function mistake(message: string): ParsedElement {
  return { kind: 'mistake', message };
}
