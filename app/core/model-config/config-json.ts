import { StatusError } from '../status.ts';
import type { ConfigField, MessageName } from './config-fields.ts';
import { enumValues, fieldsOf, isEnumName, isMessageName } from './config-fields.ts';
import { defaultOf } from './config-values.ts';
import type { PlainObject, PlainValue } from './config-values.ts';
import { jsonSyntaxReason } from './json-syntax-reason.ts';
import type { ModelConfig } from './model-config.ts';

const UINT64_MAX = 2n ** 64n - 1n;
const INT64_MAX = 2n ** 63n - 1n;

/**
 * The body of `GET /v2/models/<model>/config`: protobuf's JSON with the proto's field names and order, plain fields
 * printed also where they hold their default, messages only where they are set, and 64-bit integers as numbers only
 * in the fields where Triton makes them so.
 */
export function printConfigJson(config: ModelConfig): string {
  return printMessage('ModelConfig', config);
}

function printMessage(message: MessageName, value: PlainObject): string {
  const members = fieldsOf(message).flatMap((field) => {
    const text = printField(field, value[field.name]);
    return text === null ? [] : [`${JSON.stringify(field.name)}:${text}`];
  });
  return `{${members.join(',')}}`;
}

function printField(field: ConfigField, value: PlainValue | undefined): string | null {
  if (field.mapKey !== undefined) {
    const entries = Object.entries((value ?? {}) as PlainObject);
    return `{${entries.map(([key, each]) => `${printString(key)}:${printValue(field, each)}`).join(',')}}`;
  }
  if (field.repeated) {
    const items = (value ?? []) as readonly PlainValue[];
    return `[${items.map((item) => printValue(field, item)).join(',')}]`;
  }
  if (value !== undefined) return printValue(field, value);
  return isMessageName(field.type) || field.oneof !== undefined ? null : printValue(field, defaultOf(field));
}

function printValue(field: ConfigField, value: PlainValue | undefined): string {
  if (isMessageName(field.type)) return printMessage(field.type, (value ?? {}) as PlainObject);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return printNumber(field, value);
  return printString(typeof value === 'string' ? value : '');
}

function printNumber(field: ConfigField, value: number): string {
  switch (field.type) {
    case 'int64':
    case 'uint64': {
      const digits = integerText(value, field.type === 'int64' ? INT64_MAX : UINT64_MAX);
      return field.isJsonNumber ? digits : `"${digits}"`;
    }
    case 'float':
      return floatText(value);
    default:
      return Number.isFinite(value) ? String(value) : `"${String(value)}"`;
  }
}

/** A number stands for the nearest 64-bit integer; the largest of them are kept inside their range. */
function integerText(value: number, max: bigint): string {
  const integer = BigInt(value);
  return String(integer > max ? max : integer);
}

/** The shortest decimal that is the same 32-bit float. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return `"${String(value)}"`;
  const float = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const text = String(Number(float.toPrecision(digits)));
    if (Math.fround(Number(text)) === float) return text;
  }
  return String(Number(float.toPrecision(9)));
}

/** RapidJSON writes the escapes of control characters with capital digits. */
function printString(text: string): string {
  return JSON.stringify(text).replace(/\\u00[0-9a-f]{2}/g, (escape) => `\\u${escape.slice(2).toUpperCase()}`);
}

/**
 * Reads a config override given as JSON (`POST …/load` with parameter `config`). Enums in any case, field names of the
 * proto or camelCase, 64-bit integers as numbers or strings; unknown fields are refused. Throws StatusError
 * `invalid-argument` with `Invalid config override: ` and protobuf's reason.
 */
export function parseConfigJson(text: string): ModelConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(jsonSyntaxReason(text));
  }
  return readMessage('ModelConfig', value, '');
}

function refuse(reason: string): never {
  throw new StatusError('invalid-argument', `Invalid config override: ${reason}`);
}

function readMessage(message: MessageName, value: unknown, path: string): PlainObject {
  if (!isRecord(value)) {
    const type = `type.googleapis.com/inference.${message}`;
    return refuse(`${placeText(path)}: invalid value ${JSON.stringify(value)} for type ${type}`);
  }
  const result: Record<string, PlainValue> = {};
  for (const [key, member] of Object.entries(value)) {
    const field = fieldsOf(message).find(({ name }) => name === key || camelCase(name) === key);
    if (!field) return refuse(`${path === '' ? '' : `(${path}) `}${key}: Cannot find field.`);
    if (member === null) continue;
    const isSet =
      field.oneof !== undefined &&
      fieldsOf(message).some(
        (other) => other !== field && other.oneof === field.oneof && Object.hasOwn(result, other.name),
      );
    if (isSet) {
      return refuse(
        `${placeText(path)}: invalid value oneof field '${field.oneof ?? ''}' is already set. Cannot set '${field.name}' for type oneof`,
      );
    }
    result[field.name] = readField(field, member, path === '' ? field.name : `${path}.${field.name}`);
  }
  return result;
}

function readField(field: ConfigField, value: unknown, path: string): PlainValue {
  if (field.mapKey !== undefined) {
    if (!isRecord(value))
      return refuse(`${placeText(path)}: invalid value ${JSON.stringify(value)} for type Map`);
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, readValue(field, member, `${path}["${key}"]`)]),
    );
  }
  if (!field.repeated) return readValue(field, value, path);
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.map((item, index) => readValue(field, item, `${path}[${String(index)}]`));
}

function readValue(field: ConfigField, value: unknown, path: string): PlainValue {
  if (isMessageName(field.type)) return readMessage(field.type, value, path);
  if (isEnumName(field.type)) {
    const names = enumValues(field.type);
    const word = typeof value === 'string' ? value.toUpperCase().replaceAll('-', '_') : value;
    const name = typeof word === 'number' ? names[word] : names.find((each) => each === word);
    return name ?? refuseValue(path, value, `type.googleapis.com/inference.${field.type}`);
  }
  const type = `TYPE_${field.type.toUpperCase()}`;
  switch (field.type) {
    case 'string':
      return typeof value === 'string' ? value : refuseValue(path, value, type);
    case 'bool':
      if (value === true || value === 'true') return true;
      return value === false || value === 'false' ? false : refuseValue(path, value, type);
    case 'float':
    case 'double': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      const isKnown = typeof number === 'number' && (!Number.isNaN(number) || value === 'NaN');
      return isKnown ? number : refuseValue(path, value, type);
    }
    default: {
      const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
      return isInteger(number, field.type) ? number : refuseValue(path, value, type);
    }
  }
}

const INTEGER_RANGES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
};

function isInteger(value: unknown, type: string): value is number {
  const [min, max] = INTEGER_RANGES[type] ?? [0, 0];
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

function refuseValue(path: string, value: unknown, type: string): never {
  return refuse(`${placeText(path)}: invalid value ${JSON.stringify(value)} for type ${type}`);
}

function placeText(path: string): string {
  return path === '' ? '' : `(${path})`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
