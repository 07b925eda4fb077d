import schemas from './aten-schemas.json' with { type: 'json' };

/** The type of an argument: what it is without `?` and `[]`. Symbolic ints are ints. */
export interface SchemaType {
  /** `Tensor`, `int`, `float`, `Scalar`, `bool`, `str`, `ScalarType`, `Device`, `t`, `Dict`, … */
  readonly base: string;
  readonly isList: boolean;
  /** `int[2]`: one int stands for a list of them. */
  readonly listLength: number | null;
  readonly isOptional: boolean;
  /** `Tensor?[]`: members may be None. */
  readonly hasOptionalItems: boolean;
}

/** One argument of an operator. */
export interface SchemaArgument {
  readonly name: string;
  readonly type: SchemaType;
  /** As written, null where it must be given. */
  readonly default: string | null;
  readonly isKeywordOnly: boolean;
  /** The operator changes what is given. */
  readonly isWritten: boolean;
}

/** One overload of an operator. */
export interface OperatorSchema {
  readonly overload: string;
  readonly arguments: readonly SchemaArgument[];
}

const TEXTS: Readonly<Partial<Record<string, readonly string[]>>> = schemas;
const parsed = new Map<string, readonly OperatorSchema[]>();

/**
 * The overloads of an ATen operator by its name without `aten::`, in PyTorch's order; empty where there is none of this
 * name. From `aten-schemas.json`, which `tests/fixtures/torch/make-schemas.py` writes from an installed PyTorch.
 */
export function schemasOf(name: string): readonly OperatorSchema[] {
  const known = parsed.get(name);
  if (known !== undefined) return known;
  const found = (Object.hasOwn(TEXTS, name) ? (TEXTS[name] ?? []) : []).map(parseSchema);
  parsed.set(name, found);
  return found;
}

function parseSchema(text: string): OperatorSchema {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(') -> ');
  const overload = text.slice(0, open).replace(/^\./, '');
  let isKeywordOnly = false;
  const all: SchemaArgument[] = [];
  for (const part of splitOutside(text.slice(open + 1, close))) {
    if (part === '*') isKeywordOnly = true;
    else all.push(parseArgument(part, isKeywordOnly));
  }
  return { overload, arguments: all };
}

/** Parts between commas that stand in no brackets and no text. */
function splitOutside(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  let isText = false;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (character === '"') isText = !isText;
    if (isText) continue;
    if (character === '(' || character === '[') depth += 1;
    if (character === ')' || character === ']') depth -= 1;
    if (at < text.length && !(character === ',' && depth === 0)) continue;
    const part = text.slice(start, at).trim();
    if (part !== '') parts.push(part);
    start = at + 1;
  }
  return parts;
}

function parseArgument(text: string, isKeywordOnly: boolean): SchemaArgument {
  const found = /^(.*?) (\w+)(?:=(.*))?$/s.exec(text);
  return {
    name: found?.[2] ?? text,
    type: parseType(found?.[1] ?? 'Any'),
    default: found?.[3] ?? null,
    isKeywordOnly,
    // `Tensor(a!)`
    isWritten: /\([^)]*!\)/.test(found?.[1] ?? ''),
  };
}

function parseType(text: string): SchemaType {
  if (/^(Dict|Future|\()/.test(text)) {
    return {
      base: text.startsWith('Dict') ? 'Dict' : 'Any',
      isList: false,
      listLength: null,
      isOptional: false,
      hasOptionalItems: false,
    };
  }
  // What stands in parentheses says which tensors share memory.
  const plain = text
    .replaceAll(/\([^)]*\)/g, '')
    .replaceAll('SymInt', 'int')
    .trim();
  const found = /^(\w+)(\?)?(?:\[(\d*)\])?(?:\[\])?(\?)?$/.exec(plain);
  const isList = plain.includes('[');
  return {
    base: found?.[1] ?? plain,
    isList,
    listLength: found?.[3] ? Number(found[3]) : null,
    isOptional: isList ? found?.[4] === '?' : found?.[2] === '?',
    hasOptionalItems: isList && found?.[2] === '?',
  };
}
