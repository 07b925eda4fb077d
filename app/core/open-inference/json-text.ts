const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  '\\': String.raw`\\`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
};

function escapeCharacter(character: string): string {
  const named = Object.hasOwn(NAMED_ESCAPES, character) ? NAMED_ESCAPES[character] : undefined;
  const code = character.charCodeAt(0);
  return named ?? String.raw`\u` + code.toString(16).toUpperCase().padStart(4, '0');
}

/** A JSON string as rapidjson writes it: quote, backslash and control characters escaped, all else as it is. */
export function printString(text: string): string {
  let printed = '"';
  let plainFrom = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 0x20 && code !== 0x22 && code !== 0x5c) continue;
    printed += text.slice(plainFrom, at) + escapeCharacter(text.charAt(at));
    plainFrom = at + 1;
  }
  return `${printed}${text.slice(plainFrom)}"`;
}
