import { SymbolicInt } from '../torch/symbolic-int.ts';
import type { GuardRelation, TensorGraph } from '../torch/tensor-graph.ts';
import { TORCH_DTYPES } from '../torch/torch-dtypes.ts';
import { TorchTensor } from '../torch/torch-tensor.ts';
import {
  kindOfValue,
  TorchComplex,
  TorchDevice,
  TorchDict,
  TorchList,
  TorchObject,
  TorchPoison,
  TorchTuple,
  type TorchValue,
} from '../torch/torch-values.ts';
import { TranslationFailure } from '../torch/translation-failure.ts';

/** Arguments that are no tensors are computed with at once; undefined where that is not what the name means. */
type Builtin = (graph: TensorGraph, values: readonly TorchValue[]) => TorchValue | undefined;

const MISSING: TorchValue = null;

/** What changes the list or dictionary that it is given first. */
export const WRITING_BUILTINS: ReadonlySet<string> = new Set([
  '_set_item',
  'append',
  'extend',
  'insert',
  'pop',
  'reverse',
  'clear',
  'update',
  'Delete',
  'remove',
  'setdefault',
  'sort',
]);

function isInt(value: TorchValue | undefined): value is SymbolicInt {
  return value instanceof SymbolicInt;
}

function toInt(value: TorchValue | undefined): SymbolicInt | null {
  if (isInt(value)) return value;
  if (typeof value === 'boolean') return SymbolicInt.of(Number(value));
  return value instanceof TorchTensor && value.rank === 0 && isInt(value.scalar ?? MISSING)
    ? (value.scalar as SymbolicInt)
    : null;
}

function toNumber(value: TorchValue | undefined): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  return isInt(value) ? value.constant : null;
}

function isTensor(value: TorchValue | undefined): boolean {
  return value instanceof TorchTensor;
}

function arithmetic(
  exact: (left: SymbolicInt, right: SymbolicInt) => SymbolicInt,
  floating: (left: number, right: number) => number,
): Builtin {
  return (_, [left, right]) => {
    if (isTensor(left) || isTensor(right)) return undefined;
    const [a, b] = [toInt(left), toInt(right)];
    if (a !== null && b !== null) return checked(exact(checked(a), checked(b)));
    const [x, y] = [toNumber(left), toNumber(right)];
    return x === null || y === null ? undefined : floating(x, y);
  };
}

/** An int that is exact here. @throws TranslationFailure for what is too large, or stands for "to the end". */
function checked(value: SymbolicInt): SymbolicInt {
  if (Math.abs(value.hint) >= Number.MAX_SAFE_INTEGER || !Number.isInteger(value.hint))
    throw new TranslationFailure(`the program computes with ${value.text}, which is not exact here`);
  return value;
}

/** A whole number as an int. @throws TranslationFailure for one that is not exact, infinite or NaN. */
function exactly(value: number): SymbolicInt {
  return checked(SymbolicInt.of(value));
}

/** How an int compares with a float: by the whole number next to it. */
function compareWithFloat(
  graph: TensorGraph,
  left: SymbolicInt,
  relation: GuardRelation,
  right: number,
): boolean {
  if (Number.isInteger(right)) return graph.holds(left, relation, exactly(right));
  if (relation === '==' || relation === '!=' || Number.isNaN(right)) return relation === '!=';
  if (!Number.isFinite(right)) return right > 0 === relation.startsWith('<');
  return relation.startsWith('<')
    ? graph.holds(left, '<=', exactly(Math.floor(right)))
    : graph.holds(left, '>=', exactly(Math.ceil(right)));
}

const MIRRORED: Readonly<Record<GuardRelation, GuardRelation>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

