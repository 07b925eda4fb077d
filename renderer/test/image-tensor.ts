import type { Datatype } from '../../app/core/datatypes.ts';
import { bytesOf } from '../../app/core/tensors/elements.ts';
import { bfloat16Bytes, float16Bytes } from '../../app/core/tensors/half-floats.ts';
import type { ImageLayout } from './image-layout.ts';

/** How a pixel of 0 to 255 becomes a value. */
export type PixelRange =
  | { readonly kind: 'unit' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'signed' }
  | { readonly kind: 'imagenet' }
  | { readonly kind: 'maximum'; readonly maximum: number };

/** Everything that is done to a picture before it is sent. */
export interface ImageOptions {
  readonly range: PixelRange;
  /** Dark on light becomes light on dark. */
  readonly isInverted: boolean;
}

const MEAN = [0.485, 0.456, 0.406] as const;
const DEVIATION = [0.229, 0.224, 0.225] as const;

/** The value that a channel's level (0 to 255) is sent as. UINT8 is rounded to the nearest whole number. */
export function pixelValue(level: number, channel: number, { range, isInverted }: ImageOptions): number {
  const light = (isInverted ? 255 - level : level) / 255;
  switch (range.kind) {
    case 'unit':
      return light;
    case 'bytes':
      return light * 255;
    case 'signed':
      return light * 2 - 1;
    case 'imagenet':
      return (light - (MEAN[channel] ?? 0.449)) / (DEVIATION[channel] ?? 0.226);
    case 'maximum':
      return light * range.maximum;
  }
}

/**
 * The data of an image input from the RGBA pixels of a picture of exactly the layout's height and width. Transparent
 * pixels lie on white; gray is the luma of ITU-R BT.601; the batch is filled with copies.
 */
export function imageTensorData(
  rgba: ArrayLike<number>,
  layout: ImageLayout,
  datatype: Datatype,
  options: ImageOptions,
): Uint8Array {
  const { height, width, channels, copies, order } = layout;
  const area = height * width;
  const values = new Float64Array(area * channels * copies);
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      const level = channels === 1 ? grayLevel(rgba, pixel) : channelLevel(rgba, pixel, channel);
      const place = order === 'NCHW' ? channel * area + pixel : pixel * channels + channel;
      values[place] = pixelValue(level, channel, options);
    }
  }
  const one = area * channels;
  for (let copy = 1; copy < copies; copy++) values.copyWithin(copy * one, 0, one);
  return encodeValues(values, datatype);
}

function channelLevel(rgba: ArrayLike<number>, pixel: number, channel: number): number {
  const alpha = (rgba[pixel * 4 + 3] ?? 255) / 255;
  return (rgba[pixel * 4 + channel] ?? 0) * alpha + 255 * (1 - alpha);
}

function grayLevel(rgba: ArrayLike<number>, pixel: number): number {
  const [red, green, blue] = [0, 1, 2].map((channel) => channelLevel(rgba, pixel, channel));
  return 0.299 * (red ?? 0) + 0.587 * (green ?? 0) + 0.114 * (blue ?? 0);
}

function encodeValues(values: Float64Array, datatype: Datatype): Uint8Array {
  if (datatype === 'UINT8') return Uint8Array.from(values, Math.round);
  if (datatype === 'FP16') return float16Bytes(values);
  if (datatype === 'BF16') return bfloat16Bytes(values);
  return bytesOf(datatype === 'FP64' ? values : Float32Array.from(values));
}

/** The levels (0 to 255, RGBA) by which the values that are sent can be looked at: the smallest black, the largest white. */
export function previewPixels(
  rgba: ArrayLike<number>,
  { height, width, channels }: ImageLayout,
  options: ImageOptions,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(height * width * 4);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const level = channels === 1 ? grayLevel(rgba, pixel) : channelLevel(rgba, pixel, channel);
      pixels[pixel * 4 + channel] = options.isInverted ? 255 - level : level;
    }
    pixels[pixel * 4 + 3] = 255;
  }
  return pixels;
}

/** The range that fits the values of a known good example: digits of 0 to 16, say, want pictures of 0 to 16. */
export function rangeOfExample(minimum: number, maximum: number): PixelRange {
  if (minimum < 0) return { kind: 'signed' };
  if (maximum <= 1) return { kind: 'unit' };
  if (maximum > 100) return { kind: 'bytes' };
  return { kind: 'maximum', maximum };
}
