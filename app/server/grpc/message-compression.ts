import { promisify } from 'node:util';
import { deflate, gunzip, gzip, inflate } from 'node:zlib';
import { GrpcFailure } from './grpc-failure.ts';
import type { FramedMessage } from './message-assembler.ts';

const inflateMessage = promisify<Uint8Array, object, Buffer>(inflate);
const gunzipMessage = promisify<Uint8Array, object, Buffer>(gunzip);
const deflateMessage = promisify<Uint8Array, Buffer>(deflate);
const gzipMessage = promisify<Uint8Array, Buffer>(gzip);

/** What `--grpc-infer-response-compression-level` can be. */
export type CompressionLevel = 'none' | 'low' | 'medium' | 'high';

/** A message encoding that we write. */
export type MessageEncoding = 'gzip' | 'deflate';

/** What we tell clients that we read. */
export const ACCEPTED_ENCODINGS = 'identity, deflate, gzip';

/**
 * The bytes of a message. One that would become larger than `maxBytes` is refused before it is.
 * @throws GrpcFailure
 */
export async function decompressMessage(
  { isCompressed, bytes }: FramedMessage,
  encoding: string,
  maxBytes: number,
): Promise<Uint8Array> {
  if (!isCompressed) return bytes;
  if (encoding === 'identity') {
    throw new GrpcFailure('INTERNAL', 'a message is marked as compressed, but the call names no encoding');
  }
  if (encoding !== 'gzip' && encoding !== 'deflate') {
    throw new GrpcFailure('UNIMPLEMENTED', `Compression algorithm '${encoding}' is not supported`);
  }
  try {
    return await (encoding === 'gzip' ? gunzipMessage : inflateMessage)(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError || (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new GrpcFailure(
        'RESOURCE_EXHAUSTED',
        `Received message decompresses to more than ${maxBytes} bytes. Use --http-max-input-size to increase the limit.`,
      );
    }
    throw new GrpcFailure('INTERNAL', 'Unable to decompress a message');
  }
}

/** The encoding of a level among those that the client reads; null: none. Chosen as gRPC's own library does. */
export function chooseMessageEncoding(
  level: CompressionLevel,
  acceptEncoding: string | undefined,
): MessageEncoding | null {
  if (level === 'none') return null;
  const accepted = new Set((acceptEncoding ?? '').split(',').map((each) => each.trim()));
  const order: readonly MessageEncoding[] = level === 'low' ? ['gzip', 'deflate'] : ['deflate', 'gzip'];
  return order.find((each) => accepted.has(each)) ?? null;
}

/** Compresses a message; null if that makes it no smaller. */
export async function compressMessage(
  parts: readonly Uint8Array[],
  encoding: MessageEncoding,
): Promise<Uint8Array | null> {
  const message = Buffer.concat(parts);
  const compressed = await (encoding === 'gzip' ? gzipMessage : deflateMessage)(message);
  return compressed.byteLength < message.byteLength ? compressed : null;
}