function compareFloats(left: number, relation: GuardRelation, right: number): boolean {
  switch (relation) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

function comparison(relation: GuardRelation, holds: (sign: number) => boolean): Builtin {
  return (graph, [left, right]) => {
    if (isTensor(left) || isTensor(right)) return undefined;
    const [a, b] = [toInt(left), toInt(right)];
    if (a !== null && b !== null) return graph.holds(a, relation, b);
    if (a !== null && typeof right === 'number') return compareWithFloat(graph, a, relation, right);
    if (b !== null && typeof left === 'number') return compareWithFloat(graph, b, MIRRORED[relation], left);
    if (typeof left === 'number' && typeof right === 'number') return compareFloats(left, relation, right);
    if (typeof left === 'string' && typeof right === 'string')
      return holds(left < right ? -1 : left > right ? 1 : 0);
    if (relation !== '==' && relation !== '!=') return undefined;
    const isEqual = isSame(graph, left ?? null, right ?? null);
    return isEqual === null ? undefined : isEqual === (relation === '==');
  };
}

/** Whether two values that are no numbers are equal; null where that is no question for us. */
function isSame(graph: TensorGraph, left: TorchValue, right: TorchValue): boolean | null {
  if (left instanceof TorchDevice && right instanceof TorchDevice) return left.type === right.type;
  if (left === null || right === null || typeof left !== typeof right) return left === right;
  const [items, others] = [itemsOf(left), itemsOf(right)];
  if (items === null || others === null) return left === right ? true : null;
  if (items.length !== others.length) return false;
  let isEqual: boolean | null = true;
  for (const [index, item] of items.entries()) {
    const [a, b] = [toInt(item), toInt(others[index])];
    const isSameItem: boolean | null =
      a !== null && b !== null ? graph.holds(a, '==', b) : isSame(graph, item, others[index] ?? null);
    if (isSameItem === false) return false;
    if (isSameItem === null) isEqual = null;
  }
  return isEqual;
}

function itemsOf(value: TorchValue | undefined): readonly TorchValue[] | null {
  return value instanceof TorchList || value instanceof TorchTuple ? value.items : null;
}

/** The key under which a dictionary keeps a value. @throws TranslationFailure for a tensor or anything else that is no key. */
export function dictKey(graph: TensorGraph, value: TorchValue | undefined): string {
  if (typeof value === 'string') return value;
  if (isInt(value)) return `#${graph.pinned(value)}`;
  if (typeof value === 'number' || typeof value === 'boolean') return `#${typeof value} ${String(value)}`;
  throw new TranslationFailure(`${kindOfValue(value ?? null)} is the key of a dictionary`);
}

/** A place in a list or text, counted from the front. @throws TranslationFailure where there is none. */
export function placeIn(graph: TensorGraph, length: number, value: TorchValue | undefined): number {
  const place = isInt(value) ? graph.pinned(value) : Number.NaN;
  const fromFront = place < 0 ? place + length : place;
  if (!(fromFront >= 0 && fromFront < length))
    throw new TranslationFailure(`place ${String(place)} of a list of ${length}`);
  return fromFront;
}

/** The places that `[start:end:step]` means in something of a length. @throws TranslationFailure for a step below 1. */
function places(
  graph: TensorGraph,
  length: number,
  [, start, end, step]: readonly TorchValue[],
): readonly number[] {
  const bound = (value: TorchValue | undefined, fallback: number): number => {
    const given = isInt(value) ? graph.pinned(value) : fallback;
    return Math.min(Math.max(given < 0 ? given + length : given, 0), length);
  };
  graph.spend(length);
  const every = isInt(step) ? graph.pinned(step) : 1;
  if (every < 1) throw new TranslationFailure(`a slice with the step ${every}`);
  const [from, to] = [bound(start, 0), bound(end, length)];
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / every)) }, (_, at) => from + at * every);
}

const slice: Builtin = (graph, values) => {
  const [target] = values;
  if (typeof target === 'string')
    return places(graph, target.length, values)
      .map((place) => target.charAt(place))
      .join('');
  const items = itemsOf(target);
  if (items === null) return undefined;
  const taken = places(graph, items.length, values).map((place) => items[place] ?? null);
  return target instanceof TorchTuple ? new TorchTuple(taken) : new TorchList(taken);
};

const getItem: Builtin = (graph, [target, key]) => {
  if (target instanceof TorchDict) {
    const found = target.entries.get(dictKey(graph, key));
    if (found === undefined) throw new TranslationFailure(`a dictionary has no ${dictKey(graph, key)}`);
    return found[1];
  }
  if (typeof target === 'string') return target[placeIn(graph, target.length, key)] ?? '';
  const items = itemsOf(target);
  return items === null ? undefined : (items[placeIn(graph, items.length, key)] ?? null);
};

