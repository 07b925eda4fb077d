import type {
  ConfigDocument,
  FieldNode,
  MessageNode,
  MessageShape,
  TextEdit,
  ValueNode,
} from './config-document.ts';
import type { ConfigField } from './config-fields.ts';
import type { PlainObject, PlainValue } from './config-values.ts';
import { mapKeyText, plainMessage, plainValue } from './config-values.ts';
import { bodyShapeOf } from './message-shapes.ts';
import { parseModelConfig } from './parse-config.ts';
import { isMessageField, printBody, printField, printPlain } from './print-config.ts';

export { applyEdits } from './config-document.ts';
export type { TextEdit } from './config-document.ts';

/** Where a value stands in a config: field names, indexes of lists, keys of maps: `['input', 0, 'dims']`. */
export type ConfigPath = readonly (string | number)[];

/**
 * The smallest patches of the text after which the config has this value at the path. Missing messages on the way are
 * made; what is equal already is not touched; comments, order and spelling of the rest stay. An index equal to the
 * length of a list appends. Throws RangeError for a path that no config can have.
 */
export function setField(text: string, path: ConfigPath, value: unknown): readonly TextEdit[] {
  if (value === undefined) return removeField(text, path);
  const { document } = parseModelConfig(text);
  return keepApart(new Editor(document).set(document.root, path, value as PlainValue));
}

/**
 * In a broken text a value may seem to reach into the next one, so that what one patch changes lies in what another
 * takes away: that change goes with it, and a new field goes behind it.
 */
function keepApart(edits: readonly TextEdit[]): readonly TextEdit[] {
  let taken = 0;
  return edits
    .toSorted((left, right) => left.offset - right.offset)
    .flatMap((edit) => {
      const end = edit.offset + edit.length;
      if (edit.length > 0 && end <= taken) return [];
      const offset = Math.max(edit.offset, taken);
      taken = Math.max(end, taken);
      return [{ ...edit, offset, length: taken - offset }];
    });
}

/** The patches that take the value at the path out of the text, with its own line; none where nothing is there. */
export function removeField(text: string, path: ConfigPath): readonly TextEdit[] {
  const { document } = parseModelConfig(text);
  return keepApart(new Editor(document).remove(document.root, path));
}

/** The text range of what stands at a path, for jumping there; null where nothing does. */
export function findField(
  document: ConfigDocument,
  path: ConfigPath,
): { readonly start: number; readonly end: number } | null {
  return find(document.root, path);
}

function find(node: MessageNode, path: ConfigPath): { start: number; end: number } | null {
  const [name, ...rest] = path;
  if (name === undefined) return node;
  const written = node.fields.filter(({ field }) => field.name === name);
  const last = written.at(-1);
  if (!last) return null;
  if (rest.length === 0) return { start: written[0]?.start ?? last.start, end: last.end };
  const { target, tail } = step(written, last.field, rest);
  if (!target) return null;
  return target.kind === 'message' && tail.length > 0 ? find(target, tail) : target;
}

/** The value that the head of the rest of a path leads to. */
function step(
  written: readonly FieldNode[],
  field: ConfigField,
  rest: ConfigPath,
): { readonly target: ValueNode | undefined; readonly tail: ConfigPath } {
  const values = written.flatMap((node) => node.values);
  if (field.mapKey !== undefined)
    return { target: findEntry(values, field, rest[0]), tail: ['value', ...rest.slice(1)] };
  if (field.repeated) return { target: values[Number(rest[0])], tail: rest.slice(1) };
  return { target: values.at(-1), tail: rest };
}

function findEntry(
  values: readonly ValueNode[],
  field: ConfigField,
  key: string | number | undefined,
): MessageNode | undefined {
  return values.findLast(
    (node): node is MessageNode =>
      node.kind === 'message' && mapKeyText(field, plainMessage(node)['key']) === String(key),
  );
}

class Editor {
  private readonly document: ConfigDocument;
  private readonly text: string;

  constructor(document: ConfigDocument) {
    this.document = document;
    this.text = document.text;
  }

  set(node: MessageNode, path: ConfigPath, value: PlainValue): TextEdit[] {
    const [name, ...rest] = path;
    if (name === undefined) return this.setMessage(node, value as PlainObject);
    const field = knownField(node.shape, name);
    const written = node.fields.filter((each) => each.field === field);
    if (written.length === 0) {
      const rival = node.fields.find((each) => field.oneof !== undefined && each.field.oneof === field.oneof);
      const whole = wrap(node.shape, field, rest, value);
      return rival ? this.replaceNode(node, rival, field, whole) : this.insertField(node, field, whole);
    }
    if (rest.length === 0) return this.setWritten(node, field, written, value);
    return this.setInside(node, field, written, rest, value);
  }

