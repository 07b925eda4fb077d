/** How an answer of ours compares: byte for byte, equal as data (what was expected and what came), or different. */
export type Verdict =
  | { readonly kind: 'exact' }
  | { readonly kind: 'same'; readonly expected: string; readonly got: string }
  | { readonly kind: 'different'; readonly expected: string; readonly got: string };

export const EXACT: Verdict = { kind: 'exact' };

/** Equal in all that means something; what differs besides. */
export function same(expected: unknown, got: unknown): Verdict {
  return { kind: 'same', expected: describe(expected), got: describe(got) };
}

export function different(expected: unknown, got: unknown): Verdict {
  return { kind: 'different', expected: describe(expected), got: describe(got) };
}

function describe(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The worst of several verdicts; of two differences the first. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  return (
    verdicts.find(({ kind }) => kind === 'different') ?? verdicts.find(({ kind }) => kind === 'same') ?? EXACT
  );
}

/** Equal or different, said with what is compared. */
export function equalVerdict(what: string, expected: unknown, got: unknown): Verdict {
  return JSON.stringify(expected) === JSON.stringify(got)
    ? EXACT
    : different(`${what} ${describe(expected)}`, `${what} ${describe(got)}`);
}
