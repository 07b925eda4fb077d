import { MalformedFile } from '../malformed-file.ts';

/** A token of TorchScript source. `indent`, `dedent` and `newline` are Python's. */
export interface ScriptToken {
  readonly kind: 'name' | 'number' | 'text' | 'mark' | 'newline' | 'indent' | 'dedent' | 'end';
  /** As written; the value of a text. */
  readonly text: string;
  readonly line: number;
}

const MAX_TOKENS = 20_000_000;
const BLANK = /[ \t]*(?:#[^\n]*)?(?:\\?\r?\n|$)/y;
const SPACE = /[ \t]+|\\\r?\n|#[^\n]*/y;
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?j?/y;
const TEXT = /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/y;
const MARK = /->|[()[\]{},:.=\-*@]/y;
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|([0-7]{1,3})|([^]))/g;
const ESCAPED: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
  '\n': '',
};

function unescapeText(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replaceAll(
      ESCAPE,
      (_, hex: string | undefined, unicode: string | undefined, octal: string | undefined, other: string) =>
        hex !== undefined || unicode !== undefined
          ? String.fromCodePoint(Number.parseInt(hex ?? unicode ?? '', 16))
          : octal !== undefined
            ? String.fromCodePoint(Number.parseInt(octal, 8))
            : (ESCAPED[other] ?? other),
    );
}

class Tokenizer {
  readonly #source: string;
  readonly #file: string;
  readonly #tokens: ScriptToken[] = [];
  readonly #indents = [0];
  #at = 0;
  #line = 1;
  #depth = 0;

  constructor(source: string, file: string) {
    this.#source = source;
    this.#file = file;
  }

  run(): readonly ScriptToken[] {
    while (this.#at < this.#source.length) {
      if (this.#depth === 0 && this.#isLineStart() && !this.#startLine()) continue;
      this.#readRestOfLine();
    }
    for (; this.#indents.length > 1; this.#indents.pop()) this.#push('dedent', '');
    this.#push('end', '');
    return this.#tokens;
  }

  #isLineStart(): boolean {
    return this.#at === 0 || this.#source[this.#at - 1] === '\n';
  }

  /** Reads the indentation; false where the line is blank. */
  #startLine(): boolean {
    const blank = this.#match(BLANK);
    if (blank !== null) {
      this.#line += 1;
      return false;
    }
    const indent = /[ \t]*/y;
    const width = (this.#match(indent) ?? '').length;
    if (width > (this.#indents.at(-1) ?? 0)) {
      this.#indents.push(width);
      this.#push('indent', '');
    }
    while (width < (this.#indents.at(-1) ?? 0)) {
      this.#indents.pop();
      this.#push('dedent', '');
    }
    if (width !== this.#indents.at(-1)) throw this.#broken('is indented like no line before it');
    return true;
  }

  #readRestOfLine(): void {
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at];
      if (character === '\n' || character === '\r') {
        this.#at += 1;
        if (character === '\r') continue;
        this.#line += 1;
        if (this.#depth > 0) continue;
        this.#push('newline', '', this.#line - 1);
        return;
      }
      this.#readToken();
    }
    this.#push('newline', '');
  }

  #readToken(): void {
    const space = this.#match(SPACE);
    if (space !== null) {
      if (space.endsWith('\n')) this.#line += 1;
      return;
    }
    const name = this.#match(NAME);
    if (name !== null) return this.#push('name', name);
    const number = this.#match(NUMBER);
    if (number !== null) return this.#push('number', number);
    const text = this.#match(TEXT);
    if (text !== null) return this.#push('text', unescapeText(text));
    const mark = this.#match(MARK);
    if (mark === null)
      throw this.#broken(`has ${JSON.stringify(this.#source[this.#at])}, which means nothing`);
    if ('([{'.includes(mark)) this.#depth += 1;
    if (')]}'.includes(mark)) this.#depth = Math.max(0, this.#depth - 1);
    this.#push('mark', mark);
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found === null || found[0] === '') return null;
    this.#at += found[0].length;
    return found[0];
  }

  #push(kind: ScriptToken['kind'], text: string, line = this.#line): void {
    if (this.#tokens.length >= MAX_TOKENS) throw this.#broken('is longer than any program');
    this.#tokens.push({ kind, text, line });
  }

  #broken(what: string): MalformedFile {
    return new MalformedFile(`line ${this.#line} of ${this.#file} ${what}`, this.#at);
  }
}

/** The tokens of a file of TorchScript source. @throws MalformedFile on a character or an indentation of no program. */
export function tokenizeScript(source: string, file: string): readonly ScriptToken[] {
  return new Tokenizer(source, file).run();
}
