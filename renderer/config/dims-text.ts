/** Dims as a person types them: `1, 8, 8`, `[1 8 8]`, `-1`; null where it is none. An empty text is no dims at all. */
export function parseDims(text: string): readonly number[] | null {
  const parts = text
    .replace(/^\s*\[|\]\s*$/g, '')
    .split(/[\s,]+/)
    .filter((part) => part !== '');
  const dims = parts.map(Number);
  return parts.every((part) => /^-?\d+$/.test(part)) &&
    dims.every((dim) => dim >= -1 && Number.isSafeInteger(dim))
    ? dims
    : null;
}

/** `1, 8, 8`. */
export function dimsToText(dims: readonly number[]): string {
  return dims.join(', ');
}
