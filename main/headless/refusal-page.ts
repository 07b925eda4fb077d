/** The page that a browser without the right to enter sees. `asksAgain`: it reloads itself once. */
export function refusalPage(sentence: string, asksAgain: boolean): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><title>Conch</title>',
    asksAgain ? '<meta http-equiv="refresh" content="0">' : '',
    `</head><body><h1>Conch</h1><p>${sentence}</p></body></html>`,
    '',
  ].join('\n');
}
