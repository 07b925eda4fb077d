/** One line of a difference and its place in it. */
export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
  readonly place: number;
}

/** The difference of two texts by lines, by their longest common subsequence. Meant for configs, not for books. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const old = before.split('\n');
  const next = after.split('\n');
  const lengths = commonLengths(old, next);
  const lines: DiffLine[] = [];
  const add = (kind: DiffLine['kind'], text = '') => lines.push({ kind, text, place: lines.length });
  let i = 0;
  let j = 0;
  while (i < old.length || j < next.length) {
    if (i < old.length && j < next.length && old[i] === next[j]) {
      add('same', old[i]);
      i += 1;
      j += 1;
    } else if (j >= next.length || (i < old.length && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      add('removed', old[i]);
      i += 1;
    } else {
      add('added', next[j]);
      j += 1;
    }
  }
  return lines;
}

function at(lengths: readonly Uint32Array[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0;
}

function commonLengths(old: readonly string[], next: readonly string[]): readonly Uint32Array[] {
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint32Array(next.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    const row = lengths[i];
    if (row === undefined) continue;
    for (let j = next.length - 1; j >= 0; j -= 1)
      row[j] =
        old[i] === next[j]
          ? at(lengths, i + 1, j + 1) + 1
          : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1));
  }
  return lengths;
}
