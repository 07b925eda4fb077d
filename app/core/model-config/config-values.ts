import type { ConfigField } from './config-fields.ts';
import { enumValues, isEnumName } from './config-fields.ts';
import type { MessageNode, ValueNode } from './config-document.ts';
import type { ModelConfig } from './model-config.ts';

/** A value as plain data: what {@link ModelConfig} and its parts are made of. */
export type PlainValue = string | number | boolean | readonly PlainValue[] | PlainObject;

/** A message or a map as plain data. */
export interface PlainObject {
  readonly [name: string]: PlainValue | undefined;
}

/** proto3's default of a field that is not a message. */
export function defaultOf(field: ConfigField): string | number | boolean {
  if (field.type === 'string') return '';
  if (field.type === 'bool') return false;
  return isEnumName(field.type) ? (enumValues(field.type)[0] ?? '') : 0;
}

/** The config that a document's tree says. */
export function configOf(root: MessageNode): ModelConfig {
  return plainMessage(root);
}

/** A message node as plain data. */
export function plainMessage(node: MessageNode): PlainObject {
  const result: Record<string, PlainValue> = {};
  for (const { field, values } of node.fields) {
    if (field.mapKey !== undefined) {
      const entries = Object.hasOwn(result, field.name) ? (result[field.name] as PlainObject) : {};
      result[field.name] = { ...entries, ...mapEntries(field, values) };
    } else if (field.repeated) {
      const before = Object.hasOwn(result, field.name) ? (result[field.name] as readonly PlainValue[]) : [];
      result[field.name] = [...before, ...values.map(plainValue)];
    } else {
      const last = values.at(-1);
      if (last) result[field.name] = plainValue(last);
    }
  }
  return result;
}

/** A value node as plain data. */
export function plainValue(node: ValueNode): PlainValue {
  return node.kind === 'scalar' ? node.value : plainMessage(node);
}

function mapEntries(field: ConfigField, values: readonly ValueNode[]): PlainObject {
  return Object.fromEntries(
    values.flatMap((node) => (node.kind === 'message' ? [mapEntry(field, node)] : [])),
  );
}

function mapEntry(field: ConfigField, node: MessageNode): [string, PlainValue] {
  const { key, value } = plainMessage(node);
  return [mapKeyText(field, key), value ?? mapValueDefault(node)];
}

/** The key under which a map entry is found in the plain config. */
export function mapKeyText(field: ConfigField, key: PlainValue | undefined): string {
  if (typeof key === 'string' || typeof key === 'number') return String(key);
  return field.mapKey === 'string' ? '' : '0';
}

function mapValueDefault(entry: MessageNode): PlainValue {
  const value = entry.shape.field('value');
  return value && value.type === 'string' ? '' : {};
}
