import { StatusError } from '../status.ts';
import { isJsonArray, isJsonObject, JsonDouble, JsonNumbers, type JsonValue } from './json-document.ts';

/** What a JSON value is not, in the words of Triton's JSON wrapper. */
const WRONG_KIND = {
  string: 'attempt to access JSON non-string as string',
  array: 'attempt to access JSON non-array as array',
  object: 'attempt to access JSON non-object as object',
  boolean: 'attempt to access JSON non-boolean as boolean',
  unsigned: 'attempt to access JSON non-unsigned-integer as unsigned-integer',
  signed: 'attempt to access JSON non-signed-integer as signed-integer',
  double: 'attempt to access JSON non-number as double',
} as const;

/** The failure of reading a value as something that it is not; `prefix` names the member: `Unable to parse 'id': `. */
export function wrongKind(kind: keyof typeof WRONG_KIND, prefix = ''): StatusError {
  return new StatusError('internal', `${prefix}${WRONG_KIND[kind]}`);
}

/** Member of an object; undefined for a missing member and for anything that is no object. */
export function findMember(value: JsonValue, name: string): JsonValue | undefined {
  return isJsonObject(value) ? value.get(name) : undefined;
}

/**
 * Member that must exist.
 * @throws StatusError `internal` "<prefix>attempt to access non-existing object member '<name>'".
 */
export function member(value: JsonValue, name: string, prefix = `Unable to parse '${name}': `): JsonValue {
  const found = findMember(value, name);
  if (found !== undefined) return found;
  throw new StatusError('internal', `${prefix}attempt to access non-existing object member '${name}'`);
}

/** The value as a string. @throws StatusError `internal` in Triton's words. */
export function asString(value: JsonValue, prefix = ''): string {
  if (typeof value === 'string') return value;
  throw wrongKind('string', prefix);
}

/** The value as a boolean. @throws StatusError `internal` in Triton's words. */
export function asBoolean(value: JsonValue, prefix = ''): boolean {
  if (typeof value === 'boolean') return value;
  throw wrongKind('boolean', prefix);
}

/** The value as an array of values. @throws StatusError `internal` in Triton's words. */
export function asArray(value: JsonValue, prefix = ''): readonly JsonValue[] {
  if (value instanceof JsonNumbers) return value.toArray();
  if (isJsonArray(value)) return value;
  throw wrongKind('array', prefix);
}

/** The value as an exact unsigned 64-bit integer. @throws StatusError `internal` in Triton's words. */
export function asUnsigned(value: JsonValue, prefix = ''): bigint {
  if ((typeof value === 'number' || typeof value === 'bigint') && value >= 0) return BigInt(value);
  throw wrongKind('unsigned', prefix);
}

/** Whether the value is an integer within signed 64 bits. */
export function isSigned(value: JsonValue): value is number | bigint {
  return typeof value === 'number' || (typeof value === 'bigint' && value <= 0x7fff_ffff_ffff_ffffn);
}

/** The value as a double: any number. @throws StatusError `internal` in Triton's words. */
export function asDouble(value: JsonValue, prefix = ''): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof JsonDouble) return value.value;
  throw wrongKind('double', prefix);
}
