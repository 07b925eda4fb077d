import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  JsonDouble,
  JsonNumbers,
  parseJson,
  type JsonValue,
} from '../../../../app/core/open-inference/json-document.ts';

const parse = (text: string): JsonValue => parseJson(new TextEncoder().encode(text));

/** The value as `JSON.parse` gives it: integers beyond 2^53, which we keep exact, are rounded there. */
function plain(value: JsonValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof JsonDouble) return value.value;
  if (value instanceof JsonNumbers) return value.toArray().map(plain);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, each]) => [key, plain(each as JsonValue)]));
  return Array.isArray(value) ? value.map((each: JsonValue) => plain(each)) : value;
}

test('reads whatever JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      // Long fractions lose their last place, as in Triton: json-number.test.ts.
      const text = JSON.stringify(value, (_, each: unknown) =>
        typeof each === 'number' && !Number.isSafeInteger(each) ? Math.round(each % 1e6) / 4 : each,
      );
      fc.pre(!text.includes('__proto__'));
      expect(plain(parse(text))).toEqual(JSON.parse(text));
    }),
  );
});

test('keeps every 64-bit integer exact', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (integer) => {
      expect(BigInt(parse(String(integer)) as number | bigint)).toBe(integer);
    }),
  );
});

test('tells an integer from a number that was written with a fraction', () => {
  expect(parse('[1, 2]')).toMatchObject({ values: [1, 2], firstDouble: -1 });
  expect(parse('[1, 2.0]')).toMatchObject({ values: [1, 2], firstDouble: 1 });
  expect(parse('1.0')).toBeInstanceOf(JsonDouble);
});

test('takes NaN, Infinity, Inf and a byte order mark, as rapidjson is set to', () => {
  expect(plain(parse('[NaN, Infinity, -Infinity, Inf]'))).toEqual([
    Number.NaN,
    Infinity,
    -Infinity,
    Infinity,
  ]);
  expect(parse('\uFEFF"x"')).toBe('x');
});

test('of two members of one name the first counts, and __proto__ is a name like any other', () => {
  expect(plain(parse('{"a":1,"a":2}'))).toEqual({ a: 1 });
  expect((parse('{"__proto__":{"x":1}}') as Map<string, unknown>).has('__proto__')).toBe(true);
});

describe('mistakes are told as rapidjson tells them', () => {
  test.each([
    ['', 'The document is empty. at 0'],
    ['hello', 'Invalid value. at 0'],
    ['nul', 'Invalid value. at 3'],
    ['{"inputs":[', 'Invalid value. at 11'],
    ['{"a":1,}', 'Missing a name for object member. at 7'],
    ['{"a" 1}', 'Missing a colon after a name of object member. at 5'],
    ['[1 2]', "Missing a comma or ']' after an array element. at 3"],
    ['{}x', 'The document root must not be followed by other values. at 2'],
    [String.raw`"\q"`, 'Invalid escape character in string. at 1'],
    [String.raw`"\u12g4"`, String.raw`Incorrect hex digit after \u escape in string. at 1`],
    [String.raw`"\ud800"`, 'The surrogate pair in string is invalid. at 1'],
    ['"abc', 'Missing a closing quotation mark in string. at 4'],
    ['"a\nb"', 'Invalid encoding in string. at 2'],
    ['1.', 'Miss fraction part in number. at 2'],
    ['1e', 'Miss exponent in number. at 2'],
    ['1e999', 'Number too big to be stored in double. at 0'],
    ['"é"x', 'The document root must not be followed by other values. at 4'],
  ])('%j', (text, reason) => {
    expect(() => parse(text)).toThrow(`failed to parse the request JSON buffer: ${reason}`);
  });

  test('nesting beyond any use is refused before it can hurt', () => {
    expect(() => parse('['.repeat(1_000_000))).toThrow(
      'JSON nesting depth exceeds maximum allowed limit (100)',
    );
  });
});
