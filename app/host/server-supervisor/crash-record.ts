const WINDOW_MILLISECONDS = 5 * 60_000;
const MAX_CRASHES = 3;
const FIRST_DELAY_MILLISECONDS = 50;

/** Decides whether a thing that died is started again. */
export interface CrashRecord {
  /** Notes a death; gives the delay before the next start, or null once it died three times in five minutes. */
  note(at: number): { readonly attempt: number; readonly delayMilliseconds: number } | null;
  forget(): void;
}

export function createCrashRecord(): CrashRecord {
  let deaths: number[] = [];
  return {
    note: (at) => {
      deaths = [...deaths.filter((earlier) => at - earlier < WINDOW_MILLISECONDS), at];
      if (deaths.length >= MAX_CRASHES) return null;
      return {
        attempt: deaths.length,
        delayMilliseconds: FIRST_DELAY_MILLISECONDS * 10 ** (deaths.length - 1),
      };
    },
    forget: () => {
      deaths = [];
    },
  };
}
