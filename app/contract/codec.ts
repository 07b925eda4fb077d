import { decode, encode } from '@msgpack/msgpack';

/**
 * Encodes one message for a channel that carries bytes (a WebSocket). MessagePack, so that tensors travel as bytes.
 * Members that are undefined are left out. Throws on a BigInt: exact 64-bit values cross inside tensor bytes or as text.
 */
export function encodeMessage(message: unknown): Uint8Array {
  return encode(message, { ignoreUndefined: true });
}

/** Decodes one message; byte arrays are views into `bytes`. Throws on anything but one whole MessagePack value. */
export function decodeMessage(bytes: Uint8Array): unknown {
  return decode(bytes);
}
