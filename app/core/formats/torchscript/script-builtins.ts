import { SymbolicInt } from '../torch/symbolic-int.ts';
import type { GuardRelation, TensorGraph } from '../torch/tensor-graph.ts';
import { TORCH_DTYPES } from '../torch/torch-dtypes.ts';
import { TorchTensor } from '../torch/torch-tensor.ts';
import {
  TorchDevice,
  TorchDict,
  TorchList,
  TorchObject,
  TorchTuple,
  type TorchValue,
} from '../torch/torch-values.ts';
import { TranslationFailure } from '../torch/translation-failure.ts';

/** Arguments that are no tensors are computed with at once; undefined where that is not what the name means. */
type Builtin = (graph: TensorGraph, values: readonly TorchValue[]) => TorchValue | undefined;

const MISSING: TorchValue = null;

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
    if (a !== null && b !== null) return exact(a, b);
    const [x, y] = [toNumber(left), toNumber(right)];
    return x === null || y === null ? undefined : floating(x, y);
  };
}

/** Whether `difference` is above, at or below 0. Where other shapes might differ, the example decides and a guard says so. */
function sign(
  graph: TensorGraph,
  left: SymbolicInt,
  right: SymbolicInt,
  relation: GuardRelation,
  holds: (sign: number) => boolean,
): boolean {
  const difference = left.minus(right);
  const answer = holds(Math.sign(difference.hint));
  if (difference.constant !== null) return answer;
  const isAbove = difference.lowest > 0;
  const isBelow = right.minus(left).lowest > 0;
  if (isAbove || isBelow) return holds(isAbove ? 1 : -1);
  if (difference.lowest === 0 && holds(0) === holds(1)) return holds(0);
  graph.assume(left, relation, right, answer);
  return answer;
}

function comparison(relation: GuardRelation, holds: (sign: number) => boolean): Builtin {
  return (graph, [left, right]) => {
    if (isTensor(left) || isTensor(right)) return undefined;
    const [a, b] = [toInt(left), toInt(right)];
    if (a !== null && b !== null) return sign(graph, a, b, relation, holds);
    const [x, y] = [toNumber(left), toNumber(right)];
    if (x !== null && y !== null) return holds(Math.sign(x - y));
    if (typeof left === 'string' && typeof right === 'string')
      return holds(left < right ? -1 : left > right ? 1 : 0);
    const isEqual = isSame(graph, left ?? null, right ?? null);
    return isEqual === null ? undefined : holds(isEqual ? 0 : 1);
  };
}

/** Whether two values that are no numbers are equal; null where that is no question for us. */
function isSame(graph: TensorGraph, left: TorchValue, right: TorchValue): boolean | null {
  if (left instanceof TorchDevice && right instanceof TorchDevice) return left.type === right.type;
  if (left === null || right === null || typeof left !== typeof right) return left === right;
  const [items, others] = [itemsOf(left), itemsOf(right)];
  if (items === null || others === null) return left === right ? true : null;
  return (
    items.length === others.length &&
    items.every((item, index) => {
      const [a, b] = [toInt(item), toInt(others[index])];
      if (a !== null && b !== null) return sign(graph, a, b, '==', (each) => each === 0);
      return isSame(graph, item, others[index] ?? null) === true;
    })
  );
}

function itemsOf(value: TorchValue | undefined): readonly TorchValue[] | null {
  return value instanceof TorchList || value instanceof TorchTuple ? value.items : null;
}

/** The key under which a dictionary keeps a value. */
export function dictKey(value: TorchValue | undefined): string {
  return typeof value === 'string' ? value : `#${textOf(value)}`;
}

/** A place in a list or text, counted from the front. @throws TranslationFailure where there is none. */
export function placeIn(length: number, value: TorchValue | undefined): number {
  const place = isInt(value) ? value.hint : Number.NaN;
  const fromFront = place < 0 ? place + length : place;
  if (!(fromFront >= 0 && fromFront < length))
    throw new TranslationFailure(`place ${String(place)} of a list of ${length}`);
  return fromFront;
}

function range(length: number, [, start, end, step]: readonly TorchValue[]): [number, number, number] {
  const bound = (value: TorchValue | undefined, fallback: number): number => {
    const given = isInt(value) ? value.hint : fallback;
    return Math.min(Math.max(given < 0 ? given + length : given, 0), length);
  };
  return [bound(start, 0), bound(end, length), isInt(step) ? step.hint : 1];
}

const slice: Builtin = (_, values) => {
  const [target] = values;
  if (typeof target === 'string') {
    const [start, end] = range(target.length, values);
    return target.slice(start, end);
  }
  const items = itemsOf(target);
  if (items === null) return undefined;
  const [start, end, step] = range(items.length, values);
  return new TorchList(items.slice(start, end).filter((_, index) => index % step === 0));
};

