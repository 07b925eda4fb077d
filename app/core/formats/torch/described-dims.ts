import type { Dim } from '../model-description.ts';

/** Dims of a translated model as its description has them: a text is the name of a free one. */
export function describedDims(dims: readonly (number | string)[]): readonly Dim[] {
  return dims.map((dim) =>
    typeof dim === 'number' ? { kind: 'fixed', size: dim } : { kind: 'symbolic', name: dim },
  );
}
