import type { BoundCall } from './bind-operator.ts';
import { SymbolicInt } from './symbolic-int.ts';
import type { TensorGraph } from './tensor-graph.ts';
import { dtypeOfScriptCode, type TorchDtype } from './torch-dtypes.ts';
import { TorchTensor, type TorchScalar } from './torch-tensor.ts';
import { kindOfValue, TorchList, type TorchValue } from './torch-values.ts';
import { TranslationFailure } from './translation-failure.ts';

/** Numbers or nodes that one call may become. */
const MAX_WRITTEN_OUT = 4_000_000;

/** How one operator becomes nodes. */
export type OperatorBody = (call: OperatorCall) => TorchValue;

/** Operators by their names without `aten::`; those that end in `_` write in place and need no entry of their own. */
export type OperatorTable = Readonly<Record<string, OperatorBody>>;

/** The arguments of a call by name, each as the kind that the body needs. Asking for one that is not bound is an error. */
export class OperatorCall {
  readonly graph: TensorGraph;
  readonly name: string;
  readonly overload: string;
  readonly #values: ReadonlyMap<string, TorchValue>;

  constructor(graph: TensorGraph, name: string, { overload, values }: BoundCall) {
    this.graph = graph;
    this.name = name;
    this.overload = overload;
    this.#values = values;
  }

  /** Whether this overload has an argument of the name, and it is not None. */
  has(name: string): boolean {
    return (this.#values.get(name) ?? null) !== null;
  }

  /** Whether this overload has an argument of the name at all. */
  takes(name: string): boolean {
    return this.#values.has(name);
  }

  value(name: string): TorchValue {
    const value = this.#values.get(name);
    if (value === undefined) throw this.refuse(`it has no argument ${name}`);
    return value;
  }

  /** A refusal that names the operator. */
  refuse(why: string): TranslationFailure {
    return new TranslationFailure(
      `aten::${this.name}${this.overload === '' ? '' : `.${this.overload}`}: ${why}`,
    );
  }

  #wrong(name: string, wanted: string): TranslationFailure {
    return this.refuse(`${name} is ${kindOfValue(this.value(name))}, not ${wanted}`);
  }

  tensor(name: string): TorchTensor {
    const value = this.value(name);
    if (value instanceof TorchTensor) return value;
    throw this.#wrong(name, 'a tensor');
  }

  optionalTensor(name: string): TorchTensor | null {
    return this.value(name) === null ? null : this.tensor(name);
  }

  tensors(name: string): TorchTensor[] {
    const value = this.value(name);
    const items = value instanceof TorchList ? value.items : [];
    if (!(value instanceof TorchList) || !items.every((item) => item instanceof TorchTensor))
      throw this.#wrong(name, 'a list of tensors');
    return items;
  }

  int(name: string): SymbolicInt {
    const value = this.value(name);
    if (value instanceof SymbolicInt) return value;
    throw this.#wrong(name, 'an int');
  }

  ints(name: string): SymbolicInt[] {
    const value = this.value(name);
    const items = value instanceof TorchList ? value.items : [];
    return items.map((item) => {
      const number = item instanceof TorchTensor ? item.scalar : item;
      if (number instanceof SymbolicInt) return number;
      throw this.#wrong(name, 'a list of ints');
    });
  }

  /** An int that must not depend on the inputs' dims. */
  staticInt(name: string): number {
    return this.known(this.int(name), name);
  }

  staticInts(name: string): number[] {
    return this.ints(name).map((value) => this.known(value, name));
  }

  /** An int or a list of them, as `dim` may be given. */
  staticDims(name: string): number[] {
    return this.value(name) instanceof TorchList ? this.staticInts(name) : [this.staticInt(name)];
  }

  /** The number that an int is for all inputs. */
  known(value: SymbolicInt, what: string): number {
    if (value.constant !== null) return value.constant;
    throw this.refuse(`${what} depends on the shape of the inputs (${value.text})`);
  }

  /** A list that is written out while translating. @throws TranslationFailure where that would be too much. */
  many<Item>(count: number, make: (index: number) => Item): Item[] {
    if (!(count <= MAX_WRITTEN_OUT)) throw this.refuse(`it would be written out ${count} times`);
    this.graph.spend(Math.max(0, count));
    return Array.from({ length: Math.max(0, count) }, (_, index) => make(index));
  }

  bool(name: string): boolean {
    const value = this.value(name);
    if (typeof value === 'boolean') return value;
    throw this.#wrong(name, 'a bool');
  }

  text(name: string): string {
    const value = this.value(name);
    if (typeof value === 'string') return value;
    throw this.#wrong(name, 'a str');
  }

  scalar(name: string): TorchScalar {
    const value = this.value(name);
    if (value instanceof SymbolicInt || typeof value === 'number' || typeof value === 'boolean') return value;
    throw this.#wrong(name, 'a number');
  }

  float(name: string): number {
    const value = this.scalar(name);
    if (value instanceof SymbolicInt) return this.known(value, name);
    return Number(value);
  }

  optionalFloat(name: string): number | null {
    return this.value(name) === null ? null : this.float(name);
  }

  /** A tensor, or a number that stands where one may. */
  operand(name: string): TorchTensor | TorchScalar {
    const value = this.value(name);
    return value instanceof TorchTensor ? value : this.scalar(name);
  }

  /** The dtype argument; null where it is None. */
  dtype(name = 'dtype'): TorchDtype | null {
    if (!this.has(name)) return null;
    const code = this.staticInt(name);
    const dtype = dtypeOfScriptCode(code);
    if (dtype === undefined)
      throw this.refuse(`it makes tensors of dtype number ${code}, which ONNX here has not`);
    return dtype;
  }

  /** A dim counted from the front. @throws TranslationFailure where a tensor of this rank has none. */
  dim(value: number, rank: number): number {
    const limit = Math.max(rank, 1);
    if (value < -limit || value >= limit) throw this.refuse(`dim ${value} of a tensor with ${rank} dims`);
    return value < 0 ? value + limit : value;
  }

  axis(name: string, rank: number): number {
    return this.dim(this.staticInt(name), rank);
  }
}
