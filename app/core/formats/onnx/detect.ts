import type { Candidate } from '../format.ts';
import { fileNameOf } from '../format.ts';

/** Fields of `ModelProto` and the wire type of each. */
const MODEL_FIELDS: ReadonlyMap<number, number> = new Map([
  [1, 0],
  [2, 2],
  [3, 2],
  [4, 2],
  [5, 0],
  [6, 2],
  [7, 2],
  [8, 2],
  [14, 2],
  [20, 2],
  [25, 2],
  [26, 2],
]);
const MAX_PRODUCER_BYTES = 1024;

/**
 * Whether the file begins as an ONNX model: ONNX has no magic number, so the first fields must be those of a
 * `ModelProto`, with an IR version and a graph. A file that is called .onnx counts as one, to say what is wrong with it.
 */
export function detectOnnx({ head, path, source }: Candidate): boolean {
  if (/\.onnx$/i.test(fileNameOf(path))) return true;
  const seen = new Set<number>();
  let at = 0;
  while (at < head.byteLength) {
    const key = head[at] ?? 0;
    const field = key >= 0x80 ? ((key & 0x7f) | ((head[at + 1] ?? 0) << 7)) >>> 3 : key >>> 3;
    if (MODEL_FIELDS.get(field) !== (key & 7)) return false;
    seen.add(field);
    const value = readVarint(head, at + (key >= 0x80 ? 2 : 1));
    if (value === null) break;
    if (field === 2 && value.value > MAX_PRODUCER_BYTES) return false;
    at = value.end + ((key & 7) === 2 ? value.value : 0);
    if (at > source.size && field !== 7) return false;
  }
  return seen.has(1) && seen.has(7);
}

function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } | null {
  let value = 0;
  for (let index = 0; index < 9; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  return null;
}
