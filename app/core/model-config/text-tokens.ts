/** A mistake that protobuf's tokenizer reports while it reads a token. */
interface TokenError {
  /** Offset in the text. */
  readonly offset: number;
  /** protobuf's own reason text. */
  readonly message: string;
}

/** One token of protobuf text format. Offsets count UTF-16 units of the text, `end` exclusive. */
export interface ConfigToken {
  readonly kind: 'identifier' | 'integer' | 'float' | 'string' | 'symbol' | 'end';
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly errors: readonly TokenError[];
}

/** A `#` comment: from the `#` to the end of its line, line break excluded. */
export interface CommentSpan {
  readonly start: number;
  readonly end: number;
}

const NO_ERRORS: readonly TokenError[] = [];
const HEX = /0[xX]([0-9a-fA-F]*)/y;
const OCTAL = /0[0-7]*([0-9]*)/y;
const DECIMAL = /(?:[0-9]+(\.[0-9]*)?|(\.[0-9]+))([eE][-+]?([0-9]*))?([fF])?/y;
const ESCAPE = /[abfnrtv\\?'"0-7]|x[0-9a-fA-F]|u[0-9a-fA-F]{4}|U00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4}/y;

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}

const HASH = 0x23;
const DOT = 0x2e;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;

const isSpace = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d);
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isLetter = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;

/** Splits a config into the tokens that protobuf's text-format tokenizer sees, and its comments. Never throws. */
export function tokenizeConfig(text: string): {
  readonly tokens: readonly ConfigToken[];
  readonly comments: readonly CommentSpan[];
} {
  const tokens: ConfigToken[] = [];
  const comments: CommentSpan[] = [];
  let offset = 0;
  let pending: TokenError[] = [];

  const push = (kind: ConfigToken['kind'], end: number, errors: TokenError[] = []): void => {
    const all = pending.length + errors.length === 0 ? NO_ERRORS : [...pending, ...errors];
    pending = [];
    tokens.push({ kind, start: offset, end, text: text.slice(offset, end), errors: all });
    offset = end;
  };

  while (offset < text.length) {
    const code = text.charCodeAt(offset);
    if (isSpace(code)) {
      offset++;
    } else if (code === HASH) {
      const lineEnd = text.indexOf('\n', offset);
      const end = lineEnd < 0 ? text.length : lineEnd;
      comments.push({ start: offset, end });
      offset = end;
    } else if (code < 0x20) {
      pending.push({ offset, message: 'Invalid control characters encountered in text.' });
      while (text.charCodeAt(offset) < 0x20 && !isSpace(text.charCodeAt(offset))) offset++;
    } else if (isLetter(code)) {
      let end = offset + 1;
      while (isLetter(text.charCodeAt(end)) || isDigit(text.charCodeAt(end))) end++;
      push('identifier', end);
    } else if (isDigit(code) || (code === DOT && isDigit(text.charCodeAt(offset + 1)))) {
      readNumber(text, offset, push);
    } else if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) {
      readString(text, offset, code, push);
    } else if (code > 0x7f) {
      const point = text.codePointAt(offset) ?? code;
      const message = `Interpreting non ascii codepoint ${String(firstUtf8Byte(point))}.`;
      push('symbol', offset + (point > 0xffff ? 2 : 1), [{ offset, message }]);
    } else {
      push('symbol', offset + 1);
    }
  }
  push('end', offset);
  return { tokens, comments };
}

type Push = (kind: ConfigToken['kind'], end: number, errors?: TokenError[]) => void;

