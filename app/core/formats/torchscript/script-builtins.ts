import { SymbolicInt } from '../torch/symbolic-int.ts';
import { TORCH_DTYPES } from '../torch/torch-dtypes.ts';
import { TorchTensor } from '../torch/torch-tensor.ts';
import {
  TorchComplex,
  TorchDevice,
  TorchDict,
  TorchList,
  TorchTuple,
  type TorchValue,
} from '../torch/torch-values.ts';
import {
  type Builtin,
  exactly,
  isInt,
  isTensor,
  itemsOf,
  toFloat,
  toInt,
  toNumber,
} from './builtins/builtin.ts';
import { comparison, is, toBool, truths } from './builtins/comparisons.ts';
import {
  append,
  contains,
  extend,
  getItem,
  insert,
  length,
  listed,
  pop,
  remove,
  removeValue,
  setDefault,
  setItem,
  slice,
  sort,
} from './builtins/containers.ts';
import { arithmetic, extremeOf, floating, whole } from './builtins/numbers.ts';
import { format, textFrom, written } from './builtins/texts.ts';

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

const dtypeCode: Builtin = (_, [value]) =>
  value instanceof TorchTensor ? SymbolicInt.of(TORCH_DTYPES[value.dtype].scriptCode) : undefined;

export const no: Builtin = () => false;

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
