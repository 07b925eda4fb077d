import { MalformedFile } from '../malformed-file.ts';

/** A value of the JSON of a program. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** An object of the JSON of a program. */
export type JsonObject = { readonly [key: string]: Json };

/** A text, or one of the numbers that Python writes although JSON has none of them. */
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;

/** Parses what Python's `json.dumps` wrote. @throws MalformedFile naming the file where it is no JSON. */
export function parseProgramJson(bytes: Uint8Array, file: string): JsonObject {
  const text = new TextDecoder('utf-8').decode(bytes);
  try {
    return objectOf(parse(text), file);
  } catch (cause) {
    if (cause instanceof MalformedFile) throw cause;
    throw new MalformedFile(`${file} is no JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return JSON.parse(
      text.replaceAll(TEXT_OR_NUMBER, (found) => (found.startsWith('"') ? found : `"${found}"`)),
    ) as Json;
  }
}

/** A member of an object; null where it has none of the name. */
export function member(object: JsonObject, name: string): Json {
  return Object.hasOwn(object, name) ? (object[name] ?? null) : null;
}

/** @throws MalformedFile where the value is no object. */
export function objectOf(value: Json, where: string): JsonObject {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new MalformedFile(`${where} is no object`);
  return value as JsonObject;
}

/** The members of an object by name; none where it is null. */
export function entriesOf(value: Json, where: string): readonly (readonly [string, Json])[] {
  return value === null ? [] : Object.entries(objectOf(value, where));
}

/** @throws MalformedFile where the value is no list. */
export function listOf(value: Json, where: string): readonly Json[] {
  if (!Array.isArray(value)) throw new MalformedFile(`${where} is no list`);
  return value as readonly Json[];
}

/** @throws MalformedFile where the value is no text. */
export function textOf(value: Json, where: string): string {
  if (typeof value !== 'string') throw new MalformedFile(`${where} is no text`);
  return value;
}

/**
 * The one member of a union that is there: newer files write only it, those of PyTorch 2.1 all, and null for the others.
 * @throws MalformedFile where there is none.
 */
export function unionOf(value: Json, where: string): readonly [kind: string, value: Json] {
  const members = Object.entries(objectOf(value, where));
  const found = members.find(([, each]) => each !== null) ?? members[0];
  if (found === undefined) throw new MalformedFile(`${where} is empty`);
  return found;
}
