import { expect, test } from 'vitest';
import { elementReader, tensorOf } from '../../../../app/core/tensors/elements.ts';
import { castTensor, checkCast } from '../../../../renderer/test/cast-tensor.ts';

test('a cast that changes no value is exact', () => {
  expect(checkCast(tensorOf('FP64', [2], [1, -7]), 'INT32')).toEqual({ kind: 'exact' });
  expect(checkCast(tensorOf('INT64', [1], [2n ** 53n]), 'FP64')).toEqual({ kind: 'exact' });
  expect(checkCast(tensorOf('FP32', [1], [1]), 'FP32')).toEqual({ kind: 'same' });
});

test('a cast between floats may round, and says so', () => {
  expect(checkCast(tensorOf('FP64', [1], [0.1]), 'FP32')).toEqual({ kind: 'rounded' });
});

test.each([
  [tensorOf('FP32', [1], [0.5]), 'INT32', 'element 0 is 0.5, no whole number'],
  [tensorOf('INT32', [2], [1, 300]), 'UINT8', 'element 1 is 300, beyond 0 to 255'],
  [tensorOf('FP32', [1], [70000]), 'FP16', 'element 0 is 70000, beyond the range of FP16'],
  [
    tensorOf('INT64', [1], [2n ** 53n + 1n]),
    'FP64',
    'element 0 is 9007199254740993, which FP64 cannot hold exactly',
  ],
  [tensorOf('BYTES', [1], ['1']), 'FP32', 'text and numbers cannot be turned into each other'],
] as const)('a cast that would change values is refused (%#)', (tensor, datatype, reason) => {
  expect(checkCast(tensor, datatype)).toEqual({ kind: 'impossible', reason });
});

test('casting keeps values and shape', () => {
  const cast = castTensor(tensorOf('BOOL', [1, 2], [true, false]), 'FP32');
  expect(cast.shape).toEqual([1, 2]);
  expect([elementReader(cast).at(0), elementReader(cast).at(1)]).toEqual([1, 0]);
});
