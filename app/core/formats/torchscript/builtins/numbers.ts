import { SymbolicInt } from '../../torch/symbolic-int.ts';
import {
  type Builtin,
  checked,
  exactly,
  isInt,
  isTensor,
  itemsOf,
  toFloat,
  toInt,
  toNumber,
} from './builtin.ts';

/** A binary operation on ints, which may depend on sizes, or on floats, which may not. */
export function arithmetic(
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

/** A float as a Python function gives it. */
export function floating(run: (value: number) => number): Builtin {
  return (graph, [value]) => {
    const given = isTensor(value) ? null : toFloat(graph, value);
    return given === null ? undefined : run(given);
  };
}

/** Floors to an int, like the functions of Python's `math`. */
export function whole(run: (value: number) => number): Builtin {
  return (_, [value]) => {
    if (isInt(value)) return value;
    return typeof value === 'number' ? exactly(run(value)) : undefined;
  };
}

export function extremeOf(
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
