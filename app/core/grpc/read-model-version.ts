import { StatusError } from '../status.ts';

const MAX_INT64 = 2n ** 63n - 1n;

/**
 * The version that a text names, as its digits; null for the empty text: the newest. As in Triton the text is read up
 * to the first character that is no digit.
 * @throws StatusError `invalid-argument` in Triton's words.
 */
export function readModelVersion(text: string): string | null {
  if (text === '') return null;
  const digits = /^[\t-\r ]*([+-]?\d+)/.exec(text)?.[1];
  const version = digits === undefined ? null : BigInt(digits.replace('+', ''));
  if (version === null || version > MAX_INT64 || version < -MAX_INT64 - 1n) {
    throw new StatusError(
      'invalid-argument',
      `failed to get model version from specified version string '${text}' (details: stol), version should be an integral value > 0`,
    );
  }
  if (version < 0n) {
    throw new StatusError(
      'invalid-argument',
      `invalid model version specified '${text}' , version should be an integral value > 0`,
    );
  }
  return String(version);
}
