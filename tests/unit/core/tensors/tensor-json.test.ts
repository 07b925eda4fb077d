import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numericElements, tensorOf } from '../../../../app/core/tensors/elements.ts';
import { parseExactJson } from '../../../../app/core/tensors/exact-json.ts';
import { parseTensorJson, printTensorJson } from '../../../../app/core/tensors/tensor-json.ts';

describe('exact JSON', () => {
  test('agrees with JSON.parse on everything that JSON.parse can read', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.stringify(parseExactJson(text), withoutBigInts)).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test.each([
    ['9007199254740993', 9007199254740993n],
    ['-18446744073709551615', -18446744073709551615n],
    ['[NaN, -Infinity]', [NaN, -Infinity]],
    ['1e999', Infinity],
    ['-0', -0],
  ])('reads %s without loss', (text, value) => {
    expect(parseExactJson(text)).toEqual(value);
  });

  test.each([
    ['', 'line 1, column 1: expected a value; the text ends here'],
    ['[1,\n 2', 'line 2, column 3: expected , or ]'],
    ['[01]', 'expected , or ]'],
    ['{"a" 1}', 'expected :'],
    ['"a', 'not complete'],
    ['1 2', 'nothing may follow'],
    ['[1,]', 'expected a value'],
    ['['.repeat(200), 'nested more than 100 deep'],
    ['undefined', 'expected a value'],
  ])('%j is refused with its place', (text, why) => {
    expect(() => parseExactJson(text)).toThrow(why);
  });

  test('a name __proto__ is only a name', () => {
    expect(Object.getPrototypeOf(parseExactJson('{"__proto__": {"x": 1}}'))).toBeNull();
  });
});

describe('tensors as JSON', () => {
  test('nesting is the shape when none is given', () => {
    const tensor = parseTensorJson('[[1, 2, 3], [4, 5, 6]]', 'INT16');
    expect(tensor.shape).toEqual([2, 3]);
    expect([...numericElements(tensor)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('a given shape takes a flat list in row-major order', () => {
    expect(parseTensorJson('[1, 2]', 'FP32', [2, 1]).shape).toEqual([2, 1]);
    expect(() => parseTensorJson('[1, 2]', 'FP32', [3])).toThrow(
      'shape [3] has 3 elements, but the data has 2 (flat)',
    );
  });

  test('INT64 keeps the digits that a JavaScript number loses', () => {
    const text = '[9007199254740993,-9223372036854775808]';
    expect(printTensorJson(parseTensorJson(text, 'INT64'))).toBe(text);
  });

  test.each([
    ['[[1, 2], [3]]', 'at [1]: this list has 1 entries, its neighbours have 2'],
    ['[[1, 2], 3]', 'at [1]: a list of 2 is expected here'],
    ['[1, [2]]', 'at [1]: a single value is expected here'],
    ['[1, null]', 'at [1]: null is no tensor value'],
    ['[300]', 'element 0 is 300'],
  ])('%s is refused with its place', (text, why) => {
    expect(() => parseTensorJson(text, 'UINT8')).toThrow(why);
  });

  test('NaN and infinities are read and written', () => {
    expect(printTensorJson(parseTensorJson('[NaN, Infinity, -Infinity, -0]', 'FP32'))).toBe(
      '[NaN,Infinity,-Infinity,-0]',
    );
  });

  test('FP32 is written as the shortest decimal that is the same FP32', () => {
    expect(printTensorJson(tensorOf('FP32', [3], [0.1, 16777216, 1e-7]))).toBe('[0.1,16777216,1e-7]');
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (value) => {
        const printed = printTensorJson(tensorOf('FP32', [], [value]));
        expect(Object.is(Math.fround(Number(printed)), value)).toBe(true);
      }),
    );
  });

  test('a scalar is a bare value, an empty tensor an empty list', () => {
    expect(printTensorJson(tensorOf('INT32', [], [7]))).toBe('7');
    expect(printTensorJson(tensorOf('INT32', [2, 0], []))).toBe('[[],[]]');
    expect(parseTensorJson('[[],[]]', 'INT32').shape).toEqual([2, 0]);
  });

  test('every shape comes back from its nested JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), (shape) => {
        const count = shape.reduce((product, dim) => product * dim, 1);
        const tensor = tensorOf(
          'INT32',
          shape,
          Array.from({ length: count }, (_, index) => index),
        );
        expect(parseTensorJson(printTensorJson(tensor), 'INT32')).toEqual(tensor);
      }),
    );
  });
});

function withoutBigInts(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
