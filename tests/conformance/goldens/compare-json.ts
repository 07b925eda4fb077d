import { different, EXACT, same, type Verdict } from './verdict.ts';

/** JSON as data that can be compared: whole numbers beyond doubles and NaN, Infinity stay what they are. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|-?Infinity|NaN/g;

function keepNumber(token: string): string {
  const isExact = token.startsWith('"') || (Number.isFinite(Number(token)) && !/^-?\d{16,}$/.test(token));
  return isExact ? token : `"#${token}"`;
}

/** Undefined for anything that is no JSON. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text.replaceAll(TOKEN, keepNumber)) as Json;
  } catch {
    return undefined;
  }
}

type JsonObject = { readonly [key: string]: Json };

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sortKey(value: JsonObject): string {
  return `${JSON.stringify(value['name'])} ${JSON.stringify(value['version'] ?? null)}`;
}

/** Named things (inputs, outputs, models) come in the real server's hash order: here they are sorted by name. */
export function withoutOrder(value: Json): Json {
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map(withoutOrder);
    const isNamed = items.every((item): item is JsonObject => isObject(item) && 'name' in item);
    return isNamed ? items.toSorted((left, right) => (sortKey(left) < sortKey(right) ? -1 : 1)) : items;
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutOrder(each)]));
}

/** Where two values differ first, as a path with both; null if they do not. `*` in what is expected is anything. */
export function findDifference(expected: Json, got: Json | undefined, path = ''): string | null {
  if (expected === '*' || Object.is(expected, got)) return null;
  const here = `${path || 'body'}: expected ${shorten(expected)}, got ${shorten(got)}`;
  if (Array.isArray(expected)) {
    if (!Array.isArray(got) || got.length !== expected.length) return here;
    return first(expected.map((each, at) => findDifference(each as Json, got[at] as Json, `${path}[${at}]`)));
  }
  if (!isObject(expected)) return here;
  if (!isObject(got)) return here;
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(got)])];
  return first(
    keys.map((key) => {
      const at = `${path}.${key}`;
      const [left, right] = [expected[key], got[key]];
      if (left === undefined || right === undefined)
        return `${at}: expected ${shorten(left)}, got ${shorten(right)}`;
      return findDifference(left, right, at);
    }),
  );
}

function first(differences: readonly (string | null)[]): string | null {
  return differences.find((each) => each !== null) ?? null;
}

export function shorten(value: unknown, length = 300): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > length ? `${text.slice(0, length)}… (${text.length})` : text;
}

const SEQUENCE_PARAMETERS = new Set(['sequence_id', 'sequence_start', 'sequence_end']);

/** Ensembles of the real server repeat sequence parameters per step in the answer: nobody has to. */
function dropSequenceParameters(value: Json): Json {
  if (!isObject(value) || !isObject(value['parameters'])) return value;
  const { parameters, ...rest } = value;
  const kept = Object.entries(parameters).filter(([key]) => !SEQUENCE_PARAMETERS.has(key));
  return kept.length > 0 ? { ...rest, parameters: Object.fromEntries(kept) } : rest;
}

/** Durations and times are never equal; in a recording they are masked or named `ns` and `last_inference`. */
function maskTimes(text: string): string {
  return text.replaceAll(/"(ns|last_inference)":"?\d+"?/g, '"$1":0');
}

function comparable(text: string, hasMask: boolean): Json | undefined {
  const parsed = parseJson(hasMask ? text : maskTimes(text));
  return parsed === undefined ? undefined : dropSequenceParameters(withoutOrder(parsed));
}

const PROTOBUF_MAP = /"(?:input_map|output_map|metric_tags|parameters|inputs|cc_model_filenames)":\{/g;

/** The members of the object whose brace opened just before `from`, as texts, and where its own brace closes. */
function membersFrom(text: string, from: number): { readonly members: string[]; readonly end: number } {
  const members: string[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;
  let start = from;
  let depth = 0;
  token.lastIndex = from;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [found] = match;
    if (depth === 0 && (found === ',' || found === '}')) {
      members.push(text.slice(start, match.index));
      start = token.lastIndex;
      if (found === '}') return { members, end: match.index };
    }
    if (found === '{' || found === '[') depth += 1;
    if (found === '}' || found === ']') depth -= 1;
  }
  return { members: [text.slice(from)], end: text.length };
}

/** The maps of a config come in an order that changes with every process of the real server: here it is sorted. */
function sortMaps(text: string): string {
  let sorted = '';
  let copied = 0;
  for (const { 0: opening, index } of text.matchAll(PROTOBUF_MAP)) {
    if (index < copied) continue;
    const { members, end } = membersFrom(text, index + opening.length);
    sorted += text.slice(copied, index + opening.length) + members.toSorted().join(',');
    copied = end;
  }
  return sorted + text.slice(copied);
}

const VARYING = '"*"';
const VALUE = /"[^"]*"|[\d.e+-]+/y;

/** Whether every byte is as expected but for the values that the recording masks. */
function isEqualAroundMask(masked: string, got: string): boolean {
  const [head = '', ...pieces] = masked.split(VARYING);
  if (!got.startsWith(head)) return false;
  VALUE.lastIndex = head.length;
  for (const piece of pieces) {
    if (!VALUE.test(got) || !got.startsWith(piece, VALUE.lastIndex)) return false;
    VALUE.lastIndex += piece.length;
  }
  return VALUE.lastIndex === got.length;
}

/** Whether every byte is as expected but for durations, times and the order of maps. */
function isEqualButForWhatVaries(expected: string, got: string): boolean {
  return sortMaps(maskTimes(expected)) === sortMaps(maskTimes(got));
}

/**
 * Compares texts: byte for byte (the values of times and counters left out), then as JSON. `masked`: what is
 * expected has `*` for what varies.
 */
export function compareTexts(expected: string, got: string, masked?: string): Verdict {
  if (expected === got) return EXACT;
  if (masked === undefined ? isEqualButForWhatVaries(expected, got) : isEqualAroundMask(masked, got))
    return EXACT;
  const left = comparable(masked ?? expected, masked !== undefined);
  const right = comparable(got, masked !== undefined);
  if (left === undefined || right === undefined) return different(shorten(expected), shorten(got));
  const difference = findDifference(left, right);
  return difference === null ? same(expected, got) : different(difference, shorten(got));
}
