import { MalformedFile } from '../malformed-file.ts';
import type {
  ScriptClass,
  ScriptExpression,
  ScriptFile,
  ScriptFunction,
  ScriptParameter,
  ScriptPlace,
  ScriptStatement,
} from './script-syntax.ts';
import { tokenizeScript, type ScriptToken } from './script-tokens.ts';

/** Deeper than this nests only a file that is made to overflow a stack. */
const MAX_DEPTH = 400;
/** Attributes, calls and places one behind the other: `a.b(c)[d]` has three. */
const MAX_LINKS = 400;
const MAX_DIGITS = 40;
const MAX_QUOTED = 80;
const LITERALS: Readonly<Record<string, null | boolean>> = { None: null, True: true, False: false };

class ScriptParser {
  readonly #tokens: readonly ScriptToken[];
  readonly #file: string;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly ScriptToken[], file: string) {
    this.#tokens = tokens;
    this.#file = file;
  }

  file(): ScriptFile {
    const classes = new Map<string, ScriptClass>();
    const functions = new Map<string, ScriptFunction>();
    while (!this.#is('end')) {
      if (this.#isName('class')) {
        const found = this.#class();
        classes.set(found.name, found);
      } else if (this.#isName('def')) {
        const found = this.#function();
        functions.set(found.name, found);
      } else throw this.#unexpected('a class or a function');
    }
    return { classes, functions };
  }

  #class(): ScriptClass {
    const place = this.#place();
    this.#expectName('class');
    const name = this.#name();
    let base = '';
    if (this.#accept('(')) {
      if (!this.#isMark(')')) base = this.#name();
      this.#expect(')');
    }
    const attributes = new Map<string, ScriptExpression>();
    const constants = new Map<string, ScriptExpression>();
    const methods = new Map<string, ScriptFunction>();
    this.#suite(() => {
      if (this.#isName('def')) {
        const method = this.#function(true);
        methods.set(method.name, method);
      } else this.#classMember(attributes, constants);
    });
    return { name, base, attributes, constants, methods, place };
  }

  #classMember(attributes: Map<string, ScriptExpression>, constants: Map<string, ScriptExpression>): void {
    if (this.#isName('pass')) return this.#simple(() => this.#name());
    this.#simple(() => {
      const target = this.#expression();
      // `__annotations__["0"] = T` names attributes that are no identifiers.
      const [key] = target.kind === 'index' ? target.items : [];
      const name = target.kind === 'name' ? target.name : key?.kind === 'text' ? key.value : '';
      const type = this.#accept(':') ? this.#expression() : null;
      if (type !== null) attributes.set(name, type);
      if (!this.#accept('=')) return;
      const value = this.#expression();
      if (target.kind === 'index') attributes.set(name, value);
      else constants.set(name, value);
    });
  }

  #function(isMethod = false): ScriptFunction {
    const place = this.#place();
    this.#expectName('def');
    const name = this.#name();
    this.#expect('(');
    const all = this.#listUntil(')', () => this.#parameter());
    const result = this.#accept('->') ? this.#expression() : null;
    const body = this.#block();
    const self = isMethod ? (all[0]?.name ?? null) : null;
    return { name, self, parameters: isMethod ? all.slice(1) : all, result, body, place };
  }

  #parameter(): ScriptParameter {
    this.#accept('*');
    const name = this.#name();
    const type = this.#accept(':') ? this.#expression() : null;
    return { name, type, default: this.#accept('=') ? this.#expression() : null };
  }

  #block(): readonly ScriptStatement[] {
    const statements: ScriptStatement[] = [];
    this.#suite(() => statements.push(this.#statement()));
    return statements;
  }

  /** `:` and the indented lines behind it. */
  #suite(member: () => void): void {
    this.#expect(':');
    this.#take('newline');
    this.#take('indent');
    this.#nested(() => {
      while (!this.#is('dedent') && !this.#is('end')) member();
    });
    if (this.#is('dedent')) this.#at += 1;
  }

  /** One line. */
  #simple(read: () => void): void {
    read();
    this.#take('newline');
  }

  #statement(): ScriptStatement {
    const place = this.#place();
    const { kind, text } = this.#token();
    if (kind === 'name') {
      switch (text) {
        case 'if':
          return this.#if(place);
        case 'while': {
          this.#at += 1;
          const condition = this.#expression();
          return { place, kind: 'while', condition, body: this.#block() };
        }
        case 'for': {
          this.#at += 1;
          const target = this.#name();
          this.#expectName('in');
          const iterable = this.#expression();
          return { place, kind: 'for', target, iterable, body: this.#block() };
        }
        case 'with':
          return this.#with(place);
        case 'def':
          return { place, kind: 'define', definition: this.#function() };
      }
    }
    let statement: ScriptStatement | null = null;
    this.#simple(() => {
      statement = this.#line(place);
    });
    return statement ?? { place, kind: 'pass' };
  }

  #if(place: ScriptPlace): ScriptStatement {
    this.#at += 1;
    const condition = this.#expression();
    const whenTrue = this.#block();
    let whenFalse: readonly ScriptStatement[] = [];
    if (this.#isName('elif')) whenFalse = [this.#if(this.#place())];
    else if (this.#isName('else')) {
      this.#at += 1;
      whenFalse = this.#block();
    }
    return { place, kind: 'if', condition, whenTrue, whenFalse };
  }

  #with(place: ScriptPlace): ScriptStatement {
    this.#at += 1;
    const context = this.#expression();
    let name: string | null = null;
    if (this.#isName('as')) {
      this.#at += 1;
      name = this.#name();
    }
    return { place, kind: 'with', context, name, body: this.#block() };
  }

  #line(place: ScriptPlace): ScriptStatement {
    if (this.#isName('pass')) {
      this.#at += 1;
      return { place, kind: 'pass' };
    }
    if (this.#isName('return')) {
      this.#at += 1;
      return { place, kind: 'return', value: this.#is('newline') ? null : this.#expressions() };
    }
    const first = this.#expression();
    const targets = [first];
    let unpacks = false;
    while (this.#accept(',')) {
      unpacks = true;
      if (this.#isMark('=')) break;
      targets.push(this.#expression());
    }
    const type = this.#accept(':') ? this.#expression() : null;
    if (!this.#accept('=')) return { place, kind: 'expression', value: first };
    return { place, kind: 'assign', targets, unpacks, type, value: this.#expressions() };
  }

  /** One expression, or several without parentheses: a tuple. */
  #expressions(): ScriptExpression {
    const place = this.#place();
    const first = this.#expression();
    if (!this.#isMark(',')) return first;
    const items = [first];
    while (this.#accept(',')) {
      if (this.#is('newline')) break;
      items.push(this.#expression());
    }
    return { place, kind: 'tuple', items };
  }

  #expression(): ScriptExpression {
    return this.#nested(() => {
      let expression = this.#primary();
      for (let links = 0; ; links += 1) {
        if (links > MAX_LINKS) throw this.#broken('has a chain of attributes and calls that is too long');
        const place = this.#place();
        if (this.#accept('.')) {
          expression = { place, kind: 'attribute', object: expression, name: this.#name() };
        } else if (this.#accept('(')) {
          expression = this.#call(expression, place);
        } else if (this.#accept('[')) {
          expression = this.#subscript(expression, place);
        } else return expression;
      }
    });
  }

  #call(callee: ScriptExpression, place: ScriptPlace): ScriptExpression {
    const positional: ScriptExpression[] = [];
    const keywords: [string, ScriptExpression][] = [];
    this.#listUntil(')', () => {
      const next = this.#tokens[this.#at + 1];
      if (this.#is('name') && next?.kind === 'mark' && next.text === '=') {
        const name = this.#name();
        this.#expect('=');
        keywords.push([name, this.#expression()]);
      } else positional.push(this.#expression());
    });
    return { place, kind: 'call', callee, arguments: positional, keywords };
  }

  #subscript(object: ScriptExpression, place: ScriptPlace): ScriptExpression {
    const start = this.#isMark(':') ? null : this.#expression();
    if (this.#accept(':')) {
      const end = this.#isMark(']') ? null : this.#expression();
      this.#expect(']');
      return { place, kind: 'slice', object, start, end };
    }
    const items = start === null ? [] : [start];
    while (this.#accept(',')) if (!this.#isMark(']')) items.push(this.#expression());
    this.#expect(']');
    return { place, kind: 'index', object, items };
  }

  #primary(): ScriptExpression {
    const place = this.#place();
    const { kind, text } = this.#token();
    this.#at += 1;
    if (kind === 'text') return { place, kind: 'text', value: this.#adjacentTexts(text) };
    if (kind === 'number') return { place, kind: 'number', value: readNumber(text) };
    if (kind === 'name') {
      if (text in LITERALS) return { place, kind: 'literal', value: LITERALS[text] ?? null };
      return { place, kind: 'name', name: text };
    }
    if (kind === 'mark') {
      switch (text) {
        case '-':
          return { place, kind: 'minus', operand: this.#expression() };
        case '[':
          return { place, kind: 'list', items: this.#listUntil(']', () => this.#expression()) };
        case '(':
          return this.#parenthesised(place);
        case '{':
          return {
            place,
            kind: 'dict',
            entries: this.#listUntil('}', () => {
              const key = this.#expression();
              this.#expect(':');
              return [key, this.#expression()] as const;
            }),
          };
      }
    }
    this.#at -= 1;
    throw this.#unexpected('an expression');
  }

  #adjacentTexts(first: string): string {
    let text = first;
    for (; this.#is('text'); this.#at += 1) text += this.#token().text;
    return text;
  }

  #parenthesised(place: ScriptPlace): ScriptExpression {
    if (this.#accept(')')) return { place, kind: 'tuple', items: [] };
    const first = this.#expression();
    if (this.#accept(')')) return first;
    this.#expect(',');
    const rest = this.#listUntil(')', () => this.#expression());
    return { place, kind: 'tuple', items: [first, ...rest] };
  }

  #listUntil<Item>(close: string, read: () => Item): Item[] {
    const items: Item[] = [];
    while (!this.#accept(close)) {
      items.push(read());
      if (!this.#isMark(close)) this.#expect(',');
    }
    return items;
  }

  #nested<Result>(read: () => Result): Result {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw this.#broken('nests too deep');
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #token(): ScriptToken {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', line: 0 };
  }

  #place(): ScriptPlace {
    return { file: this.#file, line: this.#token().line };
  }

  #is(kind: ScriptToken['kind']): boolean {
    return this.#token().kind === kind;
  }

  #isMark(text: string): boolean {
    return this.#is('mark') && this.#token().text === text;
  }

  #isName(text: string): boolean {
    return this.#is('name') && this.#token().text === text;
  }

  #accept(mark: string): boolean {
    if (!this.#isMark(mark)) return false;
    this.#at += 1;
    return true;
  }

  #expect(mark: string): void {
    if (!this.#accept(mark)) throw this.#unexpected(mark);
  }

  #expectName(word: string): void {
    if (!this.#isName(word)) throw this.#unexpected(word);
    this.#at += 1;
  }

  #name(): string {
    if (!this.#is('name')) throw this.#unexpected('a name');
    const { text } = this.#token();
    this.#at += 1;
    return text;
  }

  #take(kind: ScriptToken['kind']): void {
    if (!this.#is(kind))
      throw this.#unexpected(kind === 'newline' ? 'the end of the line' : 'an indented block');
    this.#at += 1;
  }

  #unexpected(wanted: string): MalformedFile {
    const { kind, text } = this.#token();
    return this.#broken(
      `has ${text === '' ? `the ${kind}` : JSON.stringify(text.slice(0, MAX_QUOTED))} where ${wanted} is expected`,
    );
  }

  #broken(what: string): MalformedFile {
    return new MalformedFile(`line ${this.#token().line} of ${this.#file} ${what}`);
  }
}

/** An int is exact; `1.`, `1e-12` and imaginary numbers are floats. @throws MalformedFile for more digits than any has. */
function readNumber(text: string): number | bigint {
  if (text.length > MAX_DIGITS) throw new MalformedFile(`a number has ${text.length} digits`);
  return /^\d+$/.test(text) ? BigInt(text) : Number.parseFloat(text);
}

/**
 * Parses one file of TorchScript source: the closed grammar that `python_print.cpp` writes. Nothing is run.
 * @throws MalformedFile naming file and line.
 */
export function parseScript(source: string, file: string): ScriptFile {
  return new ScriptParser(tokenizeScript(source, file), file).file();
}