const setItem: Builtin = (graph, [target, key = null, value = null]) => {
  if (target instanceof TorchDict) target.entries.set(dictKey(graph, key), [key, value]);
  else if (target instanceof TorchList) target.items[placeIn(graph, target.items.length, key)] = value;
  else return undefined;
  return null;
};

const add: Builtin = (graph, values) => {
  const [left, right] = values;
  if (typeof left === 'string' && typeof right === 'string') return written(graph, left + right);
  if (left instanceof TorchList && right instanceof TorchList) {
    graph.spend(left.items.length + right.items.length);
    return new TorchList([...left.items, ...right.items]);
  }
  return arithmetic(
    (a, b) => a.plus(b),
    (a, b) => a + b,
  )(graph, values);
};

/** A text that a program makes. @throws TranslationLimit where it makes too much. */
function written(graph: TensorGraph, text: string): string {
  graph.spend(text.length);
  return text;
}

/** A list that a program asks for by its length. @throws TranslationLimit where it is too long. */
function listed<Item>(
  graph: TensorGraph,
  count: number,
  itemLength: number,
  make: (index: number) => Item,
): Item[] {
  graph.spend(Math.max(0, count) * Math.max(1, itemLength));
  return Array.from({ length: Math.max(0, count) }, (_, index) => make(index));
}

const multiply: Builtin = (graph, values) => {
  const [left, right] = values;
  const [list, times] = left instanceof TorchList ? [left, right] : [right, left];
  if (list instanceof TorchList && isInt(times))
    return new TorchList(listed(graph, graph.pinned(times), list.items.length, () => list.items).flat());
  return arithmetic(
    (a, b) => a.times(b),
    (a, b) => a * b,
  )(graph, values);
};

/** A float as a Python function gives it. */
function floating(run: (value: number) => number): Builtin {
  return (graph, [value]) => {
    const given = isTensor(value) ? null : toFloat(graph, value);
    return given === null ? undefined : run(given);
  };
}

/** Floors to an int, like the functions of Python's `math`. */
function whole(run: (value: number) => number): Builtin {
  return (_, [value]) => {
    if (isInt(value)) return value;
    return typeof value === 'number' ? exactly(run(value)) : undefined;
  };
}

function extremeOf(
  pick: (left: SymbolicInt, right: SymbolicInt) => SymbolicInt,
  compare: (left: number, right: number) => number,
): Builtin {
  return (_, values) => {
    const items = values.length === 1 ? itemsOf(values[0]) : values;
    if (items === null || items.length === 0 || items.some(isTensor)) return undefined;
    const ints = items.map(toInt);
    if (ints.every((each) => each !== null)) return ints.reduce((one, other) => pick(one, other));
    const numbers = items.map(toNumber);
    return numbers.every((each) => each !== null)
      ? numbers.reduce((one, other) => compare(one, other))
      : undefined;
  };
}

const append: Builtin = (_, [list, value = null]) => {
  if (!(list instanceof TorchList)) return undefined;
  list.items.push(value);
  return list;
};

const extend: Builtin = (graph, [list, other]) => {
  const items = itemsOf(other);
  if (!(list instanceof TorchList) || items === null) return undefined;
  // The list may be extended by itself.
  const { length: count } = items;
  graph.spend(count);
  for (let index = 0; index < count; index += 1) list.items.push(items[index] ?? null);
  return null;
};

const insert: Builtin = (graph, [list, place, value = null]) => {
  if (!(list instanceof TorchList) || !isInt(place)) return undefined;
  list.items.splice(graph.pinned(place), 0, value);
  return null;
};

const pop: Builtin = (graph, [target, key, fallback]) => {
  if (target instanceof TorchDict) {
    const name = dictKey(graph, key);
    const found = target.entries.get(name)?.[1] ?? fallback;
    if (found === undefined) throw new TranslationFailure(`a dictionary has no ${name}`);
    target.entries.delete(name);
    return found;
  }
  if (!(target instanceof TorchList)) return undefined;
  const place = placeIn(graph, target.items.length, isInt(key) ? key : SymbolicInt.of(-1));
  return target.items.splice(place, 1)[0] ?? null;
};

const equals = comparison('==', (each) => each === 0);