function readNumber(text: string, start: number, push: Push): void {
  const errors: TokenError[] = [];
  let end: number;
  let isFloat = false;
  const hex = matchAt(HEX, text, start);
  if (hex) {
    end = start + hex[0].length;
    if (hex[1] === '') errors.push({ offset: end, message: '"0x" must be followed by hex digits.' });
  } else if (text[start] === '0' && isDigit(text.charCodeAt(start + 1))) {
    const octal = matchAt(OCTAL, text, start);
    const bad = octal?.[1] ?? '';
    end = start + (octal?.[0].length ?? 1);
    if (bad !== '') {
      const message = 'Numbers starting with leading zero must be in octal.';
      errors.push({ offset: end - bad.length, message });
    }
  } else {
    const decimal = matchAt(DECIMAL, text, start);
    end = start + (decimal?.[0].length ?? 1);
    isFloat = [1, 2, 3, 5].some((group) => decimal?.[group] !== undefined);
    if (decimal?.[4] === '') errors.push({ offset: end, message: '"e" must be followed by exponent.' });
  }
  if (isLetter(text.charCodeAt(end))) {
    errors.push({ offset: end, message: 'Need space between number and identifier.' });
  } else if (text[end] === '.') {
    const message = isFloat
      ? "Already saw decimal point or exponent; can't have another one."
      : 'Hex and octal numbers must be integers.';
    errors.push({ offset: end, message });
  }
  push(isFloat ? 'float' : 'integer', end, errors);
}

function readString(text: string, start: number, quote: number, push: Push): void {
  const errors: TokenError[] = [];
  let end = start + 1;
  for (;;) {
    const code = text.charCodeAt(end);
    if (Number.isNaN(code) || code === 0) {
      errors.push({ offset: end, message: 'Unexpected end of string.' });
      break;
    }
    if (code === NEWLINE) {
      errors.push({ offset: end, message: 'String literals cannot cross line boundaries.' });
      break;
    }
    end++;
    if (code === quote) break;
    if (code !== BACKSLASH) continue;
    const escape = matchAt(ESCAPE, text, end);
    if (escape) end += escape[0].length;
    else errors.push(escapeError(text, end));
  }
  push('string', end, errors);
}

const ESCAPE_MISTAKES: Readonly<Record<string, string>> = {
  x: 'Expected hex digits for escape sequence.',
  u: 'Expected four hex digits for \\u escape sequence.',
  U: 'Expected eight hex digits up to 10ffff for \\U escape sequence',
};

function escapeError(text: string, offset: number): TokenError {
  const message = ESCAPE_MISTAKES[text.charAt(offset)];
  if (message !== undefined) return { offset: offset + 1, message };
  return { offset, message: 'Invalid escape sequence in string literal.' };
}

function firstUtf8Byte(codePoint: number): number {
  if (codePoint < 0x800) return 0xc0 | (codePoint >> 6);
  if (codePoint < 0x10000) return 0xe0 | (codePoint >> 12);
  return 0xf0 | (codePoint >> 18);
}

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  '?': 63,
  "'": 39,
  '"': 34,
};
const ESCAPE_PARTS =
  /\\(?:([abfnrtv\\?'"])|([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|[^\\]+|\\/g;

/** The value of string tokens standing side by side: quotes removed, escapes resolved, joined. Bytes are UTF-8. */
export function stringValue(tokenTexts: readonly string[]): string {
  if (tokenTexts.every((text) => !text.includes('\\'))) return tokenTexts.map(unquote).join('');
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const text of tokenTexts) {
    for (const [part, simple, octal, hex, short, long] of unquote(text).matchAll(ESCAPE_PARTS)) {
      if (simple !== undefined) bytes.push(SIMPLE_ESCAPES[simple] ?? 0);
      else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 0xff);
      else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
      else if (short !== undefined) bytes.push(...encoder.encode(codePointText(short)));
      else if (long !== undefined) bytes.push(...encoder.encode(codePointText(long)));
      else bytes.push(...encoder.encode(part));
    }
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(bytes));
}

function codePointText(hex: string): string {
  return String.fromCodePoint(Math.min(Number.parseInt(hex, 16), 0x10ffff));
}

function unquote(text: string): string {
  const isClosed = text.length > 1 && text.endsWith(text.charAt(0));
  return text.slice(1, isClosed ? -1 : undefined);
}
