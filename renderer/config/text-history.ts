/** A text with what it was before and what was undone. Both views of a config share one of these. */
export interface TextHistory {
  readonly text: string;
  /** Oldest first. */
  readonly past: readonly string[];
  /** Next redo last. */
  readonly future: readonly string[];
  /** Epoch milliseconds of the last change. */
  readonly changedAt: number;
}

const LONGEST_HISTORY = 300;
const ONE_STEP_MILLISECONDS = 600;

/** A history that starts with `text`. */
export function startHistory(text: string): TextHistory {
  return { text, past: [], future: [], changedAt: 0 };
}

/** The history after a change. Typing (`isTyping`) within 600 ms of the last change is one step of undo with it. */
export function changeText(history: TextHistory, text: string, now: number, isTyping: boolean): TextHistory {
  if (text === history.text) return history;
  const joins =
    isTyping &&
    history.past.length > 0 &&
    now - history.changedAt < ONE_STEP_MILLISECONDS &&
    !endsLine(history, text);
  const past = joins ? history.past : [...history.past, history.text].slice(-LONGEST_HISTORY);
  return { text, past, future: [], changedAt: now };
}

/** One step back; the same history where there is none. */
export function undoText({ text, past, future }: TextHistory): TextHistory | null {
  const before = past.at(-1);
  if (before === undefined) return null;
  return { text: before, past: past.slice(0, -1), future: [...future, text], changedAt: 0 };
}

/** One step forward again. */
export function redoText({ text, past, future }: TextHistory): TextHistory | null {
  const after = future.at(-1);
  if (after === undefined) return null;
  return { text: after, past: [...past, text], future: future.slice(0, -1), changedAt: 0 };
}

/** The one replacement that turns `before` into `after`, as small as a common start and end allow. */
export function smallestEdit(before: string, after: string) {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return { offset: start, length: before.length - start - end, text: after.slice(start, after.length - end) };
}

function endsLine(history: TextHistory, text: string): boolean {
  return text.length > history.text.length && smallestEdit(history.text, text).text.includes('\n');
}
