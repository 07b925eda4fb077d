import { SymbolicInt } from '../../torch/symbolic-int.ts';
import type { TensorGraph } from '../../torch/tensor-graph.ts';
import { TorchTensor } from '../../torch/torch-tensor.ts';
import { kindOfValue, TorchDict, TorchList, TorchTuple, type TorchValue } from '../../torch/torch-values.ts';
import { TranslationFailure } from '../../torch/translation-failure.ts';
import { type Builtin, isInt, itemsOf } from './builtin.ts';
import { comparison, equals } from './comparisons.ts';

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

/** `target[start:end:step]`. */
export const slice: Builtin = (graph, values) => {
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

/** `target[key]`. */
export const getItem: Builtin = (graph, [target, key]) => {
  if (target instanceof TorchDict) {
    const found = target.entries.get(dictKey(graph, key));
    if (found === undefined) throw new TranslationFailure(`a dictionary has no ${dictKey(graph, key)}`);
    return found[1];
  }
  if (typeof target === 'string') return target[placeIn(graph, target.length, key)] ?? '';
  const items = itemsOf(target);
  return items === null ? undefined : (items[placeIn(graph, items.length, key)] ?? null);
};

/** `target[key] = value`. */
export const setItem: Builtin = (graph, [target, key = null, value = null]) => {
  if (target instanceof TorchDict) target.entries.set(dictKey(graph, key), [key, value]);
  else if (target instanceof TorchList) target.items[placeIn(graph, target.items.length, key)] = value;
  else return undefined;
  return null;
};

/** A list that a program asks for by its length. @throws TranslationLimit where it is too long. */
export function listed<Item>(
  graph: TensorGraph,
  count: number,
  itemLength: number,
  make: (index: number) => Item,
): Item[] {
  graph.spend(Math.max(0, count) * Math.max(1, itemLength));
  return Array.from({ length: Math.max(0, count) }, (_, index) => make(index));
}

/** `list.append(value)`. */
export const append: Builtin = (_, [list, value = null]) => {
  if (!(list instanceof TorchList)) return undefined;
  list.items.push(value);
  return list;
};

/** `list.extend(other)`. */
export const extend: Builtin = (graph, [list, other]) => {
  const items = itemsOf(other);
  if (!(list instanceof TorchList) || items === null) return undefined;
  // The list may be extended by itself.
  const { length: count } = items;
  graph.spend(count);
  for (let index = 0; index < count; index += 1) list.items.push(items[index] ?? null);
  return null;
};

/** `list.insert(place, value)`. */
export const insert: Builtin = (graph, [list, place, value = null]) => {
  if (!(list instanceof TorchList) || !isInt(place)) return undefined;
  list.items.splice(graph.pinned(place), 0, value);
  return null;
};

/** `target.pop(key, fallback)`. */
export const pop: Builtin = (graph, [target, key, fallback]) => {
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

/** `del target[key]`. */
export const remove: Builtin = (graph, [target, key]) => {
  if (target instanceof TorchDict) {
    if (!target.entries.delete(dictKey(graph, key)))
      throw new TranslationFailure(`a dictionary has no ${dictKey(graph, key)}`);
  } else if (target instanceof TorchList) target.items.splice(placeIn(graph, target.items.length, key), 1);
  else return undefined;
  return null;
};

/** `list.remove(value)`. */
export const removeValue: Builtin = (graph, [list, value = null]) => {
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

/** `target.setdefault(key, value)`. */
export const setDefault: Builtin = (graph, [target, key = null, value = null]) => {
  if (!(target instanceof TorchDict)) return undefined;
  const name = dictKey(graph, key);
  const known = target.entries.get(name);
  if (known === undefined) target.entries.set(name, [key, value]);
  return known?.[1] ?? value;
};

/** Numbers and texts in ascending order; the order of sizes has to be that of the example. */
export const sort: Builtin = (graph, [list, descends]) => {
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

/** `len(value)`. */
export const length: Builtin = (_, [value]) => {
  if (typeof value === 'string') return SymbolicInt.of(value.length);
  if (value instanceof TorchDict) return SymbolicInt.of(value.entries.size);
  if (value instanceof TorchTensor) return value.dims[0];
  const items = itemsOf(value);
  return items === null ? undefined : SymbolicInt.of(items.length);
};

/** `value in container`. */
export const contains: Builtin = (graph, [container, value = null]) => {
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
