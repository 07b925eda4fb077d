import { StatusError } from '../status.ts';

const encoder = new TextEncoder();

/**
 * The elements of a BYTES tensor, one after the other, without copying: each is a u32 length and that many bytes of
 * any value. Throws `invalid-argument` with the byte offset where a length reaches past the end.
 */
export function* iterateBytes(data: Uint8Array): Generator<Uint8Array, void> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let offset = 0;
  let index = 0;
  while (offset < data.byteLength) {
    const rest = data.byteLength - offset;
    if (rest < 4)
      throw new StatusError(
        'invalid-argument',
        cutShort(index, offset, `the length takes 4 bytes, ${rest} are left`),
      );
    const length = view.getUint32(offset, true);
    if (length > rest - 4) {
      throw new StatusError(
        'invalid-argument',
        cutShort(index, offset, `its length is ${length} bytes, ${rest - 4} are left`),
      );
    }
    yield data.subarray(offset + 4, offset + 4 + length);
    offset += 4 + length;
    index++;
  }
}

/** All elements of a BYTES tensor; see {@link iterateBytes}. */
export function decodeBytes(data: Uint8Array): Uint8Array[] {
  return [...iterateBytes(data)];
}

/** The data of a BYTES tensor with these elements; text becomes UTF-8. */
export function encodeBytes(elements: readonly (Uint8Array | string)[]): Uint8Array {
  const parts = elements.map((element) =>
    typeof element === 'string' && !isAscii(element) ? encoder.encode(element) : element,
  );
  const data = new Uint8Array(parts.reduce((size, part) => size + 4 + part.length, 0));
  const view = new DataView(data.buffer);
  let offset = 0;
  for (const part of parts) {
    view.setUint32(offset, part.length, true);
    offset += 4;
    if (typeof part === 'string')
      for (let index = 0; index < part.length; index++) data[offset + index] = part.charCodeAt(index);
    else data.set(part, offset);
    offset += part.length;
  }
  return data;
}

/** Calling the encoder for each of a million short texts takes longer than all the rest. */
function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

/** The text of a BYTES element, or null where it is not UTF-8. */
export function bytesText(element: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(element);
  } catch {
    return null;
  }
}

function cutShort(index: number, offset: number, why: string): string {
  return `BYTES element ${index} at byte ${offset} is cut short: ${why}`;
}
