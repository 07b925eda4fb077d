import type { ConfigField } from './config-fields.ts';
import { enumValues, isEnumName } from './config-fields.ts';
import type {
  ConfigDiagnostic,
  ConfigDocument,
  FieldNode,
  MessageNode,
  MessageShape,
  ScalarNode,
  TextEdit,
  ValueNode,
} from './config-document.ts';
import { defaultOf } from './config-values.ts';
import { bodyShapeOf, isMany, shapeOf } from './message-shapes.ts';
import { nearestName } from './nearest-name.ts';
import { placesOf } from './text-places.ts';
import type { ConfigToken } from './text-tokens.ts';
import { stringValue, tokenizeConfig } from './text-tokens.ts';

const INT32_MAX = 2n ** 31n - 1n;
const UINT32_MAX = 2n ** 32n - 1n;
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** Reading more than this many mistakes helps nobody. */
const MAX_DIAGNOSTICS = 100;

const OPENERS = new Set(['{', '[', '<']);
const CLOSERS = new Set(['}', ']', '>']);

/** Thrown inside this file alone to leave a field whose mistake is already reported. */
class FieldAbandoned extends Error {}

/** Builds the tree of a config; see `parseModelConfig`. */
export function parseDocument(
  text: string,
  maxLength: number,
): { readonly document: ConfigDocument; readonly diagnostics: readonly ConfigDiagnostic[] } {
  const shape = shapeOf('ModelConfig');
  if (text.length > maxLength) {
    const root: MessageNode = emptyRoot(shape, text.length);
    const message = `The config is longer than ${String(maxLength)} characters and is not read.`;
    const range = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };
    return { document: { text, root, comments: [] }, diagnostics: [{ severity: 'error', message, range }] };
  }
  const { tokens, comments } = tokenizeConfig(text);
  const parser = new DocumentParser(text, tokens);
  const root = parser.parseRoot(shape);
  return { document: { text, root, comments }, diagnostics: parser.diagnostics };
}

function emptyRoot(shape: MessageShape, end: number): MessageNode {
  return { kind: 'message', shape, start: 0, end, bodyStart: 0, bodyEnd: end, fields: [] };
}

interface Hint {
  readonly why?: string;
  readonly fix?: { readonly title: string; readonly edits: readonly TextEdit[] };
}

/** Mirrors protobuf's `TextFormat::Parser`, field by field, so that its first error is ours too. */
class DocumentParser {
  readonly diagnostics: ConfigDiagnostic[] = [];
  private readonly text: string;
  private readonly tokens: readonly ConfigToken[];
  private readonly places: ReturnType<typeof placesOf>;
  private index = 0;

  constructor(text: string, tokens: readonly ConfigToken[]) {
    this.text = text;
    this.tokens = tokens;
    this.places = placesOf(text);
    this.reportTokenErrors();
  }

  parseRoot(shape: MessageShape): MessageNode {
    const fields: FieldNode[] = [];
    while (this.current.kind !== 'end') this.readFieldInto(fields, shape, true);
    return { ...emptyRoot(shape, this.text.length), fields };
  }

  private get current(): ConfigToken {
    const token = this.tokens[this.index] ?? this.tokens.at(-1);
    if (!token) throw new Error('a token list always ends with an end token');
    return token;
  }

  private get previousEnd(): number {
    return this.tokens[this.index - 1]?.end ?? 0;
  }

  private advance(): ConfigToken {
    const token = this.current;
    if (token.kind !== 'end') {
      this.index++;
      this.reportTokenErrors();
    }
    return token;
  }

  private reportTokenErrors(): void {
    for (const { offset, message } of this.current.errors) {
      this.report(message, offset, offset + 1, this.tokenHint(message, offset));
    }
  }

  private tokenHint(message: string, offset: number): Hint {
    if (this.text.charCodeAt(offset) === 0xfeff) {
      return {
        why: 'The file starts with an invisible byte order mark, which Triton does not accept.',
        fix: { title: 'Remove the byte order mark', edits: [{ offset, length: 1, text: '' }] },
      };
    }
    if (message.startsWith('Invalid control')) {
      const edits = [{ offset, length: 1, text: '' }];
      return { fix: { title: 'Remove the control character', edits } };
    }
    if (message.startsWith('String literals cannot cross')) {
      return { fix: { title: 'Close the string', edits: [{ offset, length: 0, text: '"' }] } };
    }
    return {};
  }

