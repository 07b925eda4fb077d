import type { Datatype } from '../../app/core/datatypes.ts';

/** Where height, width and channels of an image lie in an input's shape. */
export interface ImageLayout {
  readonly order: 'NCHW' | 'NHWC';
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** How many copies of the picture fill the shape (the batch). */
  readonly copies: number;
}

const PICTURE_TYPES: ReadonlySet<Datatype> = new Set(['FP32', 'FP16', 'BF16', 'FP64', 'UINT8']);

/**
 * Reads a shape as an image: channels first or last with a batch in front (rank 4) or without (rank 3), or one gray
 * channel that is not written (`[batch, height, width]`). Null where it is none.
 */
export function imageLayout(datatype: Datatype, shape: readonly number[]): ImageLayout | null {
  if (!PICTURE_TYPES.has(datatype) || shape.length < 3 || shape.length > 4) return null;
  const [batch, inner] = shape.length === 4 ? [shape[0] ?? 0, shape.slice(1)] : [1, shape];
  const [first = 0, second = 0, third = 0] = inner;
  if (isChannels(first))
    return checked({ order: 'NCHW', channels: first, height: second, width: third, copies: batch });
  if (isChannels(third))
    return checked({ order: 'NHWC', channels: third, height: first, width: second, copies: batch });
  if (shape.length === 3)
    return checked({ order: 'NCHW', channels: 1, height: second, width: third, copies: first });
  return null;
}

function isChannels(size: number): size is 1 | 3 {
  return size === 1 || size === 3;
}

function checked(layout: ImageLayout): ImageLayout | null {
  const { height, width, copies } = layout;
  return height >= 2 && width >= 2 && copies >= 1 && height * width * copies <= 2 ** 26 ? layout : null;
}