/** `del target[key]`. */
const remove: Builtin = (graph, [target, key]) => {
  if (target instanceof TorchDict) {
    if (!target.entries.delete(dictKey(graph, key)))
      throw new TranslationFailure(`a dictionary has no ${dictKey(graph, key)}`);
  } else if (target instanceof TorchList) target.items.splice(placeIn(graph, target.items.length, key), 1);
  else return undefined;
  return null;
};

const removeValue: Builtin = (graph, [list, value = null]) => {
  if (!(list instanceof TorchList)) return undefined;
  for (const [place, item] of list.items.entries()) {
    const isIt = equals(graph, [item, value]);
    if (typeof isIt !== 'boolean') return undefined;
    if (!isIt) continue;
    list.items.splice(place, 1);
    return null;
  }
  throw new TranslationFailure('a list does not have what is removed from it');
};

const setDefault: Builtin = (graph, [target, key = null, value = null]) => {
  if (!(target instanceof TorchDict)) return undefined;
  const name = dictKey(graph, key);
  const known = target.entries.get(name);
  if (known === undefined) target.entries.set(name, [key, value]);
  return known?.[1] ?? value;
};

/** Numbers and texts in ascending order; the order of sizes has to be that of the example. */
const sort: Builtin = (graph, [list, descends]) => {
  if (!(list instanceof TorchList) || (descends !== undefined && typeof descends !== 'boolean'))
    return undefined;
  const isBelow = comparison('<', (each) => each < 0);
  const sorted: TorchValue[] = [];
  for (const item of list.items) {
    let place = sorted.length;
    while (place > 0) {
      const [one, other] = descends === true ? [sorted[place - 1], item] : [item, sorted[place - 1]];
      const moves = isBelow(graph, [one ?? null, other ?? null]);
      if (typeof moves !== 'boolean') return undefined;
      if (!moves) break;
      place -= 1;
    }
    sorted.splice(place, 0, item);
  }
  list.items.splice(0, list.items.length, ...sorted);
  return null;
};

const length: Builtin = (_, [value]) => {
  if (typeof value === 'string') return SymbolicInt.of(value.length);
  if (value instanceof TorchDict) return SymbolicInt.of(value.entries.size);
  if (value instanceof TorchTensor) return value.dims[0];
  const items = itemsOf(value);
  return items === null ? undefined : SymbolicInt.of(items.length);
};

const contains: Builtin = (graph, [container, value = null]) => {
  if (container instanceof TorchDict) return container.entries.has(dictKey(graph, value));
  if (typeof container === 'string') return typeof value === 'string' && container.includes(value);
  const items = itemsOf(container);
  if (items === null) return undefined;
  let isThere: boolean | undefined = false;
  for (const item of items) {
    const isIt = equals(graph, [item, value]);
    if (isIt === true) return true;
    if (isIt === undefined) isThere = undefined;
  }
  return isThere;
};

const is: Builtin = (_, [left, right]) => {
  if (left === null || right === null) return left === right;
  return left === right || (isInt(left) && isInt(right) && left.equals(right));
};

const toBool = (graph: TensorGraph, value: TorchValue | undefined): boolean | undefined => {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'string') return value !== '';
  if (isInt(value)) return graph.isTrue(value);
  if (value instanceof TorchDict) return value.entries.size > 0;
  const items = itemsOf(value);
  return items === null ? undefined : items.length > 0;
};

/** Whether each item of a list is true; undefined where one is no question for us. */
function truths(graph: TensorGraph, value: TorchValue | undefined): readonly boolean[] | undefined {
  const all = itemsOf(value)?.map((item) => toBool(graph, item));
  return all?.every((each) => each !== undefined) === true ? all : undefined;
}

/** A value as `str` and `format` print it; null where that is not known for every input, or not written alike. */
export function textOf(value: TorchValue | undefined): string | null {
  if (typeof value === 'string') return value;
  if (isInt(value)) return value.constant === null ? null : String(value.constant);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return value === null ? 'None' : null;
}