  private report(message: string, start: number, end: number, hint: Hint = {}, protobufOffset = start): void {
    if (this.diagnostics.length >= MAX_DIAGNOSTICS) return;
    const range = this.places.rangeOf(start, Math.max(end, start + 1));
    const protobufPlace = this.places.protobufPlaceOf(protobufOffset);
    this.diagnostics.push({ severity: 'error', message, range, protobufPlace, ...hint });
  }

  private reportHere(message: string, hint?: Hint): void {
    this.report(message, this.current.start, this.current.end, hint);
  }

  private fail(message: string, hint?: Hint): never {
    this.reportHere(message, hint);
    throw new FieldAbandoned();
  }

  /** protobuf notices the mistake in `token` only when it stands at the token after it. */
  private failBehind(token: ConfigToken, message: string, hint?: Hint): never {
    this.report(message, token.start, token.end, hint, this.current.start);
    throw new FieldAbandoned();
  }

  private tryConsume(symbol: string): boolean {
    if (this.current.text !== symbol || this.current.kind === 'string') return false;
    this.advance();
    return true;
  }

  private consume(symbol: string, hint?: Hint): void {
    if (this.tryConsume(symbol)) return;
    this.fail(`Expected "${symbol}", found "${this.current.text}".`, hint);
  }

  /** Reads one field; after a mistake goes on at the next place where a field can begin, and says false. */
  private readFieldInto(fields: FieldNode[], shape: MessageShape, isRoot: boolean): boolean {
    const before = this.index;
    try {
      this.readField(fields, shape);
      return true;
    } catch (cause) {
      if (!(cause instanceof FieldAbandoned)) throw cause;
      this.recover(shape, isRoot);
      if (isRoot && this.index === before) this.advance();
      return false;
    }
  }

  private recover(shape: MessageShape, isRoot: boolean): void {
    let depth = 0;
    while (this.current.kind !== 'end') {
      if (depth === 0 && this.startsField(shape)) return;
      if (!isRoot && this.startsRootField()) return;
      const { text, kind } = this.current;
      if (kind === 'symbol' && OPENERS.has(text)) depth++;
      if (kind === 'symbol' && CLOSERS.has(text)) {
        if (depth > 0) depth--;
        else if (!isRoot) return;
      }
      this.advance();
    }
  }

  private startsField(shape: MessageShape): boolean {
    if (this.current.kind !== 'identifier' || !shape.field(this.current.text)) return false;
    const next = this.tokens[this.index + 1]?.text;
    return next === ':' || next === '{' || next === '<' || next === '[';
  }

  /** A field of the whole config at the very start of a line: the braces before it were left open. */
  private startsRootField(): boolean {
    const { start } = this.current;
    return (start === 0 || this.text[start - 1] === '\n') && this.startsField(shapeOf('ModelConfig'));
  }

  private readField(fields: FieldNode[], shape: MessageShape): void {
    const nameToken = this.current;
    if (this.tryConsume('[')) this.readExtension(shape);
    if (nameToken.kind !== 'identifier') this.fail(`Expected identifier, got: ${nameToken.text}`);
    this.advance();
    const field = shape.field(nameToken.text);
    if (!field) this.failUnknownField(nameToken, shape);
    this.checkSetOnce(field, nameToken, fields);
    const body = bodyShapeOf(shape, field);
    if (body) this.tryConsume(':');
    else this.consume(':', this.colonHint(nameToken));
    const values: ValueNode[] = [];
    let list: FieldNode['list'];
    const finish = (): void => {
      const end = this.previousEnd;
      const isSeparated = this.tryConsume(';') || this.tryConsume(',');
      const separatorEnd = isSeparated ? this.previousEnd : end;
      fields.push({ field, start: nameToken.start, end, separatorEnd, values, ...(list && { list }) });
    };
    try {
      if (isMany(field) && this.current.text === '[' && this.current.kind === 'symbol') {
        list = this.readList(field, body, shape, values);
      } else {
        values.push(this.readValue(field, body));
      }
    } catch (cause) {
      if (cause instanceof FieldAbandoned && values.length > 0) finish();
      throw cause;
    }
    finish();
  }

