import { describe, expect, test } from 'vitest';
import { DATATYPES, isDatatype } from '../../../../app/core/datatypes.ts';
import {
  elementReader,
  elementText,
  numericElements,
  tensorOf,
} from '../../../../app/core/tensors/elements.ts';
import { generateTensor } from '../../../../app/core/tensors/generate.ts';
import { createRandom } from '../../../../app/core/tensors/random.ts';
import { tensorStatistics } from '../../../../app/core/tensors/tensor-statistics.ts';
import { topK } from '../../../../app/core/tensors/top-k.ts';

const datatypes = Object.keys(DATATYPES).filter(isDatatype);
const texts = (tensor: Parameters<typeof elementReader>[0]): string[] => {
  const reader = elementReader(tensor);
  return Array.from({ length: reader.length }, (_, index) => elementText(reader.at(index) ?? 0));
};

describe('generators', () => {
  test.each(datatypes)('%s can be filled in every way, and has the shape asked for', (datatype) => {
    for (const generator of [
      { kind: 'zeros' },
      { kind: 'ones' },
      { kind: 'random', seed: 3 },
      { kind: 'arange' },
      { kind: 'constant', value: datatype === 'BYTES' ? 'x' : datatype === 'BOOL' ? true : 1 },
    ] as const) {
      const tensor = generateTensor(datatype, [2, 3], generator);
      expect(tensor.shape).toEqual([2, 3]);
      expect(elementReader(tensor).length).toBe(6);
    }
  });

  test('the same seed gives the same bytes, another seed others', () => {
    const random = (seed: number): Uint8Array => generateTensor('FP32', [100], { kind: 'random', seed }).data;
    expect(random(42)).toEqual(random(42));
    expect(random(42)).not.toEqual(random(43));
  });

  test('random numbers never change between releases', () => {
    const random = createRandom(42);
    expect([random.nextUint32(), random.nextUint32(), random.nextUint32()]).toMatchInlineSnapshot(`
      [
        571228749,
        1692936160,
        3146477205,
      ]
    `);
  });

  test('random values lie in their range and reach both ends of it', () => {
    const values = numericElements(
      generateTensor('INT8', [2000], { kind: 'random', seed: 1, minimum: -3, maximum: 3 }),
    );
    expect(new Set(Array.from(values, Number))).toEqual(new Set([-3, -2, -1, 0, 1, 2, 3]));
    const wide = numericElements(
      generateTensor('UINT64', [50], {
        kind: 'random',
        seed: 1,
        minimum: 2n ** 63n,
        maximum: 2n ** 64n - 1n,
      }),
    );
    expect([...wide].every((value) => value >= 2n ** 63n)).toBe(true);
    const floats = numericElements(
      generateTensor('FP64', [500], { kind: 'random', seed: 1, minimum: -1, maximum: 1 }),
    );
    expect([...floats].every((value) => value >= -1 && value < 1)).toBe(true);
  });

  test('arange counts, and wraps round at the end of an integer range', () => {
    expect(texts(generateTensor('UINT8', [3], { kind: 'arange', start: 254 }))).toEqual(['254', '255', '0']);
    expect(texts(generateTensor('INT64', [2], { kind: 'arange', start: 9007199254740993n }))).toEqual([
      '9007199254740993',
      '9007199254740994',
    ]);
    expect(texts(generateTensor('FP32', [3], { kind: 'arange', step: 0.5 }))).toEqual(['0', '0.5', '1']);
    expect(texts(generateTensor('BYTES', [2], { kind: 'arange' }))).toEqual(['0', '1']);
  });

  test.each([
    [{ kind: 'constant', value: 300 }, 'element 0 is 300'],
    [{ kind: 'random', seed: 1, minimum: 5, maximum: 2 }, 'is empty'],
    [{ kind: 'random', seed: 1, minimum: 0, maximum: 256 }, 'the range is 0 to 255'],
    [{ kind: 'arange', step: 0.5 }, 'step is 0.5'],
  ] as const)('%j is refused for UINT8', (generator, why) => {
    expect(() => generateTensor('UINT8', [2], generator)).toThrow(why);
  });

  test('a shape that would not fit memory is refused at once', () => {
    expect(() => generateTensor('FP32', [1e6, 1e6], { kind: 'zeros' })).toThrow('are possible');
    expect(() => generateTensor('BYTES', [1e6], { kind: 'constant', value: 'x'.repeat(1e5) })).toThrow(
      'too many',
    );
  });
});

describe('statistics', () => {
  test('mean and deviation are those of the finite elements', () => {
    expect(tensorStatistics(tensorOf('FP32', [6], [1, 2, 3, NaN, Infinity, 4]))).toEqual({
      kind: 'numeric',
      count: 6,
      minimum: 1,
      maximum: Infinity,
      mean: 2.5,
      standardDeviation: Math.sqrt(1.25),
      nanCount: 1,
      infinityCount: 1,
    });
  });

  test('the bounds of 64-bit integers are exact', () => {
    const statistics = tensorStatistics(tensorOf('INT64', [2], [9007199254740993n, 2n ** 63n - 1n]));
    expect(statistics).toMatchObject({ minimum: 9007199254740993n, maximum: 2n ** 63n - 1n });
  });

  test('the mean of huge doubles does not overflow', () => {
    expect(tensorStatistics(tensorOf('FP64', [2], [1.7e308, 1.7e308]))).toMatchObject({ mean: 1.7e308 });
  });

  test('an empty tensor has none', () => {
    expect(tensorStatistics(tensorOf('FP32', [0], []))).toMatchObject({
      count: 0,
      minimum: null,
      mean: null,
    });
    expect(tensorStatistics(tensorOf('FP32', [1], [NaN]))).toMatchObject({
      nanCount: 1,
      minimum: null,
      mean: null,
    });
  });

  test('BYTES have lengths', () => {
    expect(tensorStatistics(tensorOf('BYTES', [2], ['', 'abc']))).toEqual({
      kind: 'bytes',
      count: 2,
      shortest: 0,
      longest: 3,
    });
  });
});

describe('top-k', () => {
  test('the largest of each row, lower index first among equals, NaN never', () => {
    expect(topK(tensorOf('FP32', [2, 3], [0.5, 2, 2, NaN, -1, 7]), 2)).toEqual([
      [
        { index: 1, value: 2 },
        { index: 2, value: 2 },
      ],
      [
        { index: 2, value: 7 },
        { index: 1, value: -1 },
      ],
    ]);
  });

  test('more than there are gives all; a scalar is one row of one', () => {
    expect(topK(tensorOf('INT64', [2], [1n, 2n]), 9)[0]).toHaveLength(2);
    expect(topK(tensorOf('FP32', [], [3]), 1)).toEqual([[{ index: 0, value: 3 }]]);
  });
});
