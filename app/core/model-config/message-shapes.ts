import type { ConfigField, MessageName } from './config-fields.ts';
import { fieldOf, fieldsOf, isMessageName } from './config-fields.ts';
import type { MessageShape } from './config-document.ts';

const SHAPES = new Map<string, MessageShape>();

/** The shape of a message of the proto. */
export function shapeOf(message: MessageName): MessageShape {
  const known = SHAPES.get(message);
  if (known) return known;
  const shape: MessageShape = {
    fullName: `inference.${message}`,
    fields: fieldsOf(message),
    field: (name) => fieldOf(message, name),
  };
  SHAPES.set(message, shape);
  return shape;
}

/** The shape of what stands between the braces of a field; null for a field of plain values. */
export function bodyShapeOf(owner: MessageShape, field: ConfigField): MessageShape | null {
  if (field.mapKey === undefined) return isMessageName(field.type) ? shapeOf(field.type) : null;
  const fullName = `${owner.fullName}.${pascalCase(field.name)}Entry`;
  const known = SHAPES.get(fullName);
  if (known) return known;
  const fields: readonly ConfigField[] = [
    { name: 'key', number: 1, type: field.mapKey, doc: 'The key of this entry.' },
    { name: 'value', number: 2, type: field.type, doc: 'The value of this entry.' },
  ];
  const shape: MessageShape = {
    fullName,
    fields,
    field: (name) => fields.find((entry) => entry.name === name),
  };
  SHAPES.set(fullName, shape);
  return shape;
}

/** Whether a field holds any number of values when it is written: a list or a map. */
export function isMany(field: ConfigField): boolean {
  return field.repeated === true || field.mapKey !== undefined;
}

function pascalCase(name: string): string {
  return name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
