import type { ConfigField, MessageName } from './config-fields.ts';
import { enumValues, fieldOf, fieldsOf, isEnumName, isMessageName } from './config-fields.ts';
import type { ConfigPath } from './edit-config.ts';

/** What a hover or a form shows of a field. */
export interface FieldDescription {
  readonly name: string;
  /** Such as `int32`, `list of ModelInput`, `map from string to ModelParameter`. */
  readonly typeText: string;
  /** One sentence. */
  readonly doc: string;
  /** The names that an enum field takes, and `true`, `false` for a switch. */
  readonly values?: readonly string[];
  /** The fields inside, for a message. */
  readonly fields?: readonly string[];
}

/** Describes the field at a path; indexes and map keys in it are passed over. Null where there is no such field. */
export function describeField(path: ConfigPath): FieldDescription | null {
  let message: MessageName | null = 'ModelConfig';
  let field: ConfigField | undefined;
  let isKey = false;
  for (const part of path) {
    if (isKey || typeof part === 'number') {
      isKey = false;
      continue;
    }
    field = message === null ? undefined : fieldOf(message, part);
    if (!field) return null;
    isKey = field.mapKey !== undefined;
    message = isMessageName(field.type) ? field.type : null;
  }
  return field ? describe(field) : null;
}

function describe(field: ConfigField): FieldDescription {
  const values = isEnumName(field.type) ? enumValues(field.type) : undefined;
  const switchValues = field.type === 'bool' ? ['true', 'false'] : undefined;
  return {
    name: field.name,
    typeText: typeText(field),
    doc: field.doc,
    ...((values ?? switchValues) && { values: values ?? switchValues ?? [] }),
    ...(isMessageName(field.type) && { fields: fieldNames(field.type) }),
  };
}

function fieldNames(message: MessageName): readonly string[] {
  return fieldsOf(message).map(({ name }) => name);
}

function typeText({ type, repeated, mapKey }: ConfigField): string {
  if (mapKey !== undefined) return `map from ${mapKey} to ${type}`;
  return repeated ? `list of ${type}` : type;
}