  private readExtension(shape: MessageShape): never {
    let name = '';
    while (this.current.kind === 'identifier' || this.current.text === '.') name += this.advance().text;
    if (name === '') this.fail(`Expected identifier, got: ${this.current.text}`);
    this.consume(']');
    return this.fail(`Extension "${name}" is not defined or is not an extension of "${shape.fullName}".`);
  }

  private failUnknownField(name: ConfigToken, shape: MessageShape): never {
    const names = shape.fields.map((field) => field.name);
    const nearest = nearestName(name.text, names);
    const message = `Message type "${shape.fullName}" has no field named "${name.text}".`;
    if (nearest === undefined) {
      return this.failBehind(name, message, { why: `Fields that can stand here: ${names.join(', ')}.` });
    }
    const edits = [{ offset: name.start, length: name.end - name.start, text: nearest }];
    const fix = { title: `Change to ${nearest}`, edits };
    return this.failBehind(name, message, { why: `Did you mean ${nearest}?`, fix });
  }

  private colonHint(name: ConfigToken): Hint {
    const edits = [{ offset: name.end, length: 0, text: ':' }];
    return { fix: { title: `Put a colon after ${name.text}`, edits } };
  }

  /** proto3 cannot tell a default value from none, so writing a field again after its default is fine. */
  private checkSetOnce(field: ConfigField, name: ConfigToken, fields: readonly FieldNode[]): void {
    if (isMany(field)) return;
    const isSet = (node: FieldNode): boolean => {
      const value = node.values.at(-1);
      if (!value) return false;
      if (value.kind === 'message' || node.field.oneof !== undefined) return true;
      return value.value !== defaultOf(node.field);
    };
    const previous = fields.find((node) => node.field === field && isSet(node));
    if (previous) {
      this.failBehind(name, `Non-repeated field "${field.name}" is specified multiple times.`, {
        why: `${field.name} can be written once; it already stands in line ${String(this.places.lineOf(previous.start))}.`,
        fix: {
          title: `Remove the first ${field.name}`,
          edits: [{ offset: previous.start, length: previous.separatorEnd - previous.start, text: '' }],
        },
      });
    }
    const rival = fields.find(
      (node) => field.oneof !== undefined && node.field.oneof === field.oneof && isSet(node),
    );
    if (rival) {
      this.failBehind(
        name,
        `Field "${name.text}" is specified along with field "${rival.field.name}", another member of oneof "${field.oneof ?? ''}".`,
        { why: `Only one of ${rival.field.name} and ${field.name} can be used.` },
      );
    }
  }

  private readList(
    field: ConfigField,
    body: MessageShape | null,
    owner: MessageShape,
    values: ValueNode[],
  ): { open: number; close: number } {
    const open = this.advance().start;
    if (this.tryConsume(']')) return { open, close: this.previousEnd - 1 };
    for (;;) {
      try {
        values.push(this.readValue(field, body));
      } catch (cause) {
        if (!(cause instanceof FieldAbandoned) || !this.recoverInList(owner)) throw cause;
      }
      if (this.tryConsume(']')) return { open, close: this.previousEnd - 1 };
      if (this.tryConsume(',')) continue;
      this.reportMissingComma(owner);
      if (!this.startsValue(owner)) return { open, close: this.previousEnd };
    }
  }

  /** Skips to where the list goes on; false where it seems to have been left. */
  private recoverInList(owner: MessageShape): boolean {
    let depth = 0;
    while (this.current.kind !== 'end') {
      const { text, kind } = this.current;
      if (depth === 0 && (text === ',' || text === ']') && kind === 'symbol') return true;
      if (depth === 0 && (this.startsField(owner) || this.startsRootField())) return false;
      if (kind === 'symbol' && OPENERS.has(text)) depth++;
      if (kind === 'symbol' && CLOSERS.has(text) && depth-- === 0) return false;
      this.advance();
    }
    return false;
  }