const getItem: Builtin = (_, [target, key]) => {
  if (target instanceof TorchDict) {
    const found = target.entries.get(dictKey(key));
    if (found === undefined) throw new TranslationFailure(`a dictionary has no ${dictKey(key)}`);
    return found[1];
  }
  if (typeof target === 'string') return target[placeIn(target.length, key)] ?? '';
  const items = itemsOf(target);
  return items === null ? undefined : (items[placeIn(items.length, key)] ?? null);
};

const setItem: Builtin = (_, [target, key = null, value = null]) => {
  if (target instanceof TorchDict) target.entries.set(dictKey(key), [key, value]);
  else if (target instanceof TorchList) target.items[placeIn(target.items.length, key)] = value;
  else return undefined;
  return null;
};

const add: Builtin = (graph, values) => {
  const [left, right] = values;
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  if (left instanceof TorchList && right instanceof TorchList)
    return new TorchList([...left.items, ...right.items]);
  return arithmetic(
    (a, b) => a.plus(b),
    (a, b) => a + b,
  )(graph, values);
};

const multiply: Builtin = (graph, values) => {
  const [left, right] = values;
  const [list, times] = left instanceof TorchList ? [left, right] : [right, left];
  if (list instanceof TorchList && isInt(times))
    return new TorchList(Array.from({ length: Math.max(0, times.hint) }, () => list.items).flat());
  return arithmetic(
    (a, b) => a.times(b),
    (a, b) => a * b,
  )(graph, values);
};

/** A float as a Python function gives it. */
function floating(run: (value: number) => number): Builtin {
  return (_, [value]) => {
    const given = toNumber(value);
    return given === null || isTensor(value) ? undefined : run(given);
  };
}

/** Floors to an int, like the functions of Python's `math`. */
function whole(run: (value: number) => number): Builtin {
  return (_, [value]) => {
    if (isInt(value)) return value;
    return typeof value === 'number' ? SymbolicInt.of(run(value)) : undefined;
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
    if (ints.every((each) => each !== null)) return ints.reduce(pick);
    const numbers = items.map(toNumber);
    return numbers.every((each) => each !== null) ? numbers.reduce(compare) : undefined;
  };
}

const append: Builtin = (_, [list, value = null]) => {
  if (!(list instanceof TorchList)) return undefined;
  list.items.push(value);
  return list;
};

const extend: Builtin = (_, [list, other]) => {
  const items = itemsOf(other);
  if (!(list instanceof TorchList) || items === null) return undefined;
  list.items.push(...items);
  return null;
};

const insert: Builtin = (_, [list, place, value = null]) => {
  if (!(list instanceof TorchList) || !isInt(place)) return undefined;
  list.items.splice(place.hint, 0, value);
  return null;
};

const pop: Builtin = (_, [target, key]) => {
  if (target instanceof TorchDict) {
    const found = target.entries.get(dictKey(key));
    target.entries.delete(dictKey(key));
    return found?.[1] ?? null;
  }
  if (!(target instanceof TorchList)) return undefined;
  return (
    target.items.splice(isInt(key) ? placeIn(target.items.length, key) : target.items.length - 1, 1)[0] ??
    null
  );
};

const length: Builtin = (_, [value]) => {
  if (typeof value === 'string') return SymbolicInt.of(value.length);
  if (value instanceof TorchDict) return SymbolicInt.of(value.entries.size);
  if (value instanceof TorchTensor) return value.dims[0];
  const items = itemsOf(value);
  return items === null ? undefined : SymbolicInt.of(items.length);
};

const contains: Builtin = (graph, [container, value = null]) => {
  if (container instanceof TorchDict) return container.entries.has(dictKey(value));
  if (typeof container === 'string') return typeof value === 'string' && container.includes(value);
  const items = itemsOf(container);
  if (items === null) return undefined;
  return items.some((item) => comparison('==', (each) => each === 0)(graph, [item, value]) === true);
};

const is: Builtin = (_, [left, right]) => {
  if (left === null || right === null) return left === right;
  return left === right || (isInt(left) && isInt(right) && left.equals(right));
};

const toBool = (value: TorchValue | undefined): boolean | undefined => {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'string') return value !== '';
  if (isInt(value)) return value.hint !== 0;
  const items = itemsOf(value);
  return items === null ? undefined : items.length > 0;
};

