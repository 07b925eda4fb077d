import { setFloat16 } from '@petamoriken/float16';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesText, decodeBytes, encodeBytes } from '../../../../app/core/tensors/bytes-elements.ts';
import { elementReader, numericElements, tensorOf } from '../../../../app/core/tensors/elements.ts';
import {
  bfloat16Bytes,
  bfloat16Values,
  float16Bytes,
  float16Values,
} from '../../../../app/core/tensors/half-floats.ts';
import { checkedByteSize, checkedElementCount } from '../../../../app/core/tensors/tensor-size.ts';

describe('elements', () => {
  test('INT64 and UINT64 keep every digit to their bounds', () => {
    const signed = tensorOf('INT64', [3], [-(2n ** 63n), 9007199254740993n, 2n ** 63n - 1n]);
    expect([...numericElements(signed)]).toEqual([-(2n ** 63n), 9007199254740993n, 2n ** 63n - 1n]);
    expect([...numericElements(tensorOf('UINT64', [1], [2n ** 64n - 1n]))]).toEqual([2n ** 64n - 1n]);
  });

  test.each([
    ['UINT8', 256, 'the range is 0 to 255'],
    ['INT8', -129n, 'the range is -128 to 127'],
    ['INT64', 2n ** 63n, 'the range is'],
    ['INT32', 1.5, 'an integer is needed'],
    ['INT32', NaN, 'an integer is needed'],
    ['FP32', 'x', 'a number is needed'],
    ['BOOL', 2, 'true or false is needed'],
    ['BYTES', 2, 'text is needed'],
  ] as const)('%s refuses %s and says why', (datatype, value, why) => {
    expect(() => tensorOf(datatype, [2], [value, value])).toThrow(why);
    expect(() => tensorOf(datatype, [2], [value, value])).toThrow('element 0');
  });

  test('a count that is not that of the shape is refused', () => {
    expect(() => tensorOf('FP32', [2, 2], [1, 2, 3])).toThrow('shape [2,2] has 4 elements, but 3 are given');
  });

  test('data at an odd address is read all the same', () => {
    const data = new Uint8Array(9);
    data.set(new Uint8Array(Float64Array.of(1.25).buffer), 1);
    expect([...numericElements({ datatype: 'FP64', data: data.subarray(1) })]).toEqual([1.25]);
  });

  test('data that is no whole number of elements is refused', () => {
    expect(() => numericElements({ datatype: 'FP32', data: new Uint8Array(5) })).toThrow(
      '5 bytes are no whole number',
    );
  });

  test('BOOL is read as true and false, BYTES as bytes', () => {
    const bools = elementReader(tensorOf('BOOL', [2], [true, 0]));
    expect([bools.at(0), bools.at(1), bools.at(2)]).toEqual([true, false, undefined]);
    expect(elementReader(tensorOf('BYTES', [1], ['é'])).at(0)).toEqual(new Uint8Array([0xc3, 0xa9]));
  });
});

describe('half floats', () => {
  test('every FP16 and BF16 bit pattern survives being read and written', () => {
    const all = new Uint8Array(Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).buffer);
    const same = (bytes: Uint8Array, values: Float32Array): void => {
      const before = new Uint16Array(all.buffer);
      const after = new Uint16Array(bytes.buffer);
      const changed = before.filter((bits, index) => bits !== after[index] && !Number.isNaN(values[index]));
      expect(changed).toHaveLength(0);
    };
    same(float16Bytes(float16Values(all)), float16Values(all));
    same(bfloat16Bytes(bfloat16Values(all)), bfloat16Values(all));
  });

  test.each([
    [1 + 2 ** -8, 0x3f80],
    [1 + 3 * 2 ** -8, 0x3f82],
    [1 + 2 ** -8 + 2 ** -20, 0x3f81],
    [3.4e38, 0x7f80],
    [-0, 0x8000],
    [NaN, 0x7fc0],
    [Infinity, 0x7f80],
  ])('BF16 rounds %d to the nearest even', (value, bits) => {
    expect(new Uint16Array(bfloat16Bytes([value]).buffer)[0]).toBe(bits);
  });

  test.each([
    [2049, 2048],
    [2051, 2052],
    [65520, Infinity],
    [65519, 65504],
    [2 ** -25, 0],
    [2 ** -24, 2 ** -24],
  ])('FP16 rounds %d to %d', (value, rounded) => {
    expect(float16Values(float16Bytes([value]))[0]).toBe(rounded);
  });
});

test('FP16 rounds every double as the library does', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.double({ noNaN: true }), fc.double({ min: -70_000, max: 70_000, noNaN: true })),
      (value) => {
        const view = new DataView(new ArrayBuffer(2));
        setFloat16(view, 0, value, true);
        expect(new Uint16Array(float16Bytes([value]).buffer)[0]).toBe(view.getUint16(0, true));
      },
    ),
    { numRuns: 5000 },
  );
});

describe('BYTES', () => {
  test('any bytes come back, NUL and broken UTF-8 included', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (elements) => {
        expect(decodeBytes(encodeBytes(elements))).toEqual(elements);
      }),
    );
  });

  test.each([
    [[5, 0, 0], 'BYTES element 0 at byte 0 is cut short: the length takes 4 bytes, 3 are left'],
    [
      [1, 0, 0, 0, 65, 9, 0, 0, 0, 66],
      'BYTES element 1 at byte 5 is cut short: its length is 9 bytes, 1 are left',
    ],
    [[255, 255, 255, 255], 'its length is 4294967295 bytes, 0 are left'],
  ])('a length past the end is refused with its place', (bytes, why) => {
    expect(() => decodeBytes(Uint8Array.from(bytes))).toThrow(why);
  });

  test('what is no UTF-8 has no text', () => {
    expect(bytesText(Uint8Array.of(0xff))).toBeNull();
    expect(bytesText(Uint8Array.of(0xef, 0xbb, 0xbf))).toBe('\uFEFF');
  });
});

describe('sizes', () => {
  test.each([
    [[2 ** 31, 2 ** 31], 'too many to count'],
    [[-1], 'dimension 0 of shape [-1] is -1'],
    [[1.5], 'a size must be an integer'],
  ])('shape %j is refused', (shape, why) => {
    expect(() => checkedElementCount(shape)).toThrow(why);
  });

  test('a zero among huge dimensions is an empty tensor, not an overflow', () => {
    expect(checkedElementCount([2 ** 50, 2 ** 50, 0])).toBe(0);
  });

  test('a tensor beyond 2 GiB is refused before memory is taken', () => {
    expect(() => checkedByteSize('FP64', [1 << 28])).toThrow('takes 2147483648 bytes');
  });
});
