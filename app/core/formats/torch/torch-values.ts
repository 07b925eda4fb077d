import type { SymbolicInt } from './symbolic-int.ts';
import { SymbolicInt as Int } from './symbolic-int.ts';
import { TorchTensor } from './torch-tensor.ts';

/** Complex numbers, which ONNX has not: two tensors of the same dtype and dims. */
export class TorchComplex {
  readonly real: TorchTensor;
  readonly imaginary: TorchTensor;
  constructor(real: TorchTensor, imaginary: TorchTensor) {
    this.real = real;
    this.imaginary = imaginary;
  }
}

/** A list of a TorchScript program: it can be changed, and everybody who has it sees that. */
export class TorchList {
  readonly items: TorchValue[];
  constructor(items: TorchValue[]) {
    this.items = items;
  }
}

/** A tuple; `names` where it is a named one. */
export class TorchTuple {
  readonly items: readonly TorchValue[];
  readonly names: readonly string[];
  constructor(items: readonly TorchValue[], names: readonly string[] = []) {
    this.items = items;
    this.names = names;
  }
}

/** A dictionary; keys are texts, or ints as texts behind `#`. */
export class TorchDict {
  readonly entries: Map<string, readonly [TorchValue, TorchValue]>;
  constructor(entries: Map<string, readonly [TorchValue, TorchValue]> = new Map()) {
    this.entries = entries;
  }
}

/** An instance of a class of the program: a module, or any other. */
export class TorchObject {
  readonly className: string;
  readonly attributes: Map<string, TorchValue>;
  constructor(className: string, attributes: Map<string, TorchValue> = new Map()) {
    this.className = className;
    this.attributes = attributes;
  }
}

/** A device; only its type matters, and everything runs on one. */
export class TorchDevice {
  readonly type: string;
  constructor(type: string) {
    this.type = type;
  }
}

/** A function of the program, by its qualified name. */
export class TorchFunction {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Stands for the result of something that is not translated. It only hurts where an output depends on it. */
export class TorchPoison {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

/** Everything that a program handles while it is translated. Ints are symbolic, floats are numbers. */
export type TorchValue =
  | TorchTensor
  | TorchComplex
  | SymbolicInt
  | number
  | boolean
  | string
  | null
  | TorchList
  | TorchTuple
  | TorchDict
  | TorchObject
  | TorchDevice
  | TorchFunction
  | TorchPoison;

/** What a value is called in messages. */
export function kindOfValue(value: TorchValue): string {
  if (value === null) return 'None';
  if (value instanceof TorchTensor) return 'Tensor';
  if (value instanceof TorchComplex) return 'a tensor of complex numbers';
  if (value instanceof Int) return 'int';
  if (typeof value === 'number') return 'float';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'str';
  if (value instanceof TorchList) return 'List';
  if (value instanceof TorchTuple) return 'Tuple';
  if (value instanceof TorchDict) return 'Dict';
  if (value instanceof TorchDevice) return 'Device';
  if (value instanceof TorchFunction) return 'a function';
  return value instanceof TorchObject ? value.className : 'a value of an operator that is not translated';
}

/** The first poison inside a value; null where it has none. */
export function poisonIn(value: TorchValue): TorchPoison | null {
  if (value instanceof TorchPoison) return value;
  const items =
    value instanceof TorchList || value instanceof TorchTuple
      ? value.items
      : value instanceof TorchDict
        ? [...value.entries.values()].map(([, each]) => each)
        : [];
  for (const item of items) {
    const found = poisonIn(item);
    if (found !== null) return found;
  }
  return null;
}
