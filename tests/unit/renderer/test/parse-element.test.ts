import { describe, expect, test } from 'vitest';
import { parseElement } from '../../../../renderer/test/parse-element.ts';

const value = (element: unknown) => ({ kind: 'value', value: element });

describe('an element that a person typed', () => {
  test('is exact for 64-bit integers', () => {
    expect(parseElement('INT64', '9223372036854775807')).toEqual(value(9223372036854775807n));
    expect(parseElement('INT64', '-9223372036854775808')).toEqual(value(-9223372036854775808n));
    expect(parseElement('UINT64', '18446744073709551615')).toEqual(value(18446744073709551615n));
    expect(parseElement('UINT8', '0xff')).toEqual(value(255n));
  });

  test.each([
    ['UINT8', '256', 'UINT8 reaches from 0 to 255.'],
    ['UINT8', '-1', 'UINT8 reaches from 0 to 255.'],
    ['INT8', '128', 'INT8 reaches from -128 to 127.'],
    ['INT64', '9223372036854775808', 'INT64 reaches from -9223372036854775808 to 9223372036854775807.'],
    ['INT32', '3.0', 'INT32 takes whole numbers, not 3.0.'],
    ['INT32', '1e3', 'INT32 takes whole numbers, not 1e3.'],
    ['INT32', 'one', '“one” is no number.'],
    ['FP16', '70000', '70000 is beyond FP16, which ends at ±65504. Write inf for infinity.'],
    ['FP32', '1e39', '1e39 is beyond FP32, which ends at ±3.4028e+38. Write inf for infinity.'],
    ['FP32', '1,5', '“1,5” is no number. Decimals are written with a point.'],
    ['FP32', '', 'A value is needed.'],
    ['BOOL', 'yes', '“yes” is neither true nor false.'],
    ['BOOL', '2', '“2” is neither true nor false.'],
  ] as const)('is refused, never clamped: %s %s', (datatype, text, message) => {
    expect(parseElement(datatype, text)).toEqual({ kind: 'mistake', message });
  });

  test('is read as BOOL in the words that people use', () => {
    expect(parseElement('BOOL', ' True ')).toEqual(value(true));
    expect(parseElement('BOOL', '0')).toEqual(value(false));
  });

  test('is read as a float with signs, exponents and the special values', () => {
    expect(parseElement('FP32', '-.5e-3')).toEqual(value(-0.0005));
    expect(parseElement('FP64', '−2')).toEqual(value(-2));
    expect(parseElement('FP16', 'NaN')).toEqual(value(NaN));
    expect(parseElement('BF16', '-inf')).toEqual(value(-Infinity));
  });

  test('is the text itself for BYTES, blanks included', () => {
    expect(parseElement('BYTES', ' a ')).toEqual(value(' a '));
    expect(parseElement('BYTES', '')).toEqual(value(''));
  });
});
