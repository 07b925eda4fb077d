import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printDouble } from '../../../../app/core/open-inference/json-double.ts';

describe('a double is printed as by rapidjson', () => {
  // Recorded from a real Triton.
  test.each([
    [Math.fround(0.1), '0.10000000149011612'],
    [Math.fround(0.2), '0.20000000298023225'],
    [Math.fround(0.3), '0.30000001192092898'],
    [Math.fround(3.4e38), '3.3999999521443644e38'],
    [Math.fround(-1.5e-7), '-1.500000053056283e-7'],
    [Math.fround(1e-5), '0.000009999999747378752'],
    [Math.fround(1e20), '100000002004087730000.0'],
    [Math.fround(1e21), '1.0000000200408774e21'],
    [Math.fround(1e22), '9.999999778196309e21'],
    [Number('3.402823466385289e38'), '3.402823466385289e38'],
    [Number('1.0000000000000002e-45'), '1.0000000000000002e-45'],
  ])('%d', (value, text) => {
    expect(printDouble(value)).toBe(text);
  });

  test.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [123456792, '123456792.0'],
    [1e22, '1e22'],
    [0.5, '0.5'],
    [1e-7, '1e-7'],
    [5e-324, '5e-324'],
    [Number.MAX_VALUE, '1.7976931348623157e308'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
    [NaN, 'NaN'],
  ])('%d of no fraction or of the edge', (value, text) => {
    expect(printDouble(value)).toBe(text);
  });

  test('any double reads back as itself, in at most 17 digits', () => {
    const bits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(bits, (pattern) => {
        const [value = 0] = new Float64Array(new BigUint64Array([pattern]).buffer);
        if (Number.isNaN(value)) return;
        const text = printDouble(value);
        expect(Number(text)).toBe(value);
        const significant = text.replace(/e.*$/, '').replace('.', '').replace(/^-?0*/, '').replace(/0+$/, '');
        expect(significant.length).toBeLessThanOrEqual(17);
      }),
      { numRuns: 20_000 },
    );
  });
});
