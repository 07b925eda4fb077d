/** Width in pixels of a column that shows these texts in the grid's font: wide enough for the longest, within reason. */
export function cellWidthFor(texts: readonly string[]): number {
  const longest = texts.reduce((length, text) => Math.max(length, text.length), 4);
  return Math.min(220, 18 + longest * 7.4);
}
