/**
 * The cells of a text from the clipboard: rows by line, cells by tab (spreadsheets), else by comma or semicolon (CSV),
 * else by blanks. A quoted spreadsheet cell may hold line breaks. `splitsBlanks` false keeps words together (BYTES).
 */
export function pastedCells(text: string, splitsBlanks: boolean): readonly (readonly string[])[] {
  const whole = text.replaceAll('\r\n', '\n').replace(/\n$/, '');
  if (whole.includes('\t') || /(^|\n)"/.test(whole)) return splitQuoted(whole, '\t');
  const lines = whole.split('\n');
  if (!splitsBlanks) return lines.map((line) => [line]);
  const bare = lines.map((line) =>
    line
      .trim()
      .replace(/^\[+|[\],;]+$/g, '')
      .trim(),
  );
  const separator = bare.some((line) => line.includes(';'))
    ? /\s*;\s*/
    : bare.some((line) => line.includes(','))
      ? /\s*,\s*/
      : /\s+/;
  return bare.filter((line) => line !== '').map((line) => line.split(separator));
}

function splitQuoted(text: string, separator: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (text[index + 1] === '"') {
        cell += '"';
        index++;
      } else isQuoted = false;
    } else if (character === '"' && cell === '') isQuoted = true;
    else if (character === separator || character === '\n') {
      rows.at(-1)?.push(cell);
      cell = '';
      if (character === '\n') rows.push([]);
    } else cell += character;
  }
  rows.at(-1)?.push(cell);
  return rows;
}
