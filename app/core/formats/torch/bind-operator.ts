import { schemasOf, type OperatorSchema, type SchemaArgument, type SchemaType } from './operator-schemas.ts';
import { SymbolicInt } from './symbolic-int.ts';
import { TorchTensor } from './torch-tensor.ts';
import {
  kindOfValue,
  TorchDevice,
  TorchDict,
  TorchList,
  TorchTuple,
  type TorchValue,
} from './torch-values.ts';
import { TranslationFailure } from './translation-failure.ts';

/** A call with every argument under its name, defaults filled in. */
export interface BoundCall {
  readonly overload: string;
  readonly values: ReadonlyMap<string, TorchValue>;
}

function isNumberLike(value: TorchValue): boolean {
  return typeof value === 'number' || value instanceof SymbolicInt || typeof value === 'boolean';
}

/** A tensor without dims stands for a number where a trace carries one. */
function isNumberTensor(value: TorchValue): value is TorchTensor {
  return value instanceof TorchTensor && value.rank === 0 && value.scalar !== null;
}

function matchesOne(value: TorchValue, base: string, converts: boolean): boolean {
  switch (base) {
    case 'Tensor':
      return value instanceof TorchTensor;
    case 'int':
    case 'ScalarType':
    case 'Layout':
    case 'MemoryFormat':
      return (
        value instanceof SymbolicInt || (converts && (isNumberTensor(value) || typeof value === 'boolean'))
      );
    case 'float':
      return (
        typeof value === 'number' || (converts && (value instanceof SymbolicInt || isNumberTensor(value)))
      );
    case 'Scalar':
    case 'number':
      return (
        typeof value === 'number' ||
        value instanceof SymbolicInt ||
        (converts && (isNumberLike(value) || isNumberTensor(value)))
      );
    case 'bool':
      return typeof value === 'boolean' || (converts && isNumberTensor(value));
    case 'str':
      return typeof value === 'string';
    case 'Device':
      return value instanceof TorchDevice || (converts && typeof value === 'string');
    case 'Dict':
      return value instanceof TorchDict;
    case 'Generator':
    case 'complex':
    case 'Dimname':
    case 'Storage':
    case 'Stream':
      return false;
    default:
      return true;
  }
}

function matches(value: TorchValue, type: SchemaType, converts: boolean): boolean {
  if (value === null) return type.isOptional || type.base === 't' || type.base === 'Any';
  if (!type.isList) return matchesOne(value, type.base, converts);
  if (value instanceof TorchList || value instanceof TorchTuple) {
    return value.items.every(
      (item) => (item === null && type.hasOptionalItems) || matchesOne(item, type.base, converts),
    );
  }
  return type.listLength !== null && matchesOne(value, type.base, converts);
}

/** Brings a value into the form that its type promises. */
function convert(value: TorchValue, type: SchemaType): TorchValue {
  if (value === null) return null;
  if (type.isList) {
    if (value instanceof TorchList) return value;
    if (value instanceof TorchTuple) return new TorchList([...value.items]);
    return new TorchList(Array.from({ length: type.listLength ?? 1 }, () => value));
  }
  if (type.base !== 'Tensor' && type.base !== 'Any' && type.base !== 't' && isNumberTensor(value))
    return convert(value.scalar, type);
  if (type.base === 'float' && value instanceof SymbolicInt && value.constant !== null) return value.constant;
  if (type.base === 'int' && typeof value === 'boolean') return SymbolicInt.of(Number(value));
  if (type.base === 'Device' && typeof value === 'string') return new TorchDevice(value);
  return value;
}

/** A default of a schema as a value. */
function readDefault({ default: text, type }: SchemaArgument): TorchValue {
  if (text === null || text === 'None') return null;
  if (text === 'True' || text === 'False') return text === 'True';
  if (text.startsWith('"')) return text.slice(1, -1);
  if (text.startsWith('[')) {
    const items = text
      .slice(1, -1)
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean);
    return new TorchList(items.map((item) => readNumber(item, type.base)));
  }
  return convert(readNumber(text, type.base), type);
}

const NAMED_NUMBERS: Readonly<Record<string, number>> = {
  Mean: 1,
  long: 4,
  strided: 0,
  contiguous_format: 0,
  preserve_format: 1,
  inf: Number.POSITIVE_INFINITY,
};

function readNumber(text: string, base: string): TorchValue {
  if (text === 'True' || text === 'False') return text === 'True';
  const value = NAMED_NUMBERS[text] ?? Number(text);
  const isInt = /^-?\d+$/.test(text) || text in NAMED_NUMBERS;
  return base === 'float' || !isInt ? value : SymbolicInt.of(value);
}

function bindTo(
  schema: OperatorSchema,
  positional: readonly TorchValue[],
  keywords: ReadonlyMap<string, TorchValue>,
  converts: boolean,
): BoundCall | null {
  const values = new Map<string, TorchValue>();
  let used = 0;
  let next = 0;
  for (const argument of schema.arguments) {
    const { name, type } = argument;
    let value: TorchValue | undefined = keywords.get(name);
    if (value !== undefined) used += 1;
    else if (!argument.isKeywordOnly && next < positional.length) value = positional[next++];
    if (value === undefined) {
      if (argument.default === null) return null;
      values.set(name, readDefault(argument));
    } else if (!matches(value, type, converts)) return null;
    else values.set(name, convert(value, type));
  }
  return next === positional.length && used === keywords.size ? { overload: schema.overload, values } : null;
}

/**
 * Finds the overload that a call means and puts its arguments under their names (PyTorch's `matchSchemas`: first without
 * conversions, then with). Where the program names the `overload`, only that one is meant.
 * @throws TranslationFailure where no overload takes these arguments.
 */
export function bindOperator(
  name: string,
  positional: readonly TorchValue[],
  keywords: ReadonlyMap<string, TorchValue>,
  overload: string | null = null,
): BoundCall {
  const schemas = schemasOf(name).filter((schema) => overload === null || schema.overload === overload);
  for (const converts of [false, true]) {
    for (const schema of schemas) {
      const bound = bindTo(schema, positional, keywords, converts);
      if (bound !== null) return bound;
    }
  }
  const given = [
    ...positional.map(kindOfValue),
    ...[...keywords].map(([key, value]) => `${key}=${kindOfValue(value)}`),
  ];
  const called = overload ? `${name}.${overload}` : name;
  throw new TranslationFailure(`aten::${called} has no overload that takes (${given.join(', ')})`);
}
