import type { IncomingMessage } from 'node:http';
import { StatusError } from '../../core/status.ts';

/** No body may be larger: what one buffer can hold. */
export const MAX_BODY_BYTES = 2 ** 31 - 1;
const MAX_CHUNKS = 65_536;
/** Up to here a declared length is given its memory at once: pages that no byte arrives for are never really taken. */
const TRUSTED_BYTES = 256 * 1024 * 1024;

/** A body that was not read to its end: the connection cannot be used again. */
export class BodyRefused extends StatusError {}

function declaredLength(request: IncomingMessage): number | null {
  const text = request.headers['content-length'];
  return text === undefined ? null : Number(text);
}

/**
 * Reads a request body of at most `limit` bytes into one buffer.
 * @throws BodyRefused `invalid-argument` if it is larger (`tooLarge` says how to put it) or comes in too many chunks;
 *   `cancelled` if the client goes away.
 */
export function readBody(
  request: IncomingMessage,
  limit: number,
  tooLarge: (byteLength: number) => string,
): Promise<Uint8Array> {
  const declared = declaredLength(request);
  return new Promise((resolve, reject) => {
    if (declared === 0) {
      resolve(new Uint8Array());
      return;
    }
    const refuse = (text: string): void => {
      request.removeAllListeners('data');
      request.pause();
      reject(new BodyRefused('invalid-argument', text));
    };
    if (declared !== null && declared > limit) {
      refuse(tooLarge(declared));
      return;
    }
    const whole = declared !== null && declared <= TRUSTED_BYTES ? Buffer.allocUnsafeSlow(declared) : null;
    const chunks: Buffer[] = [];
    let chunkCount = 0;
    let byteLength = 0;
    request.on('data', (chunk: Buffer) => {
      chunkCount += 1;
      byteLength += chunk.byteLength;
      if (byteLength > limit) refuse(tooLarge(byteLength));
      else if (declared === null && chunkCount > MAX_CHUNKS) {
        refuse(`request body has more than ${MAX_CHUNKS} chunks`);
      } else if (whole) whole.set(chunk, byteLength - chunk.byteLength);
      else chunks.push(chunk);
    });
    request.once('end', () => resolve(whole ?? Buffer.concat(chunks)));
    request.once('aborted', () => reject(new BodyRefused('cancelled', 'the client closed the connection')));
    request.once('error', () => reject(new BodyRefused('cancelled', 'the client closed the connection')));
  });
}

/** Reads a body that is JSON as a whole. @throws BodyRefused in Triton's words if it is larger than the server takes. */
export function readJsonBody(request: IncomingMessage, maxInputBytes: number): Promise<Uint8Array> {
  return readBody(
    request,
    maxInputBytes,
    (byteLength) =>
      `request JSON size of ${byteLength} bytes exceeds the maximum allowed input size of ${maxInputBytes} bytes. Use --http-max-input-size to increase the limit.`,
  );
}
