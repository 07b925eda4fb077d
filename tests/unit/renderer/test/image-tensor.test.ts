import { describe, expect, test } from 'vitest';
import { numericElements } from '../../../../app/core/tensors/elements.ts';
import { placement } from '../../../../renderer/test/draw-picture.ts';
import { imageLayout } from '../../../../renderer/test/image-layout.ts';
import { imageTensorData, previewPixels, rangeOfExample } from '../../../../renderer/test/image-tensor.ts';

const PLAIN = { range: { kind: 'bytes' }, isInverted: false } as const;
/** Two pixels: red and half transparent black. */
const RGBA = [255, 0, 0, 255, 0, 0, 0, 128];

function values(
  shape: readonly number[],
  datatype: 'FP32' | 'UINT8' | 'FP16',
  options: Parameters<typeof imageTensorData>[3],
) {
  const layout = { order: 'NCHW', height: 1, width: 2, channels: 3, copies: 1, ...layoutOf(shape) } as const;
  return [...numericElements({ datatype, data: imageTensorData(RGBA, layout, datatype, options) })];
}

function layoutOf(shape: readonly number[]) {
  return shape.at(-1) === 3 ? { order: 'NHWC' as const } : shape.at(1) === 1 ? { channels: 1 as const } : {};
}

describe('a shape is a picture', () => {
  test.each([
    ['FP32', [1, 3, 32, 64], { order: 'NCHW', channels: 3, height: 32, width: 64, copies: 1 }],
    ['UINT8', [4, 32, 64, 3], { order: 'NHWC', channels: 3, height: 32, width: 64, copies: 4 }],
    ['FP32', [1, 1, 8, 8], { order: 'NCHW', channels: 1, height: 8, width: 8, copies: 1 }],
    ['FP32', [2, 8, 8], { order: 'NCHW', channels: 1, height: 8, width: 8, copies: 2 }],
  ] as const)('%s %j', (datatype, shape, layout) => {
    expect(imageLayout(datatype, shape)).toEqual(layout);
  });

  test.each([
    ['INT32', [1, 3, 32, 32]],
    ['FP32', [1, 7, 32, 32]],
    ['FP32', [1, 64]],
    ['FP32', [1, 3, 1, 1]],
  ] as const)('but not %s %j', (datatype, shape) => {
    expect(imageLayout(datatype, shape)).toBeNull();
  });
});

describe('pixels become values', () => {
  test('channel by channel or pixel by pixel, on a white ground', () => {
    expect(values([1, 3, 1, 2], 'UINT8', PLAIN)).toEqual([255, 127, 0, 127, 0, 127]);
    expect(values([1, 1, 2, 3], 'UINT8', PLAIN)).toEqual([255, 0, 0, 127, 127, 127]);
  });

  test('as gray by luma', () => {
    expect(values([1, 1, 1, 2], 'UINT8', PLAIN)).toEqual([76, 127]);
  });

  test('in the range that the model wants', () => {
    const first = (range: Parameters<typeof imageTensorData>[3]['range'], isInverted = false) =>
      values([1, 3, 1, 2], 'FP32', { range, isInverted })[0];
    expect(first({ kind: 'unit' })).toBe(1);
    expect(first({ kind: 'signed' })).toBe(1);
    expect(first({ kind: 'signed' }, true)).toBe(-1);
    expect(first({ kind: 'maximum', maximum: 16 })).toBe(16);
    expect(first({ kind: 'imagenet' })).toBeCloseTo((1 - 0.485) / 0.229, 5);
  });

  test('once for each element of the batch', () => {
    const layout = { order: 'NCHW', height: 1, width: 2, channels: 1, copies: 3 } as const;
    expect([...imageTensorData(RGBA, layout, 'UINT8', PLAIN)]).toEqual([76, 127, 76, 127, 76, 127]);
  });

  test('and the preview shows the same levels', () => {
    const layout = { order: 'NCHW', height: 1, width: 2, channels: 1, copies: 1 } as const;
    expect([...previewPixels(RGBA, layout, { ...PLAIN, isInverted: true })]).toEqual([
      179, 179, 179, 255, 128, 128, 128, 255,
    ]);
  });
});

test('the range follows a known good example', () => {
  expect(rangeOfExample(0, 16)).toEqual({ kind: 'maximum', maximum: 16 });
  expect(rangeOfExample(0, 0.9)).toEqual({ kind: 'unit' });
  expect(rangeOfExample(0, 254)).toEqual({ kind: 'bytes' });
  expect(rangeOfExample(-1, 1)).toEqual({ kind: 'signed' });
});

test('a picture of another shape is stretched, cropped or shown whole', () => {
  const [wide, square] = [
    { width: 200, height: 100 },
    { width: 10, height: 10 },
  ];
  expect(placement('stretch', wide, square)).toEqual({ x: 0, y: 0, width: 10, height: 10 });
  expect(placement('crop', wide, square)).toEqual({ x: -5, y: 0, width: 20, height: 10 });
  expect(placement('contain', wide, square)).toEqual({ x: 0, y: 2.5, width: 10, height: 5 });
});
