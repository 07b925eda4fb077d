import type { Dim } from './model-description.ts';

/** Dims for people: `[batch, 3, ?]`; `unknown rank` where not even the rank is known. */
export function dimsText(dims: readonly Dim[] | null): string {
  return dims === null ? 'unknown rank' : `[${dims.map(dimText).join(', ')}]`;
}

// A model may name its dims with anything, and comments and terminals take one line.
function dimText(dim: Dim): string {
  switch (dim.kind) {
    case 'fixed':
      return String(dim.size);
    case 'symbolic':
      return dim.name.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
    case 'unknown':
      return '?';
  }
}
