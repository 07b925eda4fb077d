import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson, JsonDouble } from '../../../../app/core/open-inference/json-document.ts';

function readNumber(text: string): number {
  const value = parseJson(new TextEncoder().encode(text));
  if (value instanceof JsonDouble) return value.value;
  throw new Error(`${text} is no double`);
}

describe('a number is read as by rapidjson without full precision', () => {
  // Recorded from a real Triton, which prints the double that it read.
  test.each([
    ['1e-45', Number('1.0000000000000002e-45')],
    ['3.4028234663852886e+38', 3.402823466385289e38],
    ['0.1', 0.1],
    ['16777217.0', 16777217],
    ['1e308', 1e308],
    ['-2.5e-3', -0.0025],
    ['0.000', 0],
  ])('%s', (text, value) => {
    expect(readNumber(text)).toBe(value);
  });

  test('any double comes back within a few units of its last place', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-290, max: 1e290 }), (value) => {
        const text = String(value).replace('e+', 'e');
        const read = readNumber(/[.e]/.test(text) ? text : `${text}.0`);
        expect(Math.abs(read - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -50);
      }),
    );
  });

  test.each(['1e309', '1e99999', '-1e400'])('%s is too big', (text) => {
    expect(() => readNumber(text)).toThrow('Number too big to be stored in double.');
  });
});