  private setInside(
    node: MessageNode,
    field: ConfigField,
    written: readonly FieldNode[],
    rest: ConfigPath,
    value: PlainValue,
  ): TextEdit[] {
    const { target, tail } = step(written, field, rest);
    if (!target) {
      const body = bodyShapeOf(node.shape, field);
      if (field.mapKey !== undefined)
        return this.insertField(node, field, wrap(node.shape, field, rest, value));
      const count = written.flatMap((each) => each.values).length;
      if (rest[0] !== count) throw new RangeError(`${field.name} has ${String(count)} entries`);
      const item = body && tail.length > 0 ? wrapInside(body, tail, value) : value;
      return this.appendItem(node, field, written, item);
    }
    if (target.kind === 'message') return this.set(target, tail, value);
    return this.replaceScalar(field, target, value);
  }

  private setWritten(
    node: MessageNode,
    field: ConfigField,
    written: readonly FieldNode[],
    value: PlainValue,
  ): TextEdit[] {
    const values = written.flatMap((each) => each.values);
    if (field.mapKey !== undefined) return this.setMap(node, field, values, value as PlainObject);
    if (field.repeated) return this.setList(node, field, written, values, value as readonly PlainValue[]);
    const last = values.at(-1);
    if (!last) return [];
    return last.kind === 'message'
      ? this.setMessage(last, value as PlainObject)
      : this.replaceScalar(field, last, value);
  }

  private setMessage(node: MessageNode, value: PlainObject): TextEdit[] {
    const current = plainMessage(node);
    const names = new Set([...Object.keys(current), ...Object.keys(value)]);
    return [...names].flatMap((name) => {
      const next = value[name];
      if (next !== undefined) return this.set(node, [name], next);
      if (current[name] === undefined) return [];
      return this.isReplaced(node, knownField(node.shape, name), value) ? [] : this.remove(node, [name]);
    });
  }

  /** Whether a rival of the same oneof is about to be put where a field stands. */
  private isReplaced(node: MessageNode, field: ConfigField, value: PlainObject): boolean {
    if (field.oneof === undefined) return false;
    const first = node.fields.find((each) => each.field.oneof === field.oneof);
    const isRivalSet = node.shape.fields.some(
      (rival) => rival !== field && rival.oneof === field.oneof && value[rival.name] !== undefined,
    );
    return isRivalSet && first?.field === field;
  }

  private setMap(
    node: MessageNode,
    field: ConfigField,
    values: readonly ValueNode[],
    value: PlainObject,
  ): TextEdit[] {
    const current = new Set(
      values.flatMap((each) =>
        each.kind === 'message' ? [mapKeyText(field, plainMessage(each)['key'])] : [],
      ),
    );
    const removed = [...current].filter((key) => value[key] === undefined);
    return [
      ...removed.flatMap((key) => this.remove(node, [field.name, key])),
      ...Object.entries(value).flatMap(([key, member]) =>
        member === undefined ? [] : this.set(node, [field.name, key], member),
      ),
    ];
  }

  private setList(
    node: MessageNode,
    field: ConfigField,
    written: readonly FieldNode[],
    values: readonly ValueNode[],
    value: readonly PlainValue[],
  ): TextEdit[] {
    if (isMessageField(field)) return this.setMessages(node, field, written, values, value);
    if (value.length === values.length) {
      return values.flatMap((each, index) => {
        const next = value[index];
        return each.kind === 'scalar' && next !== undefined ? this.replaceScalar(field, each, next) : [];
      });
    }
    const [first, ...others] = written;
    if (!first) return [];
    const start = first.list?.open ?? first.values[0]?.start ?? first.end;
    const end = first.list ? first.end : (first.values.at(-1)?.end ?? first.end);
    return [
      { offset: start, length: end - start, text: printPlain(field, value) },
      ...others.flatMap((each) => this.removeNode(each)),
    ];
  }

  private setMessages(
    node: MessageNode,
    field: ConfigField,
    written: readonly FieldNode[],
    values: readonly ValueNode[],
    items: readonly PlainValue[],
  ): TextEdit[] {
    if (items.length === 0) return written.flatMap((each) => this.removeNode(each));
    const changed = values.slice(0, items.length).flatMap((each, index) => {
      const item = items[index];
      return each.kind === 'message' && item !== undefined ? this.setMessage(each, item as PlainObject) : [];
    });
    const removed = this.removeItems(written, items.length);
    const added = items.slice(values.length).flatMap((item) => this.appendItem(node, field, written, item));
    return [...changed, ...removed, ...added];
  }