/** A value as `str` and `format` print it. */
export const textOf = (value: TorchValue | undefined): string => {
  if (typeof value === 'string') return value;
  if (isInt(value)) return value.text;
  const items = itemsOf(value);
  if (items !== null) return `[${items.map(textOf).join(', ')}]`;
  return value === null || value === undefined
    ? 'None'
    : typeof value === 'object'
      ? 'a value'
      : String(value);
};

const format: Builtin = (_, [template, ...values]) => {
  if (typeof template !== 'string') return undefined;
  let next = 0;
  return template.replaceAll('{}', () => textOf(values[next++]));
};

const dtypeCode: Builtin = (_, [value]) =>
  value instanceof TorchTensor ? SymbolicInt.of(TORCH_DTYPES[value.dtype].scriptCode) : undefined;

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
    (a, b) => a - Math.floor(a / b) * b,
  ),
  div: (_, [left, right]) => {
    const [x, y] = [toNumber(left), toNumber(right)];
    return x === null || y === null || isTensor(left) || isTensor(right) ? undefined : x / y;
  },
  pow: (_, [left, right]) => {
    const [x, y] = [toNumber(left), toNumber(right)];
    if (x === null || y === null || isTensor(left) || isTensor(right)) return undefined;
    return isInt(left) && isInt(right) && y >= 0 ? SymbolicInt.of(x ** y) : x ** y;
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
  log: floating(Math.log),
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
  __not__: (_, [value]) => {
    const given = toBool(value);
    return given === undefined ? undefined : !given;
  },
  __is__: is,
  __isnot__: (graph, values) => is(graph, values) !== true,
  __contains__: contains,
  __getitem__: getItem,
  __range_length: (_, [start, end, step]) => {
    const [from, to, by] = [toNumber(start), toNumber(end), toNumber(step)];
    if (from === null || to === null || by === null) return undefined;
    return SymbolicInt.of(Math.max(0, Math.ceil((to - from) / by)));
  },
  __derive_index: (_, [index, start, step]) =>
    isInt(index) && isInt(start) && isInt(step) ? start.plus(index.times(step)) : undefined,
  _set_item: setItem,
  slice,
  append,
  extend,
  insert,
  pop,
  len: length,
  list: (_, [value]) => {
    const items = typeof value === 'string' ? Array.from(value) : itemsOf(value);
    return items === null ? undefined : new TorchList([...items]);
  },
  copy: (_, [value]) =>
    value instanceof TorchList
      ? new TorchList([...value.items])
      : value instanceof TorchDict
        ? new TorchDict(new Map(value.entries))
        : undefined,
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
    const items = itemsOf(value);
    return items?.reduce<TorchValue | undefined>(
      (total, item) => add(graph, [total ?? null, item]),
      SymbolicInt.of(0),
    );
  },
  all: (_, [value]) => itemsOf(value)?.every((item) => toBool(item) === true),
  any: (_, [value]) => itemsOf(value)?.some((item) => toBool(item) === true),
  format,
  percentFormat: (_, [template]) => (typeof template === 'string' ? template : undefined),
  str: (_, [value]) => textOf(value),
  join: (_, [separator, list]) => {
    const items = itemsOf(list);
    return typeof separator === 'string' && items !== null ? items.map(textOf).join(separator) : undefined;
  },
  startswith: (_, [value, start]) =>
    typeof value === 'string' && typeof start === 'string' ? value.startsWith(start) : undefined,
  endswith: (_, [value, end]) =>
    typeof value === 'string' && typeof end === 'string' ? value.endsWith(end) : undefined,
  lower: (_, [value]) => (typeof value === 'string' ? value.toLowerCase() : undefined),
  upper: (_, [value]) => (typeof value === 'string' ? value.toUpperCase() : undefined),
  Int: (_, [value]) =>
    typeof value === 'number' ? SymbolicInt.of(Math.trunc(value)) : (toInt(value) ?? undefined),
  Float: (_, [value]) => toNumber(value) ?? undefined,
  Bool: (_, [value]) => toBool(value),
  is_grad_enabled: no,
  is_autocast_enabled: no,
  is_autocast_cpu_enabled: no,
  is_scripting: () => true,
  is_floating_point: (_, [value]) =>
    value instanceof TorchTensor ? TORCH_DTYPES[value.dtype].category === 'float' : undefined,
  is_complex: no,
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
  rangelist: (_, [count]) =>
    isInt(count)
      ? new TorchList(Array.from({ length: count.hint }, (_each, index) => SymbolicInt.of(index)))
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
      return value instanceof TorchList;
    case 'Tuple':
      return value instanceof TorchTuple;
    case 'Dict':
      return value instanceof TorchDict;
    case 'Optional':
      return value === null || isInstance(value, type.slice('Optional['.length, -1));
    default:
      return value instanceof TorchObject && value.className === type;
  }
}