  private reportMissingComma(owner: MessageShape): void {
    const at = this.previousEnd;
    const isMissingComma = this.startsValue(owner);
    const fix = isMissingComma
      ? { title: 'Insert a comma', edits: [{ offset: at, length: 0, text: ',' }] }
      : { title: 'Close the list with ]', edits: [{ offset: at, length: 0, text: ' ]' }] };
    const why = isMissingComma
      ? 'Entries between [ and ] are separated by commas.'
      : 'A list that begins with [ has to end with ].';
    this.reportHere(`Expected ",", found "${this.current.text}".`, { why, fix });
  }

  private startsValue(owner: MessageShape): boolean {
    const { kind, text } = this.current;
    if (kind === 'symbol') return text === '{' || text === '<' || text === '-';
    return kind !== 'end' && !this.startsField(owner) && !this.startsRootField();
  }

  private readValue(field: ConfigField, body: MessageShape | null): ValueNode {
    return body ? this.readMessage(body) : this.readScalar(field);
  }

  private readMessage(shape: MessageShape): MessageNode {
    const { start } = this.current;
    const close = this.tryConsume('<') ? '>' : '}';
    if (close === '}') this.consume('{', this.openingHint());
    const bodyStart = this.previousEnd;
    const fields: FieldNode[] = [];
    while (!this.isAtCloser() && this.current.kind !== 'end') {
      if (this.startsRootField() && !shape.field(this.current.text)) break;
      if (!this.readFieldInto(fields, shape, false) && this.current.text === ']') break;
    }
    const bodyEnd = this.isAtCloser() ? this.current.start : this.previousEnd;
    if (!this.tryConsume(close)) this.closeMessage(close);
    return { kind: 'message', shape, start, end: this.previousEnd, bodyStart, bodyEnd, fields };
  }

  private isAtCloser(): boolean {
    const { kind, text } = this.current;
    return kind === 'symbol' && (text === '}' || text === '>');
  }

  private closeMessage(close: string): void {
    const { kind, text } = this.current;
    const hint: Hint = {
      why: 'Something that begins with { has to end with }.',
      fix: {
        title: `Close it with ${close}`,
        edits: [{ offset: this.previousEnd, length: 0, text: ` ${close}` }],
      },
    };
    if (kind === 'end') this.reportHere(`Expected identifier, got: ${text}`, hint);
    else if (text === '}' || text === '>') {
      this.reportHere(`Expected "${close}", found "${text}".`);
      this.advance();
    } else if (this.startsRootField()) {
      this.reportHere(`Expected "${close}", found "${text}".`, hint);
    }
  }

  private openingHint(): Hint {
    if (this.current.text !== ']') return {};
    const comma = this.tokens[this.index - 1];
    if (comma?.text !== ',') return {};
    return {
      why: 'A comma stands before the closing ], which Triton does not accept.',
      fix: {
        title: 'Remove the comma',
        edits: [{ offset: comma.start, length: 1, text: '' }],
      },
    };
  }

  private readScalar(field: ConfigField): ScalarNode {
    const { start } = this.current;
    const value = this.readScalarValue(field);
    return { kind: 'scalar', start, end: this.previousEnd, value };
  }

  private readScalarValue(field: ConfigField): string | number | boolean {
    if (isEnumName(field.type)) return this.readEnum(field, enumValues(field.type));
    switch (field.type) {
      case 'string':
        return this.readString();
      case 'bool':
        return this.readBool(field);
      case 'int32':
        return Number(this.readSigned(INT32_MAX));
      case 'int64':
        return Number(this.readSigned(INT64_MAX));
      case 'uint32':
        return Number(this.readUnsigned(UINT32_MAX));
      case 'uint64':
        return Number(this.readUnsigned(UINT64_MAX));
      default:
        return this.readDouble();
    }
  }