  /** Puts a field where its rival of the same oneof stood. */
  private replaceNode(
    node: MessageNode,
    rival: FieldNode,
    field: ConfigField,
    value: PlainValue,
  ): TextEdit[] {
    const lines = this.fieldLines(node, field, value);
    const text = this.isInline(node)
      ? lines.map((line) => line.trim()).join(' ')
      : lines.join(this.lineBreak).trimStart();
    return [{ offset: rival.start, length: rival.end - rival.start, text }];
  }

  private replaceScalar(field: ConfigField, node: ValueNode, value: PlainValue): TextEdit[] {
    if (Object.is(plainValue(node), value)) return [];
    return [{ offset: node.start, length: node.end - node.start, text: printPlain(field, value) }];
  }

  remove(node: MessageNode, path: ConfigPath): TextEdit[] {
    const [name, ...rest] = path;
    if (name === undefined) return [];
    const field = knownField(node.shape, name);
    const written = node.fields.filter((each) => each.field === field);
    if (rest.length === 0) return written.flatMap((each) => this.removeNode(each));
    const { target, tail } = step(written, field, rest);
    if (!target) return [];
    const isItem = field.repeated ? rest.length === 1 : field.mapKey !== undefined && rest.length === 1;
    if (isItem) return this.removeItem(written, target);
    return target.kind === 'message' ? this.remove(target, tail) : [];
  }

  /** The text of a field, with its line where it stands alone on it and the comment behind it. */
  private removeNode({ start, separatorEnd }: FieldNode): TextEdit[] {
    return [this.removeSpan(start, separatorEnd)];
  }

