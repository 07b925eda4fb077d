import type { TextRange } from './config-document.ts';

const TAB_STOP = 8;

/** Turns offsets of a text into lines and columns. */
export function placesOf(text: string): {
  /** Line of an offset, from 1. */
  lineOf(offset: number): number;
  rangeOf(start: number, end: number): TextRange;
  /** As protobuf counts: lines and columns from 1, columns in UTF-8 bytes, a tab up to the next stop of 8. */
  protobufPlaceOf(offset: number): { readonly line: number; readonly column: number };
} {
  let starts: number[] | undefined;
  const lineStarts = (): number[] => {
    if (starts) return starts;
    starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    return starts;
  };
  const lineIndexOf = (offset: number): number => {
    const all = lineStarts();
    let low = 0;
    let high = all.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((all[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const place = (offset: number): { line: number; column: number } => {
    const index = lineIndexOf(offset);
    return { line: index + 1, column: offset - (lineStarts()[index] ?? 0) + 1 };
  };
  return {
    lineOf: (offset) => lineIndexOf(offset) + 1,
    rangeOf(start, end) {
      const from = place(start);
      const to = place(Math.min(end, text.length));
      return {
        startLine: from.line,
        startColumn: from.column,
        endLine: to.line,
        endColumn: to.column,
      };
    },
    protobufPlaceOf(offset) {
      const index = lineIndexOf(offset);
      let column = 0;
      for (const char of text.slice(lineStarts()[index] ?? 0, offset)) {
        column += char === '\t' ? TAB_STOP - (column % TAB_STOP) : utf8Length(char);
      }
      return { line: index + 1, column: column + 1 };
    },
  };
}

function utf8Length(char: string): number {
  const point = char.codePointAt(0) ?? 0;
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}