  private readString(): string {
    if (this.current.kind !== 'string') {
      const { text, start, end, kind } = this.current;
      const edits = [{ offset: start, length: end - start, text: JSON.stringify(text) }];
      const hint = kind === 'symbol' || kind === 'end' ? {} : { fix: { title: 'Put it in quotes', edits } };
      this.fail(`Expected string, got: ${text}`, hint);
    }
    const parts: string[] = [];
    while (this.current.kind === 'string') parts.push(this.advance().text);
    return stringValue(parts);
  }

  private readBool(field: ConfigField): boolean {
    if (this.current.kind === 'integer') return this.readUnsigned(1n) === 1n;
    if (this.current.kind !== 'identifier') {
      this.fail(`Expected identifier, got: ${this.current.text}`, this.unquoteHint());
    }
    const token = this.advance();
    if (token.text === 'true' || token.text === 'True' || token.text === 't') return true;
    if (token.text === 'false' || token.text === 'False' || token.text === 'f') return false;
    const message = `Invalid value for boolean field "${field.name}". Value: "${token.text}".`;
    return this.failBehind(token, message, { why: 'Write true or false.' });
  }

  private readEnum(field: ConfigField, names: readonly string[]): string {
    const token = this.current;
    const isNumber = token.kind === 'integer' || token.text === '-';
    if (token.kind !== 'identifier' && !isNumber) {
      this.fail(`Expected integer or identifier, got: ${token.text}`, this.unquoteHint());
    }
    const value = isNumber ? String(this.readSigned(INT32_MAX)) : this.advance().text;
    const name = isNumber ? names[Number(value)] : names.find((each) => each === value);
    if (name !== undefined) return name;
    const nearest = nearestName(value, names);
    const edits = [{ offset: token.start, length: token.end - token.start, text: nearest ?? '' }];
    return this.failBehind(token, `Unknown enumeration value of "${value}" for field "${field.name}".`, {
      why: `Possible values: ${names.join(', ')}.`,
      ...(nearest && { fix: { title: `Change to ${nearest}`, edits } }),
    });
  }

  private readSigned(max: bigint): bigint {
    const isNegative = this.tryConsume('-');
    const value = this.readUnsigned(isNegative ? max + 1n : max);
    return isNegative ? -value : value;
  }

  private readUnsigned(max: bigint): bigint {
    const { kind, text } = this.current;
    if (kind !== 'integer') this.fail(`Expected integer, got: ${text}`, this.numberHint());
    const isOctal = /^0[0-7]+$/.test(text);
    const digits = isOctal ? `0o${text.slice(1)}` : text;
    const isReadable = /^(?:0[xX][0-9a-fA-F]+|0o[0-7]+|[0-9]+)$/.test(digits);
    const value = isReadable && (isOctal || !/^0[0-9]/.test(text)) ? BigInt(digits) : max + 1n;
    if (value > max) this.fail(`Integer out of range (${text})`);
    this.advance();
    return value;
  }

  private readDouble(): number {
    const isNegative = this.tryConsume('-');
    const value = this.readUnsignedDouble();
    return isNegative ? -value : value;
  }

  private readUnsignedDouble(): number {
    const { kind, text } = this.current;
    if (kind === 'integer') {
      if (/^0[0-9xX]/.test(text)) this.fail(`Expect a decimal number, got: ${text}`);
      return Number(this.advance().text);
    }
    if (kind === 'float') return Number.parseFloat(this.advance().text);
    const word = text.toLowerCase();
    const isWord = kind === 'identifier' && ['inf', 'infinity', 'nan'].includes(word);
    if (!isWord) this.fail(`Expected double, got: ${text}`, this.numberHint());
    this.advance();
    return word === 'nan' ? Number.NaN : Number.POSITIVE_INFINITY;
  }

  private numberHint(): Hint {
    if (this.current.text === '$') {
      return { why: 'A placeholder such as ${name} has to be replaced by a number before Triton reads it.' };
    }
    return this.current.text === ']' ? this.openingHint() : this.unquoteHint();
  }

  private unquoteHint(): Hint {
    const { kind, text, start, end } = this.current;
    if (kind !== 'string') return {};
    const edits = [{ offset: start, length: end - start, text: stringValue([text]) }];
    return { why: 'This value stands without quotes.', fix: { title: 'Remove the quotes', edits } };
  }
}