  private removeSpan(start: number, end: number): TextEdit {
    const lineStart = this.text.lastIndexOf('\n', start - 1) + 1;
    const isFirstOnLine = this.text.slice(lineStart, start).trim() === '';
    const after = /^[ \t]*(?:#[^\n]*)?(\r?\n|$)/.exec(this.text.slice(end));
    if (isFirstOnLine && after)
      return { offset: lineStart, length: end + after[0].length - lineStart, text: '' };
    const spaces = /^[ \t]*/.exec(this.text.slice(end))?.[0].length ?? 0;
    return { offset: start, length: end + spaces - start, text: '' };
  }

  private removeItems(written: readonly FieldNode[], keep: number): TextEdit[] {
    let index = 0;
    return written.flatMap((node) => {
      const first = Math.max(keep - index, 0);
      index += node.values.length;
      if (first >= node.values.length) return [];
      if (first === 0 || !node.list) return this.removeNode(node);
      const previous = node.values[first - 1];
      const last = node.values.at(-1);
      if (!previous || !last) return [];
      return [{ offset: previous.end, length: last.end - previous.end, text: '' }];
    });
  }

  private removeItem(written: readonly FieldNode[], target: ValueNode): TextEdit[] {
    const owner = written.find(({ values }) => values.includes(target));
    if (!owner) return [];
    if (!owner.list || owner.values.length === 1) return this.removeNode(owner);
    const index = owner.values.indexOf(target);
    const next = owner.values[index + 1];
    if (next) return [{ offset: target.start, length: next.start - target.start, text: '' }];
    const previous = owner.values[index - 1];
    if (!previous) return [];
    return [{ offset: previous.end, length: target.end - previous.end, text: '' }];
  }

  private appendItem(
    node: MessageNode,
    field: ConfigField,
    written: readonly FieldNode[],
    item: PlainValue,
  ): TextEdit[] {
    const last = written.at(-1);
    const lastValue = last?.values.at(-1);
    if (!last?.list) return this.insertAfter(node, last, this.fieldLines(node, field, [item]));
    const body = bodyShapeOf(node.shape, field);
    if (!lastValue) {
      const text = body ? this.inlineMessage(body, item as PlainObject) : printPlain(field, item);
      return [{ offset: last.list.open + 1, length: 0, text: ` ${text} ` }];
    }
    if (!body) return [{ offset: lastValue.end, length: 0, text: `, ${printPlain(field, item)}` }];
    const lineStart = this.text.lastIndexOf('\n', lastValue.start - 1) + 1;
    const indent = this.text.slice(lineStart, lastValue.start);
    if (indent.trim() !== '') {
      const text = `, ${this.inlineMessage(body, item as PlainObject)}`;
      return [{ offset: lastValue.end, length: 0, text }];
    }
    const lines = ['{', ...printBody(body, item as PlainObject, `${indent}  `), `${indent}}`];
    return [
      { offset: lastValue.end, length: 0, text: `,${this.lineBreak}${indent}${lines.join(this.lineBreak)}` },
    ];
  }

  private inlineMessage(body: MessageShape, value: PlainObject): string {
    const fields = printBody(body, value, '').map((line) => line.trim());
    return fields.length === 0 ? '{}' : `{ ${fields.join(' ')} }`;
  }

  private insertField(node: MessageNode, field: ConfigField, value: PlainValue): TextEdit[] {
    return this.insertAfter(node, node.fields.at(-1), this.fieldLines(node, field, value));
  }

  private fieldLines(node: MessageNode, field: ConfigField, value: PlainValue): readonly string[] {
    return printField(node.shape, field, value, this.indentOf(node));
  }

  private indentOf(node: MessageNode): string {
    const last = node.fields.at(-1);
    const anchor = last?.start ?? node.start;
    const lineStart = this.text.lastIndexOf('\n', anchor - 1) + 1;
    const before = /^[ \t]*/.exec(this.text.slice(lineStart, anchor))?.[0] ?? '';
    if (last || node === this.document.root) return last && !this.isInline(node) ? before : '';
    return `${before}  `;
  }

  /** Whether the fields of a message stand on the line of its opening brace. */
  private isInline(node: MessageNode): boolean {
    if (node === this.document.root) return false;
    return !this.text.slice(node.start, node.bodyEnd).includes('\n') && node.fields.length > 0;
  }

  private insertAfter(node: MessageNode, last: FieldNode | undefined, lines: readonly string[]): TextEdit[] {
    if (this.isInline(node)) {
      const offset = node.fields.at(-1)?.separatorEnd ?? node.bodyStart;
      return [{ offset, length: 0, text: ` ${lines.map((line) => line.trim()).join(' ')}` }];
    }
    const text = lines.join(this.lineBreak);
    if (!last && node !== this.document.root) return [this.fillEmpty(node, text)];
    const from = last?.separatorEnd ?? this.text.length;
    const isRoot = node === this.document.root;
    const lineEnd = this.endOfLine(from, isRoot ? this.text.length : node.bodyEnd);
    const isOpenLine = lineEnd > 0 && this.text[lineEnd - 1] !== '\n';
    if (isOpenLine && lineEnd === node.bodyEnd && !isRoot) {
      return [{ offset: from, length: 0, text: this.lineBreak + text }];
    }
    return [{ offset: lineEnd, length: 0, text: (isOpenLine ? this.lineBreak : '') + text + this.lineBreak }];
  }

  /** After the rest of the line behind a field (a comment, its line break), or where something else follows on it. */
  private endOfLine(offset: number, limit: number): number {
    const rest = /^[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/.exec(this.text.slice(offset, limit));
    return offset + (rest?.[0].length ?? 0);
  }

  private fillEmpty(node: MessageNode, text: string): TextEdit {
    const lineStart = this.text.lastIndexOf('\n', node.start - 1) + 1;
    const indent = /^[ \t]*/.exec(this.text.slice(lineStart, node.start))?.[0] ?? '';
    const inside = this.text.slice(node.bodyStart, node.bodyEnd);
    if (inside.trim() === '') {
      return {
        offset: node.bodyStart,
        length: inside.length,
        text: `${this.lineBreak}${text}${this.lineBreak}${indent}`,
      };
    }
    const offset = node.bodyEnd - (/[ \t]*$/.exec(inside)?.[0].length ?? 0);
    const isAfterBreak = this.text[offset - 1] === '\n';
    return { offset, length: 0, text: `${isAfterBreak ? '' : this.lineBreak}${text}${this.lineBreak}` };
  }

  private get lineBreak(): string {
    return this.text.includes('\r\n') ? '\r\n' : '\n';
  }
}

function knownField(shape: MessageShape, name: string | number): ConfigField {
  const field = shape.field(String(name));
  if (!field) throw new RangeError(`${shape.fullName} has no field named ${String(name)}`);
  return field;
}

/** The value of a whole field in which `value` stands at the rest of the path. */
function wrap(owner: MessageShape, field: ConfigField, rest: ConfigPath, value: PlainValue): PlainValue {
  const [head, ...tail] = rest;
  if (head === undefined) return value;
  const body = bodyShapeOf(owner, field);
  if (field.mapKey !== undefined && body) {
    const entry = wrapInside(body, ['value', ...tail], value) as PlainObject;
    return { [String(head)]: entry['value'] };
  }
  if (field.repeated) {
    if (head !== 0) throw new RangeError(`${field.name} has 0 entries`);
    return [body && tail.length > 0 ? wrapInside(body, tail, value) : value];
  }
  if (!body) throw new RangeError(`${field.name} has no parts`);
  return wrapInside(body, rest, value);
}

function wrapInside(shape: MessageShape, path: ConfigPath, value: PlainValue): PlainValue {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  return { [String(name)]: wrap(shape, knownField(shape, name), rest, value) };
}