/** A text as values make it. One that is not known stands for what is not translated: nothing may depend on it. */
function textFrom(
  graph: TensorGraph,
  values: readonly TorchValue[],
  join: (texts: readonly string[]) => string,
): TorchValue {
  const texts = values.map(textOf);
  if (texts.every((text) => text !== null)) return written(graph, join(texts));
  const words = values.map((value) => (isInt(value) ? value.text : (textOf(value) ?? '…')));
  return new TorchPoison(`the text "${join(words)}" is made of what requests bring`);
}

const format: Builtin = (graph, [template, ...values]) => {
  if (typeof template !== 'string') return undefined;
  if (template.split('{}').length - 1 !== values.length || /\{[^}]+\}/.test(template)) return undefined;
  const pieces = template.split('{}');
  return textFrom(graph, values, (texts) => pieces.map((piece, at) => piece + (texts[at] ?? '')).join(''));
};

const dtypeCode: Builtin = (_, [value]) =>
  value instanceof TorchTensor ? SymbolicInt.of(TORCH_DTYPES[value.dtype].scriptCode) : undefined;

/** A number as a float; a size has to be that of the example from now on, since floats are known while translating. */
function toFloat(graph: TensorGraph, value: TorchValue | undefined): number | null {
  return isInt(value) ? graph.pinned(value) : toNumber(value);
}

const no: Builtin = () => false;
const passOn: Builtin = (_, [value]) => value;
const nothing: Builtin = () => null;

