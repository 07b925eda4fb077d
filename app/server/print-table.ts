/** Rows as Triton's log prints them, the first being the heads. */
export function printTable(rows: readonly (readonly string[])[]): string {
  const [heads = []] = rows;
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`;
  const lines = rows.map(
    (row) => `|${widths.map((width, column) => ` ${(row[column] ?? '').padEnd(width)} `).join('|')}|\n`,
  );
  return `${rule}${lines[0] ?? ''}${rule}${lines.slice(1).join('')}${rule}`;
}
