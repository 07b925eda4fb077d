import * as fc from 'fast-check';
import type { ConfigField, MessageName } from '../../../../app/core/model-config/config-fields.ts';
import {
  enumValues,
  fieldsOf,
  isEnumName,
  isMessageName,
} from '../../../../app/core/model-config/config-fields.ts';
import type { PlainObject, PlainValue } from '../../../../app/core/model-config/config-values.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });

function scalar(field: ConfigField): fc.Arbitrary<PlainValue> {
  if (isEnumName(field.type)) return fc.constantFrom(...enumValues(field.type));
  switch (field.type) {
    case 'string':
      return text;
    case 'bool':
      return fc.boolean();
    case 'int32':
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    case 'uint32':
      return fc.integer({ min: 0, max: 2 ** 32 - 1 });
    case 'uint64':
      return fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    case 'int64':
      return fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER });
    case 'float':
      return fc.float({ noNaN: true }).map((value) => value + 0);
    default:
      return fc.double({ noNaN: true }).map((value) => value + 0);
  }
}

/** Any value of a field, whole lists and maps included; never an empty list or map, which text cannot tell from none. */
export function fieldValue(field: ConfigField): fc.Arbitrary<PlainValue> {
  const single = isMessageName(field.type) ? message(field.type) : scalar(field);
  if (field.mapKey !== undefined) {
    const key =
      field.mapKey === 'string' ? text.filter((each) => each !== '__proto__') : fc.nat().map(String);
    return fc.dictionary(key, single, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
  }
  return field.repeated ? fc.array(single, { minLength: 1, maxLength: 3 }) : single;
}

/** Any message, at most one field of each oneof. */
export function message(name: MessageName): fc.Arbitrary<PlainObject> {
  const members = fieldsOf(name).map((field) =>
    fc.tuple(fc.constant(field), fc.option(fieldValue(field), { nil: undefined, freq: 2 })),
  );
  return fc.tuple(...members).map((entries) => {
    const taken = new Set<string>();
    const kept = entries.filter(([field, value]) => {
      if (value === undefined) return false;
      if (field.oneof === undefined) return true;
      if (taken.has(field.oneof)) return false;
      taken.add(field.oneof);
      return true;
    });
    return Object.fromEntries(kept.map(([field, value]) => [field.name, value]));
  });
}