/** What `torch.…`, `ops.prim.…` and Python's own functions do with values that are no tensors. */
export const SCRIPT_BUILTINS: Readonly<Record<string, Builtin>> = {
  add,
  sub: arithmetic(
    (a, b) => a.minus(b),
    (a, b) => a - b,
  ),
  mul: multiply,
  floordiv: arithmetic(
    (a, b) => a.floorDividedBy(b),
    (a, b) => Math.floor(a / b),
  ),
  floor_divide: arithmetic(
    (a, b) => a.floorDividedBy(b),
    (a, b) => Math.floor(a / b),
  ),
  remainder: arithmetic(
    (a, b) => a.modulo(b),
    (a, b) => {
      const rest = a % b;
      return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
    },
  ),
  div: (graph, [left, right]) => {
    if (isTensor(left) || isTensor(right)) return undefined;
    const [x, y] = [toFloat(graph, left), toFloat(graph, right)];
    return x === null || y === null ? undefined : x / y;
  },
  pow: (graph, [left, right]) => {
    if (isTensor(left) || isTensor(right)) return undefined;
    const [x, y] = [toFloat(graph, left), toFloat(graph, right)];
    if (x === null || y === null) return undefined;
    return isInt(left) && isInt(right) && y >= 0 ? exactly(x ** y) : x ** y;
  },
  neg: (_, [value]) =>
    isInt(value) ? SymbolicInt.of(0).minus(value) : typeof value === 'number' ? -value : undefined,
  abs: (_, [value]) =>
    isInt(value) && value.constant !== null
      ? SymbolicInt.of(Math.abs(value.constant))
      : typeof value === 'number'
        ? Math.abs(value)
        : undefined,
  sqrt: floating(Math.sqrt),
  exp: floating(Math.exp),
  log: (graph, values) => {
    const [value, base] = values.map((each) => floating(Math.log)(graph, [each]));
    if (typeof value !== 'number' || values.length < 2) return value;
    return typeof base === 'number' ? value / base : undefined;
  },
  log2: floating(Math.log2),
  sin: floating(Math.sin),
  cos: floating(Math.cos),
  tanh: floating(Math.tanh),
  ceil: whole(Math.ceil),
  floor: whole(Math.floor),
  round: (_, [value]) => (isInt(value) ? value : undefined),
  eq: comparison('==', (each) => each === 0),
  ne: comparison('!=', (each) => each !== 0),
  lt: comparison('<', (each) => each < 0),
  le: comparison('<=', (each) => each <= 0),
  gt: comparison('>', (each) => each > 0),
  ge: comparison('>=', (each) => each >= 0),
  min: extremeOf((left, right) => left.minimum(right), Math.min),
  max: extremeOf((left, right) => left.maximum(right), Math.max),
  __and__: (_, [left, right]) =>
    typeof left === 'boolean' && typeof right === 'boolean' ? left && right : undefined,
  __or__: (_, [left, right]) =>
    typeof left === 'boolean' && typeof right === 'boolean' ? left || right : undefined,
  __not__: (graph, [value]) => {
    const given = toBool(graph, value);
    return given === undefined ? undefined : !given;
  },
  __is__: is,
  __isnot__: (graph, values) => is(graph, values) !== true,
  __contains__: contains,
  __getitem__: getItem,
  __range_length: (_, [start, end, step]) => {
    const [from, to, by] = [toNumber(start), toNumber(end), toNumber(step)];
    if (from === null || to === null || by === null) return undefined;
    return exactly(Math.max(0, Math.ceil((to - from) / by)));
  },
  __derive_index: (_, [index, start, step]) =>
    isInt(index) && isInt(start) && isInt(step) ? start.plus(index.times(step)) : undefined,
  _set_item: setItem,
  slice,
  append,
  extend,
  insert,
  pop,
  Delete: remove,
  remove: removeValue,
  setdefault: setDefault,
  sort,
  len: length,
  list: (graph, [value]) => {
    const items = typeof value === 'string' ? Array.from(value) : itemsOf(value);
    if (items === null) return undefined;
    graph.spend(items.length);
    return new TorchList([...items]);
  },
  copy: (graph, [value]) => {
    if (value instanceof TorchList) {
      graph.spend(value.items.length);
      return new TorchList([...value.items]);
    }
    if (!(value instanceof TorchDict)) return undefined;
    graph.spend(value.entries.size);
    return new TorchDict(new Map(value.entries));
  },
  reverse: (_, [value]) => {
    if (!(value instanceof TorchList)) return undefined;
    value.items.reverse();
    return null;
  },
  clear: (_, [value]) => {
    if (value instanceof TorchList) value.items.length = 0;
    else if (value instanceof TorchDict) value.entries.clear();
    else return undefined;
    return null;
  },
  dict: () => new TorchDict(),
  keys: (_, [value]) =>
    value instanceof TorchDict ? new TorchList([...value.entries.values()].map(([key]) => key)) : undefined,
  values: (_, [value]) =>
    value instanceof TorchDict
      ? new TorchList([...value.entries.values()].map(([, each]) => each))
      : undefined,
  items: (_, [value]) =>
    value instanceof TorchDict
      ? new TorchList([...value.entries.values()].map((entry) => new TorchTuple(entry)))
      : undefined,
  update: (_, [target, other]) => {
    if (!(target instanceof TorchDict) || !(other instanceof TorchDict)) return undefined;
    for (const [key, entry] of other.entries) target.entries.set(key, entry);
    return null;
  },
  sum: (graph, [value]) => {
    let total: TorchValue | undefined = itemsOf(value) === null ? undefined : SymbolicInt.of(0);
    for (const item of itemsOf(value) ?? []) {
      if (total !== undefined) total = add(graph, [total, item]);
    }
    return total;
  },
  all: (graph, [value]) => truths(graph, value)?.every(Boolean),
  any: (graph, [value]) => truths(graph, value)?.some(Boolean),
  format,
  str: (graph, [value = null]) => textFrom(graph, [value], ([text = '']) => text),
  join: (graph, [separator, list]) => {
    const items = itemsOf(list);
    if (typeof separator !== 'string' || items === null) return undefined;
    return textFrom(graph, items, (texts) => texts.join(separator));
  },
  startswith: (_, [value, start, ...others]) =>
    others.length === 0 && typeof value === 'string' && typeof start === 'string'
      ? value.startsWith(start)
      : undefined,
  endswith: (_, [value, end, ...others]) =>
    others.length === 0 && typeof value === 'string' && typeof end === 'string'
      ? value.endsWith(end)
      : undefined,
  lower: (_, [value]) => (typeof value === 'string' ? value.toLowerCase() : undefined),
  upper: (_, [value]) => (typeof value === 'string' ? value.toUpperCase() : undefined),
  Int: (_, [value]) => (typeof value === 'number' ? exactly(Math.trunc(value)) : (toInt(value) ?? undefined)),
  Float: (graph, [value]) => toFloat(graph, value) ?? undefined,
  Bool: (graph, [value]) => toBool(graph, value),
  is_grad_enabled: no,
  is_autocast_enabled: no,
  is_autocast_cpu_enabled: no,
  is_scripting: () => true,
  is_floating_point: (_, [value]) =>
    value instanceof TorchTensor ? TORCH_DTYPES[value.dtype].category === 'float' : undefined,
  is_complex: (_, [value]) => value instanceof TorchComplex,
  is_nested: no,
  is_inference: no,
  warn: nothing,
  manual_seed: nothing,
  _assert_async: nothing,
  _assert_tensor_metadata: nothing,
  device: (_, [value]) =>
    value instanceof TorchTensor
      ? new TorchDevice('cpu')
      : typeof value === 'string'
        ? new TorchDevice(value)
        : undefined,
  get_device: () => SymbolicInt.of(-1),
  wait: passOn,
};

