import { SymbolicInt } from '../../torch/symbolic-int.ts';
import type { GuardRelation, TensorGraph } from '../../torch/tensor-graph.ts';
import { TorchDevice, TorchDict, type TorchValue } from '../../torch/torch-values.ts';
import { type Builtin, exactly, isInt, isTensor, itemsOf, toInt } from './builtin.ts';

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

/** A comparison of numbers, texts and, for `==` and `!=`, of all that can be compared. */
export function comparison(relation: GuardRelation, holds: (sign: number) => boolean): Builtin {
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

/** `==`. */
export const equals = comparison('==', (each) => each === 0);

/** `is`. */
export const is: Builtin = (_, [left, right]) => {
  if (left === null || right === null) return left === right;
  return left === right || (isInt(left) && isInt(right) && left.equals(right));
};

/** What `bool(value)` is; undefined where that is no question for us. */
export const toBool = (graph: TensorGraph, value: TorchValue | undefined): boolean | undefined => {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'string') return value !== '';
  if (isInt(value)) return graph.isTrue(value);
  if (value instanceof TorchDict) return value.entries.size > 0;
  const items = itemsOf(value);
  return items === null ? undefined : items.length > 0;
};

/** Whether each item of a list is true; undefined where one is no question for us. */
export function truths(graph: TensorGraph, value: TorchValue | undefined): readonly boolean[] | undefined {
  const all = itemsOf(value)?.map((item) => toBool(graph, item));
  return all?.every((each) => each !== undefined) === true ? all : undefined;
}
