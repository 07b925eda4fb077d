import { StatusError } from '../status.ts';

/**
 * A JSON value that lost no digit: an integer beyond ±2^53 is a bigint, every other number a number. NaN, Infinity
 * and -Infinity are read too (as Triton does). Objects have no prototype.
 */
export type ExactJson =
  null | boolean | number | bigint | string | ExactJson[] | { [key: string]: ExactJson };

/** Triton's own limit of nesting. */
const MAX_JSON_DEPTH = 100;

const WHITESPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORD = /-?[A-Za-z]+/y;
const WORDS: ReadonlyMap<string, ExactJson> = new Map<string, ExactJson>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

/**
 * Parses JSON without losing a digit of its integers.
 * Throws `invalid-argument` with line and column for bad syntax and for nesting beyond {@link MAX_JSON_DEPTH}.
 */
export function parseExactJson(text: string): ExactJson {
  return parsePlainNumbers(text) ?? parseExactly(text);
}

/** Lists of nothing but numbers of fewer than 16 digits, which JSON.parse reads without loss and several times faster. */
function parsePlainNumbers(text: string): ExactJson | undefined {
  if (!/^\s*\[[[\]\d\s.,eE+-]*$/.test(text) || /\d{16}/.test(text) || nestingDepth(text) > MAX_JSON_DEPTH)
    return undefined;
  try {
    return JSON.parse(text) as ExactJson;
  } catch {
    return undefined;
  }
}

function nestingDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let offset = 0; offset < text.length; offset++) {
    const code = text.charCodeAt(offset);
    if (code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x5d) depth--;
  }
  return deepest;
}

function parseExactly(text: string): ExactJson {
  const reader = { text, offset: 0 };
  const value = readValue(reader, 0);
  skipWhitespace(reader);
  if (reader.offset < text.length) throw syntaxError(reader, 'nothing may follow the value');
  return value;
}

interface Reader {
  readonly text: string;
  offset: number;
}

function readValue(reader: Reader, depth: number): ExactJson {
  if (depth > MAX_JSON_DEPTH) throw syntaxError(reader, `lists are nested more than ${MAX_JSON_DEPTH} deep`);
  skipWhitespace(reader);
  const code = reader.text.charCodeAt(reader.offset);
  if (code === 0x5b) return readArray(reader, depth);
  if (code === 0x7b) return readObject(reader, depth);
  if (code === 0x22) return readString(reader);
  return readNumber(reader) ?? readWord(reader);
}

function readArray(reader: Reader, depth: number): ExactJson[] {
  const values: ExactJson[] = [];
  reader.offset++;
  skipWhitespace(reader);
  if (take(reader, ']')) return values;
  for (;;) {
    values.push(readValue(reader, depth + 1));
    skipWhitespace(reader);
    if (take(reader, ']')) return values;
    if (!take(reader, ',')) throw syntaxError(reader, 'expected , or ]');
  }
}

function readObject(reader: Reader, depth: number): { [key: string]: ExactJson } {
  const object = Object.create(null) as { [key: string]: ExactJson };
  reader.offset++;
  skipWhitespace(reader);
  if (take(reader, '}')) return object;
  for (;;) {
    skipWhitespace(reader);
    if (reader.text[reader.offset] !== '"') throw syntaxError(reader, 'expected a name in double quotes');
    const name = readString(reader);
    skipWhitespace(reader);
    if (!take(reader, ':')) throw syntaxError(reader, 'expected :');
    object[name] = readValue(reader, depth + 1);
    skipWhitespace(reader);
    if (take(reader, '}')) return object;
    if (!take(reader, ',')) throw syntaxError(reader, 'expected , or }');
  }
}

function readString(reader: Reader): string {
  const start = reader.offset;
  let end = start + 1;
  while (end < reader.text.length && reader.text.charCodeAt(end) !== 0x22)
    end += reader.text[end] === '\\' ? 2 : 1;
  reader.offset = Math.min(end + 1, reader.text.length);
  try {
    return JSON.parse(reader.text.slice(start, end + 1)) as string;
  } catch {
    reader.offset = start;
    throw syntaxError(
      reader,
      'this text in quotes is not complete, or has a bad escape or control character',
    );
  }
}

function readNumber(reader: Reader): number | bigint | undefined {
  NUMBER.lastIndex = reader.offset;
  const match = NUMBER.exec(reader.text);
  if (match === null) return undefined;
  reader.offset = NUMBER.lastIndex;
  const value = Number(match[0]);
  const isInteger = match[1] === undefined && match[2] === undefined;
  return isInteger && !Number.isSafeInteger(value) ? BigInt(match[0]) : value;
}

function readWord(reader: Reader): ExactJson {
  WORD.lastIndex = reader.offset;
  const word = WORD.exec(reader.text)?.[0];
  const value = word === undefined ? undefined : WORDS.get(word);
  if (word === undefined || value === undefined) throw syntaxError(reader, 'expected a value');
  reader.offset += word.length;
  return value;
}

function skipWhitespace(reader: Reader): void {
  WHITESPACE.lastIndex = reader.offset;
  WHITESPACE.test(reader.text);
  reader.offset = WHITESPACE.lastIndex;
}

function take(reader: Reader, character: string): boolean {
  if (reader.text[reader.offset] !== character) return false;
  reader.offset++;
  return true;
}

function syntaxError({ text, offset }: Reader, why: string): StatusError {
  const before = text.slice(0, offset).split('\n');
  const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  const found =
    offset < text.length ? `found ${JSON.stringify(text.slice(offset, offset + 12))}` : 'the text ends here';
  return new StatusError('invalid-argument', `${place}: ${why}; ${found}`);
}
