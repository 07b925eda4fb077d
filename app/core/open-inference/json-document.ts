import { StatusError } from '../status.ts';
import { readDouble } from './json-number.ts';

/** A number that was written with a fraction or an exponent, or that fits no 64-bit integer. */
export class JsonDouble {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/**
 * An array of numbers only, kept without an object for each: `values` are the numbers (integers beyond 2^53 rounded,
 * their exact value in `exact` by index), `firstDouble` the index of the first that is no integer, −1 if none.
 */
export class JsonNumbers {
  readonly values: number[] = [];
  firstDouble = -1;
  exact: Map<number, bigint> | undefined;

  /** Adds a number as the parser returned it. */
  push(value: number | bigint | JsonDouble): void {
    const index = this.values.length;
    if (typeof value === 'number') this.values.push(value);
    else if (typeof value === 'bigint') {
      (this.exact ??= new Map()).set(index, value);
      this.values.push(Number(value));
    } else {
      if (this.firstDouble < 0) this.firstDouble = index;
      this.values.push(value.value);
    }
  }

  /** The elements one by one, as they would stand in an array of mixed values. */
  toArray(): JsonValue[] {
    return this.values.map((value, index) => {
      const exact = this.exact?.get(index);
      if (exact !== undefined) return exact;
      return index === this.firstDouble || !Number.isSafeInteger(value) ? new JsonDouble(value) : value;
    });
  }
}

/** An object; of several members of one name the first counts, as in rapidjson. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** A parsed value. Integers are `number` while exact, `bigint` beyond 2^53. */
export type JsonValue =
  null | boolean | string | number | bigint | JsonDouble | JsonNumbers | readonly JsonValue[] | JsonObject;

/** Whether the value is an object. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

/** Whether the value is an array of any kind. */
export function isJsonArray(value: JsonValue | undefined): value is JsonNumbers | readonly JsonValue[] {
  return value instanceof JsonNumbers || Array.isArray(value);
}

const MAX_PARSE_DEPTH = 1000;
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const latin1 = new TextDecoder('latin1');

const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** One parse over the bytes; `text` holds a character a byte, so that every index is a byte offset. */
class JsonParser {
  readonly #bytes: Uint8Array;
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#text = latin1.decode(bytes);
  }

