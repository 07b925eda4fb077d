import type { ConfigField } from './config-fields.ts';
import { isEnumName, isMessageName } from './config-fields.ts';
import type { MessageShape } from './config-document.ts';
import type { PlainObject, PlainValue } from './config-values.ts';
import { bodyShapeOf, shapeOf } from './message-shapes.ts';
import type { ModelConfig } from './model-config.ts';

/** Comments to print, by the path of the field: `max_batch_size`, `input[0].dims`, `parameters`. */
export interface ConfigComments {
  readonly [path: string]: {
    /** Own lines above the field; `#` is added. */
    readonly above?: readonly string[];
    /** Behind the field on its line; `#` is added. */
    readonly behind?: string;
  };
}

const INDENT = '  ';

/** The config as `config.pbtxt`: one field a line in the proto's order, short lists on one line, with the comments. */
export function printModelConfig(config: ModelConfig, comments: ConfigComments = {}): string {
  return printBody(shapeOf('ModelConfig'), config as PlainObject, '', '', comments)
    .map((line) => `${line}\n`)
    .join('');
}

/** The fields of a message, one or more lines each, without its braces. */
export function printBody(
  shape: MessageShape,
  value: PlainObject,
  indent: string,
  path = '',
  comments: ConfigComments = {},
): string[] {
  return shape.fields.flatMap((field) => {
    const member = value[field.name];
    if (member === undefined) return [];
    const fieldPath = path === '' ? field.name : `${path}.${field.name}`;
    const lines = printField(shape, field, member, indent, fieldPath, comments);
    const comment = Object.hasOwn(comments, fieldPath) ? comments[fieldPath] : undefined;
    const above = (comment?.above ?? []).map((text) => `${indent}# ${text}`);
    const [first = '', ...rest] = lines;
    const behind = comment?.behind === undefined ? '' : ` # ${comment.behind}`;
    return lines.length === 0 ? [] : [...above, first + behind, ...rest];
  });
}

/** One field with all its values, as lines. */
export function printField(
  owner: MessageShape,
  field: ConfigField,
  value: PlainValue,
  indent: string,
  path = '',
  comments: ConfigComments = {},
): string[] {
  const body = bodyShapeOf(owner, field);
  if (field.mapKey !== undefined && body) {
    return Object.entries(value as PlainObject).flatMap(([key, member]) =>
      printMessageField(field.name, body, { key: mapKey(field, key), value: member }, indent, path, comments),
    );
  }
  if (!body) return [`${indent}${field.name}: ${printPlain(field, value)}`];
  if (!field.repeated) {
    return printMessageField(field.name, body, value as PlainObject, indent, path, comments);
  }
  return printMessageList(field, body, value as readonly PlainObject[], indent, path, comments);
}

function mapKey(field: ConfigField, key: string): string | number {
  return field.mapKey === 'string' ? key : Number(key);
}

function printMessageField(
  name: string,
  body: MessageShape,
  value: PlainObject,
  indent: string,
  path: string,
  comments: ConfigComments,
): string[] {
  const lines = printBody(body, value, indent + INDENT, path, comments);
  if (lines.length === 0) return [`${indent}${name} {}`];
  return [`${indent}${name} {`, ...lines, `${indent}}`];
}

function printMessageList(
  field: ConfigField,
  body: MessageShape,
  items: readonly PlainObject[],
  indent: string,
  path: string,
  comments: ConfigComments,
): string[] {
  if (items.length === 0) return [`${indent}${field.name} []`];
  const inner = indent + INDENT;
  const lines = items.flatMap((item, index) => {
    const comma = index < items.length - 1 ? ',' : '';
    const members = printBody(body, item, inner + INDENT, `${path}[${String(index)}]`, comments);
    return members.length === 0 ? [`${inner}{}${comma}`] : [`${inner}{`, ...members, `${inner}}${comma}`];
  });
  return [`${indent}${field.name} [`, ...lines, `${indent}]`];
}

/** A value without messages as text: `8`, `TYPE_FP32`, `"text"`, `[ 3, 224, 224 ]`. */
export function printPlain(field: ConfigField, value: PlainValue): string {
  if (Array.isArray(value)) {
    const items = (value as readonly PlainValue[]).map((item) => printPlain(field, item));
    return items.length === 0 ? '[]' : `[ ${items.join(', ')} ]`;
  }
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return printNumber(field, value);
  if (typeof value !== 'string') throw new RangeError(`${field.name} takes no message`);
  return isEnumName(field.type) ? value : quoteText(value);
}

function printNumber(field: ConfigField, value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (field.type === 'float' || field.type === 'double') return String(value);
  const max = field.type === 'uint64' ? 2n ** 64n - 1n : 2n ** 63n - 1n;
  const integer = BigInt(Math.trunc(value));
  return String(integer > max ? max : integer);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
};

/** A string as text format writes it, in double quotes. */
function quoteText(text: string): string {
  const escaped = Array.from(text).map((char) => {
    if (Object.hasOwn(ESCAPES, char)) return ESCAPES[char] ?? char;
    const code = char.charCodeAt(0);
    return code < 0x20 || code === 0x7f ? `\\${code.toString(8).padStart(3, '0')}` : char;
  });
  return `"${escaped.join('')}"`;
}

/** Whether a value of this field is printed between braces. */
export function isMessageField(field: ConfigField): boolean {
  return field.mapKey !== undefined || isMessageName(field.type);
}