/** What `ops.prim.…` does; tensors too. */
export const PRIM_BUILTINS: Readonly<Record<string, Builtin>> = {
  NumToTensor: (graph, [value]) => {
    if (value instanceof TorchTensor) return value;
    if (isInt(value)) return graph.number(value, 'int64');
    if (typeof value === 'boolean') return graph.number(value, 'bool');
    return typeof value === 'number' ? graph.number(value, 'float64') : undefined;
  },
  dtype: dtypeCode,
  device: () => new TorchDevice('cpu'),
  layout: () => SymbolicInt.of(0),
  type: () => 'cpu',
  is_cuda: no,
  is_cpu: () => true,
  is_nested: no,
  is_quantized: no,
  is_sparse: no,
  is_mkldnn: no,
  is_mps: no,
  is_meta: no,
  is_xla: no,
  is_vulkan: no,
  requires_grad: no,
  grad: nothing,
  data: passOn,
  unchecked_cast: (_, values) => values.at(-1),
  min: SCRIPT_BUILTINS['min'] ?? nothing,
  max: SCRIPT_BUILTINS['max'] ?? nothing,
  abs: SCRIPT_BUILTINS['abs'] ?? nothing,
  rangelist: (graph, [count]) =>
    isInt(count)
      ? new TorchList(listed(graph, graph.pinned(count), 1, (index) => SymbolicInt.of(index)))
      : undefined,
  Print: nothing,
  TimePoint: () => SymbolicInt.of(0),
};

/** Whether a value is one of a type, written as in the source. */
export function isInstance(value: TorchValue, type: string): boolean {
  const base = type.replace(/\[.*$/s, '');
  switch (base) {
    case 'Tensor':
      return value instanceof TorchTensor;
    case 'int':
      return isInt(value);
    case 'float':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    case 'str':
      return typeof value === 'string';
    case 'NoneType':
      return value === null;
    case 'List':
      return value instanceof TorchList && areInstances(value.items, innerTypes(type));
    case 'Tuple':
      return value instanceof TorchTuple && isTupleOf(value, innerTypes(type));
    case 'Dict': {
      const [key = '', each = ''] = innerTypes(type);
      if (!(value instanceof TorchDict)) return false;
      const entries = [...value.entries.values()];
      return (
        areInstances(
          entries.map(([name]) => name),
          [key],
        ) &&
        areInstances(
          entries.map(([, item]) => item),
          [each],
        )
      );
    }
    case 'Optional':
      return value === null || isInstance(value, innerTypes(type)[0] ?? '');
    default:
      return value instanceof TorchObject && value.className === type;
  }
}

/** The types between the brackets of `Dict[str, List[int]]`. */
function innerTypes(type: string): readonly string[] {
  const inside = type.slice(type.indexOf('[') + 1, -1);
  const types: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= inside.length; at += 1) {
    const character = inside[at] ?? ',';
    if (character === '[') depth += 1;
    if (character === ']') depth -= 1;
    if (character !== ',' || depth > 0) continue;
    types.push(inside.slice(from, at).trim());
    from = at + 1;
  }
  return types;
}

/** @throws TranslationFailure where there is nothing that could tell. */
function areInstances(items: readonly TorchValue[], [type = '']: readonly string[]): boolean {
  if (items.length === 0) throw new TranslationFailure('the program asks of what type an empty list is');
  return items.every((item) => isInstance(item, type));
}

function isTupleOf({ items }: TorchTuple, types: readonly string[]): boolean {
  return items.length === types.length && items.every((item, at) => isInstance(item, types[at] ?? ''));
}
