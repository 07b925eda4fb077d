import type { StatusCode } from '../status.ts';
import { printString } from './json-text.ts';

const HTTP_STATUS: Readonly<Record<StatusCode, number>> = {
  internal: 500,
  'not-found': 404,
  unavailable: 503,
  unsupported: 501,
  unknown: 400,
  'invalid-argument': 400,
  'already-exists': 400,
  cancelled: 400,
};

/** HTTP status of a failure (`HttpCodeFromError`). */
export function httpStatusOf(code: StatusCode): number {
  return HTTP_STATUS[code];
}

const CODE_WORDS: Readonly<Record<StatusCode, string>> = {
  internal: 'Internal',
  'not-found': 'Not found',
  unavailable: 'Unavailable',
  unsupported: 'Unsupported',
  unknown: 'Unknown',
  'invalid-argument': 'Invalid argument',
  'already-exists': 'Already exists',
  cancelled: 'Cancelled',
};

/** A failure as Triton's log and index reasons print it: `Invalid argument: …`. */
export function printStatus(failure: { readonly code: StatusCode; readonly message: string }): string {
  return `${CODE_WORDS[failure.code]}: ${failure.message}`;
}

/** The body of every failure: `{"error":"…"}`. */
export function printErrorBody(message: string): string {
  return `{"error":${printString(message)}}`;
}
