import { promisify } from 'node:util';
import { constants, deflate, gunzip, gzip, inflate } from 'node:zlib';
import { StatusError } from '../../core/status.ts';

const inflateText = promisify<Uint8Array, object, Buffer>(inflate);
const gunzipText = promisify<Uint8Array, object, Buffer>(gunzip);
const deflateText = promisify<Uint8Array, Buffer>(deflate);
const gzipText = promisify<Uint8Array, Buffer>(gzip);

/** How a response is compressed. */
export type ResponseEncoding = 'identity' | 'gzip' | 'deflate';

/** A `Content-Encoding` that is not understood: 501 with an `Accept-Encoding` header. */
export class UnsupportedEncoding extends StatusError {}

/**
 * Decompresses a body. A body cut short gives what there is of it, as in Triton.
 * @throws UnsupportedEncoding for an unknown encoding; StatusError `invalid-argument` for bad or too large data.
 */
export async function decompressBody(
  body: Uint8Array,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Uint8Array> {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return body;
  if (encoding !== 'gzip' && encoding !== 'deflate') {
    throw new UnsupportedEncoding('unsupported', 'Unsupported compression type');
  }
  const options = { maxOutputLength: maxBytes, finishFlush: constants.Z_SYNC_FLUSH };
  try {
    return await (encoding === 'gzip' ? gunzipText : inflateText)(body, options);
  } catch (cause) {
    if (cause instanceof RangeError || (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new StatusError(
        'invalid-argument',
        `Decompressed data size exceeds the maximum allowed value of ${maxBytes} bytes. Use --http-max-input-size to increase the limit.`,
      );
    }
    throw new StatusError('internal', 'Encountered inconsistent stream state during decompression');
  }
}

/** What the client likes best of identity, gzip and deflate; of equals the first that it names. */
export function chooseEncoding(acceptEncoding: string | undefined): ResponseEncoding {
  let best: ResponseEncoding = 'identity';
  let bestQuality = 0;
  for (const offer of (acceptEncoding ?? '').split(',')) {
    const [name = '', ...parameters] = offer.split(';').map((part) => part.trim());
    const quality = Number(parameters.find((part) => part.startsWith('q='))?.slice(2) ?? 1);
    if (name !== 'identity' && name !== 'gzip' && name !== 'deflate') continue;
    if (quality > bestQuality) {
      best = name;
      bestQuality = quality;
    }
  }
  return best;
}

/** Compresses a response body. */
export function compressBody(
  body: Uint8Array,
  encoding: Exclude<ResponseEncoding, 'identity'>,
): Promise<Buffer> {
  return encoding === 'gzip' ? gzipText(body) : deflateText(body);
}