  parse(): JsonValue {
    if (this.#text.charCodeAt(0) === 0xef && this.#bytes[1] === 0xbb && this.#bytes[2] === 0xbf) this.#at = 3;
    this.#skipSpace();
    if (this.#isAtEnd()) throw this.#error('The document is empty.');
    const value = this.#value();
    this.#skipSpace();
    if (!this.#isAtEnd()) {
      throw this.#error('The document root must not be followed by other values.');
    }
    return value;
  }

  /** A NUL ends the document, as for every C string. */
  #isAtEnd(): boolean {
    const code = this.#text.charCodeAt(this.#at);
    return Number.isNaN(code) || code === 0;
  }

  #error(reason: string, at = this.#at): StatusError {
    return new StatusError('internal', `failed to parse the request JSON buffer: ${reason} at ${at}`);
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 32 || code === 10 || code === 13 || code === 9) this.#at += 1;
      else return;
    }
  }

  #value(): JsonValue {
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x7b:
        return this.#object();
      case 0x5b:
        return this.#array();
      case 0x22:
        return this.#string();
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #word<Value>(word: string, value: Value): Value {
    let matched = 1;
    while (matched < word.length && this.#text[this.#at + matched] === word[matched]) matched += 1;
    this.#at += matched;
    if (matched < word.length) throw this.#error('Invalid value.');
    return value;
  }

  #enter(): void {
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > MAX_PARSE_DEPTH) {
      throw new StatusError('invalid-argument', 'JSON nesting depth exceeds maximum allowed limit (100)');
    }
    this.#skipSpace();
  }

  #object(): JsonObject {
    this.#enter();
    const members = new Map<string, JsonValue>();
    if (this.#take(0x7d)) return members;
    for (;;) {
      if (this.#text.charCodeAt(this.#at) !== 0x22) throw this.#error('Missing a name for object member.');
      const name = this.#string();
      this.#skipSpace();
      if (this.#text.charCodeAt(this.#at) !== 0x3a) {
        throw this.#error('Missing a colon after a name of object member.');
      }
      this.#at += 1;
      this.#skipSpace();
      const value = this.#value();
      if (!members.has(name)) members.set(name, value);
      this.#skipSpace();
      if (this.#take(0x7d)) return members;
      if (this.#text.charCodeAt(this.#at) !== 0x2c) {
        throw this.#error("Missing a comma or '}' after an object member.");
      }
      this.#at += 1;
      this.#skipSpace();
    }
  }

  #take(closing: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== closing) return false;
    this.#at += 1;
    this.#depth -= 1;
    return true;
  }

  #array(): JsonNumbers | JsonValue[] {
    this.#enter();
    if (this.#take(0x5d)) return [];
    let numbers: JsonNumbers | null = new JsonNumbers();
    let mixed: JsonValue[] = [];
    for (;;) {
      const value = this.#value();
      if (
        numbers &&
        (typeof value === 'number' || typeof value === 'bigint' || value instanceof JsonDouble)
      ) {
        numbers.push(value);
      } else {
        if (numbers) mixed = numbers.toArray();
        numbers = null;
        mixed.push(value);
      }
      this.#skipSpace();
      if (this.#text.charCodeAt(this.#at) === 0x2c) {
        this.#at += 1;
        this.#skipSpace();
      } else if (this.#take(0x5d)) return numbers ?? mixed;
      else throw this.#error("Missing a comma or ']' after an array element.");
    }
  }

  #string(): string {
    const start = this.#at + 1;
    let plainFrom = start;
    let text = '';
    let at = start;
    let isAscii = true;
    for (;;) {
      const code = this.#text.charCodeAt(at);
      if (code === 0x22) break;
      if (code === 0x5c) {
        text += this.#slice(plainFrom, at, isAscii);
        const escape = this.#escape(at);
        text += escape.text;
        at = escape.end;
        plainFrom = at;
        continue;
      }
      if (Number.isNaN(code) || code === 0) {
        throw this.#error('Missing a closing quotation mark in string.', at);
      }
      if (code < 0x20) throw this.#error('Invalid encoding in string.', at);
      if (code > 0x7f) isAscii = false;
      at += 1;
    }
    this.#at = at + 1;
    return text + this.#slice(plainFrom, at, isAscii);
  }

  #slice(from: number, to: number, isAscii: boolean): string {
    return isAscii ? this.#text.slice(from, to) : utf8.decode(this.#bytes.subarray(from, to));
  }

  #escape(at: number): { text: string; end: number } {
    const kind = this.#text[at + 1] ?? '';
    const simple = Object.hasOwn(SIMPLE_ESCAPES, kind) ? SIMPLE_ESCAPES[kind] : undefined;
    if (simple !== undefined) return { text: simple, end: at + 2 };
    if (kind !== 'u') throw this.#error('Invalid escape character in string.', at);
    const first = this.#hex(at + 2, at);
    if (first < 0xd800 || first > 0xdfff) return { text: String.fromCharCode(first), end: at + 6 };
    const isPair = first < 0xdc00 && this.#text[at + 6] === '\\' && this.#text[at + 7] === 'u';
    const second = isPair ? this.#hex(at + 8, at) : 0;
    if (second < 0xdc00 || second > 0xdfff) throw this.#error('The surrogate pair in string is invalid.', at);
    return { text: String.fromCharCode(first, second), end: at + 12 };
  }

  #hex(from: number, escapeAt: number): number {
    const digits = this.#text.slice(from, from + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
      throw this.#error(String.raw`Incorrect hex digit after \u escape in string.`, escapeAt);
    }
    return Number.parseInt(digits, 16);
  }

  #digits(from: number): number {
    let at = from;
    for (;;) {
      const code = this.#text.charCodeAt(at);
      if (code >= 0x30 && code <= 0x39) at += 1;
      else return at;
    }
  }

  #number(): number | bigint | JsonDouble {
    const start = this.#at;
    const isNegative = this.#text.charCodeAt(start) === 0x2d;
    const first = isNegative ? start + 1 : start;
    const firstCode = this.#text.charCodeAt(first);
    if (!(firstCode >= 0x30 && firstCode <= 0x39)) return this.#nonFinite(first, isNegative);
    const integerEnd = firstCode === 0x30 ? first + 1 : this.#digits(first);
    let end = integerEnd;
    if (this.#text.charCodeAt(end) === 0x2e) {
      end = this.#digits(integerEnd + 1);
      if (end === integerEnd + 1) throw this.#error('Miss fraction part in number.', end);
    }
    const fractionEnd = end;
    const exponentMark = this.#text.charCodeAt(end);
    if (exponentMark === 0x65 || exponentMark === 0x45) {
      const sign = this.#text.charCodeAt(end + 1);
      const from = sign === 0x2b || sign === 0x2d ? end + 2 : end + 1;
      end = this.#digits(from);
      if (end === from) throw this.#error('Miss exponent in number.', end);
    }
    this.#at = end;
    if (end === integerEnd) return this.#integer(start, first, end, isNegative);
    return new JsonDouble(this.#double(start, first, integerEnd, fractionEnd, end));
  }

  #nonFinite(first: number, isNegative: boolean): JsonDouble {
    for (const [word, value] of [
      ['NaN', Number.NaN],
      ['Infinity', Infinity],
      ['Inf', Infinity],
    ] as const) {
      if (this.#text.startsWith(word, first)) {
        this.#at = first + word.length;
        return new JsonDouble(isNegative ? -value : value);
      }
    }
    throw this.#error('Invalid value.', first);
  }

  #integer(start: number, first: number, end: number, isNegative: boolean): number | bigint | JsonDouble {
    if (end - first <= 15) {
      let value = 0;
      for (let at = first; at < end; at += 1) value = value * 10 + this.#text.charCodeAt(at) - 0x30;
      return isNegative && value !== 0 ? -value : value;
    }
    const digits = this.#text.slice(start, end);
    const exact = end - first <= 20 ? BigInt(digits) : null;
    if (exact === null || exact > 0xffff_ffff_ffff_ffffn || exact < -0x8000_0000_0000_0000n) {
      const parts = { isNegative, integer: this.#text.slice(first, end), fraction: '', exponent: 0 };
      return new JsonDouble(this.#finite(readDouble(parts), start));
    }
    const rounded = Number(exact);
    return Number.isSafeInteger(rounded) ? rounded : exact;
  }

  /** A short mantissa over a small power of ten is one division, the same as rapidjson's; the rest is taken apart. */
  #double(start: number, first: number, integerEnd: number, fractionEnd: number, end: number): number {
    const decimals = fractionEnd > integerEnd ? fractionEnd - integerEnd - 1 : 0;
    if (end > fractionEnd || fractionEnd - first > 15) {
      const value = readDouble({
        isNegative: first > start,
        integer: this.#text.slice(first, integerEnd),
        fraction: this.#text.slice(integerEnd + 1, fractionEnd),
        exponent: Number(this.#text.slice(fractionEnd + 1, end)),
      });
      return this.#finite(value, start);
    }
    let mantissa = 0;
    for (let at = first; at < fractionEnd; at += 1) {
      if (at !== integerEnd) mantissa = mantissa * 10 + this.#text.charCodeAt(at) - 0x30;
    }
    const value = mantissa / (POWERS_OF_TEN[decimals] ?? 1);
    return first > start ? -value : value;
  }

  #finite(value: number, start: number): number {
    if (!Number.isFinite(value)) throw this.#error('Number too big to be stored in double.', start);
    return value;
  }
}

/**
 * Reads JSON as Triton's rapidjson does (NaN and Infinity accepted, a BOM skipped), keeping 64-bit integers exact.
 * @throws StatusError `internal` "failed to parse the request JSON buffer: <reason> at <byte offset>".
 */
export function parseJson(bytes: Uint8Array): JsonValue {
  return new JsonParser(bytes).parse();
}
