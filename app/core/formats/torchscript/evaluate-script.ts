import { schemasOf } from '../torch/operator-schemas.ts';
import { applyOperator } from '../torch/operator-table.ts';
import type { StoredValue } from '../torch/stored-objects.ts';
import { weightTensor } from '../torch/stored-tensor.ts';
import { SymbolicInt } from '../torch/symbolic-int.ts';
import type { TensorGraph } from '../torch/tensor-graph.ts';
import { TorchTensor } from '../torch/torch-tensor.ts';
import {
  kindOfValue,
  TorchDevice,
  TorchDict,
  TorchFunction,
  TorchList,
  TorchObject,
  TorchPoison,
  TorchTuple,
  type TorchValue,
} from '../torch/torch-values.ts';
import {
  TranslationFailure,
  TranslationLimit,
  type UnsupportedOperator,
} from '../torch/translation-failure.ts';
import { UnsupportedOperators } from '../torch/unsupported-operators.ts';
import { dictKey, placeIn, WRITING_BUILTINS } from './builtins/containers.ts';
import { textOf } from './builtins/texts.ts';
import { isInstance } from './builtins/types.ts';
import { PRIM_BUILTINS, SCRIPT_BUILTINS } from './script-builtins.ts';
import type { ScriptProgram } from './script-program.ts';
import {
  printExpression,
  type ScriptExpression,
  type ScriptFunction,
  type ScriptPlace,
  type ScriptStatement,
} from './script-syntax.ts';

/** More statements than this runs no forward that ends. */
const MAX_STEPS = 2_000_000;
const MAX_CALLS = 300;

type Frame = Map<string, TorchValue>;
/** What ends a block before its end. */
type Completion = { readonly value: TorchValue } | null;

const NUMBER_NAMES: Readonly<Record<string, number>> = { inf: Number.POSITIVE_INFINITY, nan: Number.NaN };

/**
 * Follows a TorchScript program with example shapes: everything that is no tensor is computed at once, every operator
 * on tensors becomes nodes of the graph (`torch-to-onnx`, concolic evaluation). Nothing outside the program is reached.
 */
export class ScriptEvaluator {
  readonly #program: ScriptProgram;
  readonly #graph: TensorGraph;
  readonly #objects = new Map<StoredValue, TorchValue>();
  /** What came with the model, with its path: what is written to it would be there in the next call. */
  readonly #ofModel = new Map<TorchValue, string>();
  readonly #unsupported = new UnsupportedOperators();
  #steps = 0;
  #calls = 0;
  #place: ScriptPlace = { file: '', line: 0 };

  constructor(program: ScriptProgram, graph: TensorGraph) {
    this.#program = program;
    this.#graph = graph;
  }

  /** Everything that was met and is not translated. */
  get unsupported(): readonly UnsupportedOperator[] {
    return this.#unsupported.list;
  }

  /** Runs a method of the root module. @throws TranslationFailure with the place where it cannot go on. */
  run(method: string, values: readonly TorchValue[]): TorchValue {
    const { root } = this.#program;
    try {
      const self = this.#load(root, 'self');
      return this.#callMethod(self, method, values, new Map());
    } catch (cause) {
      if (!(cause instanceof TranslationFailure)) throw cause;
      const { file, line } = this.#place;
      const Failure = cause instanceof TranslationLimit ? TranslationLimit : TranslationFailure;
      throw new Failure(`${cause.message} (${file}:${line})`, this.unsupported);
    }
  }

  /** A value of the archive; shared ones stay shared. `path` names it in messages. */
  #load(stored: StoredValue, path: string): TorchValue {
    const known = this.#objects.get(stored);
    if (known !== undefined) return known;
    const value = this.#make(stored, path);
    this.#objects.set(stored, value);
    this.#ofModel.set(value, path);
    return value;
  }

  #make(stored: StoredValue, path: string): TorchValue {
    switch (stored.kind) {
      case 'value':
        return typeof stored.value === 'bigint' ? SymbolicInt.of(Number(stored.value)) : stored.value;
      case 'tensor':
        return weightTensor(
          this.#graph,
          stored.tensor,
          path.startsWith('CONSTANTS.') ? { constant: path } : { attribute: path },
        );
      case 'list':
        return new TorchList(stored.items.map((item, index) => this.#load(item, `${path}[${index}]`)));
      case 'tuple':
        return new TorchTuple(stored.items.map((item, index) => this.#load(item, `${path}[${index}]`)));
      case 'dict':
        return new TorchDict(
          new Map(
            stored.entries.map(([key, value]) => {
              const name = this.#load(key, path);
              return [dictKey(this.#graph, name), [name, this.#load(value, `${path}[…]`)] as const];
            }),
          ),
        );
      case 'device':
        return new TorchDevice(stored.type);
      case 'unreadable':
        return new TorchPoison(stored.why);
      case 'object': {
        const object = new TorchObject(stored.className);
        this.#objects.set(stored, object);
        this.#ofModel.set(object, path);
        for (const [name, value] of stored.attributes)
          object.attributes.set(name, this.#load(value, `${path}.${name}`));
        return object;
      }
    }
  }

  #callMethod(object: TorchValue, name: string, values: readonly TorchValue[], keywords: Frame): TorchValue {
    if (!(object instanceof TorchObject))
      throw new TranslationFailure(`${kindOfValue(object)} has no method ${name}`);
    const method = this.#program.classes.get(object.className)?.methods.get(name);
    if (method === undefined) throw new TranslationFailure(`${object.className} has no method ${name}`);
    return this.#callFunction(method, [object, ...values], keywords);
  }

  #callFunction(definition: ScriptFunction, values: readonly TorchValue[], keywords: Frame): TorchValue {
    if (this.#calls >= MAX_CALLS) throw new TranslationFailure(`${definition.name} calls itself without end`);
    const frame: Frame = new Map();
    const rest = [...values];
    if (definition.self !== null) frame.set(definition.self, rest.shift() ?? null);
    for (const parameter of definition.parameters) {
      const given = keywords.has(parameter.name) ? keywords.get(parameter.name) : rest.shift();
      const value =
        given !== undefined
          ? given
          : parameter.default === null
            ? undefined
            : this.#evaluate(parameter.default, frame);
      if (value === undefined)
        throw new TranslationFailure(`${definition.name} misses its argument ${parameter.name}`);
      frame.set(parameter.name, value);
    }
    const isKnown = (name: string): boolean => definition.parameters.some((each) => each.name === name);
    if (rest.length > 0 || ![...keywords.keys()].every(isKnown))
      throw new TranslationFailure(`${definition.name} is called with arguments that it does not have`);
    const place = this.#place;
    this.#calls += 1;
    const completion = this.#execute(definition.body, frame);
    this.#calls -= 1;
    this.#place = place;
    return completion?.value ?? null;
  }

  #execute(statements: readonly ScriptStatement[], frame: Frame): Completion {
    for (const statement of statements) {
      this.#place = statement.place;
      this.#steps += 1;
      if (this.#steps > MAX_STEPS) throw new TranslationFailure('forward does not end');
      const completion = this.#step(statement, frame);
      if (completion !== null) return completion;
    }
    return null;
  }

  #step(statement: ScriptStatement, frame: Frame): Completion {
    switch (statement.kind) {
      case 'assign':
        this.#assign(statement, frame);
        return null;
      case 'if':
        return this.#execute(
          this.#decides(statement.condition, frame) ? statement.whenTrue : statement.whenFalse,
          frame,
        );
      case 'while': {
        while (this.#decides(statement.condition, frame)) {
          const completion = this.#execute(statement.body, frame);
          if (completion !== null) return completion;
        }
        return null;
      }
      case 'for':
        return this.#repeat(statement, frame);
      case 'with':
        this.#evaluate(statement.context, frame);
        return this.#execute(statement.body, frame);
      case 'return':
        return { value: statement.value === null ? null : this.#evaluate(statement.value, frame) };
      case 'define':
        frame.set(statement.definition.name, null);
        this.#forked.set(statement.definition.name, { definition: statement.definition, frame });
        return null;
      case 'pass':
        return null;
      case 'expression':
        this.#evaluate(statement.value, frame);
        return null;
    }
  }

  readonly #forked = new Map<string, { readonly definition: ScriptFunction; readonly frame: Frame }>();

  #repeat(statement: Extract<ScriptStatement, { kind: 'for' }>, frame: Frame): Completion {
    const iterable = this.#evaluate(statement.iterable, frame);
    if (!(iterable instanceof TorchList))
      throw new TranslationFailure(`a loop over ${kindOfValue(iterable)}`);
    for (const item of iterable.items) {
      frame.set(statement.target, item);
      const completion = this.#execute(statement.body, frame);
      if (completion !== null) return completion;
    }
    return null;
  }

  #assign(
    { targets, unpacks, value: expression }: Extract<ScriptStatement, { kind: 'assign' }>,
    frame: Frame,
  ): void {
    const value = this.#evaluate(expression, frame);
    const [target] = targets;
    if (!unpacks && target !== undefined) {
      this.#bind(target, value, frame);
      return;
    }
    const items =
      value instanceof TorchList || value instanceof TorchTuple
        ? value.items
        : value instanceof TorchPoison
          ? targets.map(() => value)
          : null;
    if (items === null || items.length !== targets.length)
      throw new TranslationFailure(`${kindOfValue(value)} does not come apart into ${targets.length} values`);
    for (const [index, each] of targets.entries()) this.#bind(each, items[index] ?? null, frame);
  }

  #bind(target: ScriptExpression, value: TorchValue, frame: Frame): void {
    if (target.kind === 'name') {
      frame.set(target.name, value);
      return;
    }
    if (target.kind !== 'attribute')
      throw new TranslationFailure(`${printExpression(target)} is assigned to`);
    const object = this.#evaluate(target.object, frame);
    if (!(object instanceof TorchObject))
      throw new TranslationFailure(`${kindOfValue(object)} gets an attribute`);
    const known = object.attributes.get(target.name);
    const isOwn = !this.#ofModel.has(object) || known === value || isSameNumber(known, value);
    if (!isOwn)
      throw new TranslationFailure(
        `forward keeps ${printExpression(target)} for its next call: a model with a memory of its own is not translated`,
      );
    object.attributes.set(target.name, value);
  }

  /** The condition of an `if` or a loop. */
  #decides(expression: ScriptExpression, frame: Frame): boolean {
    const value = this.#evaluate(expression, frame);
    if (typeof value === 'boolean') return value;
    if (value instanceof SymbolicInt) return this.#graph.isTrue(value);
    if (value instanceof TorchPoison)
      throw new TranslationFailure(`the program decides by something that is not translated: ${value.why}`);
    const scalar = value instanceof TorchTensor ? value.scalar : null;
    if (scalar instanceof SymbolicInt) return this.#graph.isTrue(scalar);
    if (scalar !== null) return Boolean(scalar);
    throw new TranslationFailure(
      `the program decides by the values of a tensor (${printExpression(expression)})`,
    );
  }

  #evaluate(expression: ScriptExpression, frame: Frame): TorchValue {
    switch (expression.kind) {
      case 'name':
        return this.#name(expression.name, frame);
      case 'number':
        return typeof expression.value === 'bigint' ? saturated(expression.value) : expression.value;
      case 'text':
      case 'literal':
        return expression.value;
      case 'list':
        return new TorchList(expression.items.map((item) => this.#evaluate(item, frame)));
      case 'tuple':
        return new TorchTuple(expression.items.map((item) => this.#evaluate(item, frame)));
      case 'dict':
        return new TorchDict(
          new Map(
            expression.entries.map(([key, value]) => {
              const name = this.#evaluate(key, frame);
              return [dictKey(this.#graph, name), [name, this.#evaluate(value, frame)] as const];
            }),
          ),
        );
      case 'attribute':
        return this.#attribute(expression, frame);
      case 'index':
        return this.#index(expression, frame);
      case 'slice': {
        const object = this.#evaluate(expression.object, frame);
        const bound = (end: ScriptExpression | null): TorchValue =>
          end === null ? null : this.#evaluate(end, frame);
        return this.#operator('slice', [object, bound(expression.start), bound(expression.end)], new Map());
      }
      case 'call':
        return this.#call(expression, frame);
      case 'minus': {
        const value = this.#evaluate(expression.operand, frame);
        if (value instanceof SymbolicInt) return SymbolicInt.of(0).minus(value);
        if (typeof value === 'number') return -value;
        throw new TranslationFailure(`minus ${kindOfValue(value)}`);
      }
    }
  }

  #name(name: string, frame: Frame): TorchValue {
    const value = frame.get(name);
    if (value !== undefined) return value;
    const number = NUMBER_NAMES[name];
    if (number !== undefined) return number;
    throw new TranslationFailure(`${name} has no value`);
  }

  #attribute(expression: Extract<ScriptExpression, { kind: 'attribute' }>, frame: Frame): TorchValue {
    const path = this.#path(expression, frame);
    if (path !== null) return this.#qualified(path);
    return this.#member(this.#evaluate(expression.object, frame), expression.name);
  }

  #member(object: TorchValue, name: string): TorchValue {
    if (object instanceof TorchPoison) return object;
    if (object instanceof TorchTuple) {
      const place = object.names.indexOf(name);
      if (place >= 0) return object.items[place] ?? null;
    }
    if (object instanceof TorchObject) {
      const value = object.attributes.get(name);
      if (value !== undefined) return value;
      const constant = this.#program.classes.get(object.className)?.constants.get(name);
      if (constant !== undefined) return this.#evaluate(constant, new Map());
    }
    if (object instanceof TorchDevice && name === 'type') return object.type;
    throw new TranslationFailure(`${kindOfValue(object)} has no attribute ${name}`);
  }

  /** `CONSTANTS.c3`, or a member of an enum. */
  #qualified(path: readonly string[]): TorchValue {
    const [root, key = ''] = path;
    if (root === 'CONSTANTS') {
      const stored = this.#program.constants[Number(key.slice(1))];
      if (stored === undefined) throw new TranslationFailure(`the archive has no constant ${key}`);
      return this.#load(stored, path.join('.'));
    }
    const constant = this.#program.classes.get(path.slice(0, -1).join('.'))?.constants.get(path.at(-1) ?? '');
    if (constant !== undefined) return this.#evaluate(constant, new Map());
    const name = path.join('.');
    if (this.#program.functions.has(name)) return new TorchFunction(name);
    throw new TranslationFailure(`${name} is no value`);
  }

  /** A dotted name that begins with no variable: `torch.conv2d`. Null for anything else. */
  #path(expression: ScriptExpression, frame: Frame): string[] | null {
    if (expression.kind === 'name') return frame.has(expression.name) ? null : [expression.name];
    if (expression.kind !== 'attribute') return null;
    const path = this.#path(expression.object, frame);
    return path === null ? null : [...path, expression.name];
  }

  #index(
    { object: objectOf, items }: Extract<ScriptExpression, { kind: 'index' }>,
    frame: Frame,
  ): TorchValue {
    const object = this.#evaluate(objectOf, frame);
    const [first] = items;
    const key = first === undefined ? null : this.#evaluate(first, frame);
    if (object instanceof TorchPoison) return object;
    if (object instanceof TorchTensor)
      return this.#operator('select', [object, SymbolicInt.of(0), key], new Map());
    if (object instanceof TorchObject) {
      // A container of modules: its members are attributes named by their places.
      const names = [...object.attributes.keys()].filter((name) => /^\d+$/.test(name));
      if (key instanceof SymbolicInt)
        return this.#member(object, names[placeIn(this.#graph, names.length, key)] ?? '');
      return this.#member(object, this.#nameIn(key));
    }
    return this.#operator('__getitem__', [object, key], new Map());
  }

  #nameIn(value: TorchValue): string {
    if (typeof value === 'string') return value;
    throw new TranslationFailure(`${kindOfValue(value)} is the name of an attribute`);
  }

  #call(expression: Extract<ScriptExpression, { kind: 'call' }>, frame: Frame): TorchValue {
    const { callee } = expression;
    const path = this.#path(callee, frame);
    if (path?.length === 1 && path[0] !== undefined) return this.#callNamed(path[0], expression, frame);
    const values = expression.arguments.map((each) => this.#evaluate(each, frame));
    const keywords: Frame = new Map(
      expression.keywords.map(([name, value]) => [name, this.#evaluate(value, frame)]),
    );
    this.#place = expression.place;
    if (path !== null) return this.#callPath(path, values, keywords);
    if (callee.kind === 'name') {
      const called = this.#name(callee.name, frame);
      if (called instanceof TorchFunction) return this.#callPath(called.name.split('.'), values, keywords);
    }
    if (callee.kind !== 'attribute') throw new TranslationFailure(`${printExpression(callee)} is called`);
    const object = this.#evaluate(callee.object, frame);
    if (object instanceof TorchPoison) return object;
    if (
      object instanceof TorchObject &&
      this.#program.classes.get(object.className)?.methods.has(callee.name) === true
    )
      return this.#callMethod(object, callee.name, values, keywords);
    return this.#operator(callee.name, [object, ...values], keywords);
  }

  #callPath(path: readonly string[], values: readonly TorchValue[], keywords: Frame): TorchValue {
    const [root, ...rest] = path;
    const name = path.at(-1) ?? '';
    if (root === 'torch') return this.#operator(rest.join('.'), values, keywords);
    if (root === 'ops') {
      if (rest[0] === 'prim') return this.#prim(name, values);
      if (rest[0] === 'aten') return this.#operator(name, values, keywords);
      return this.#refuse(`${rest[0] ?? ''}::${name}`, 'operators of this library are not translated');
    }
    const qualified = path.join('.');
    const definition = this.#program.functions.get(qualified);
    if (definition !== undefined) return this.#callFunction(definition, values, keywords);
    if (name === '__new__') return new TorchObject(path.slice(0, -1).join('.'));
    const found = this.#program.classes.get(qualified);
    if (found?.base === 'NamedTuple')
      return namedTuple(qualified, [...found.attributes.keys()], values, keywords);
    throw new TranslationFailure(`${qualified} is called, which the archive does not have`);
  }

  #prim(name: string, values: readonly TorchValue[]): TorchValue {
    if (name === 'RaiseException')
      throw new TranslationFailure(`the model refuses such inputs: ${wordsOf(values[0])}`);
    const poison = values.find((value) => value instanceof TorchPoison);
    if (poison !== undefined) return poison;
    const builtin = Object.hasOwn(PRIM_BUILTINS, name) ? PRIM_BUILTINS[name] : undefined;
    const result = builtin?.(this.#graph, values);
    return result === undefined ? this.#operator(name, values, new Map()) : result;
  }

  /** Python's own functions and what the printer writes like one. */
  #callNamed(
    name: string,
    expression: Extract<ScriptExpression, { kind: 'call' }>,
    frame: Frame,
  ): TorchValue {
    const { arguments: given } = expression;
    const last = given.at(-1);
    const value = (): TorchValue => (last === undefined ? null : this.#evaluate(last, frame));
    switch (name) {
      case 'annotate':
      case 'unchecked_cast':
        return value();
      case 'uninitialized':
        return null;
      case 'isinstance': {
        const [target, types] = given;
        const object = target === undefined ? null : this.#evaluate(target, frame);
        const all = types?.kind === 'tuple' ? types.items : types === undefined ? [] : [types];
        return all.some((type) => isInstance(object, printExpression(type)));
      }
      case 'getattr': {
        const object = given[0] === undefined ? null : this.#evaluate(given[0], frame);
        return this.#member(object, this.#nameIn(value()));
      }
      case 'fork': {
        const forked = given[0]?.kind === 'name' ? this.#forked.get(given[0].name) : undefined;
        if (forked === undefined) throw new TranslationFailure('a fork of something that is no function');
        return this.#execute(forked.definition.body, new Map(forked.frame))?.value ?? null;
      }
      case 'range':
        return this.#range(given.map((each) => this.#evaluate(each, frame)));
      case 'print':
        return null;
      case 'int':
        return this.#operator('Int', [value()], new Map());
      case 'float':
        return this.#operator('Float', [value()], new Map());
      case 'bool':
        return this.#operator('Bool', [value()], new Map());
      default:
        return this.#operator(
          name,
          given.map((each) => this.#evaluate(each, frame)),
          new Map(),
        );
    }
  }

  /** `range(n)`: how often a loop runs must be the same for all inputs. */
  #range(values: readonly TorchValue[]): TorchList {
    const numbers = values.map((value) => {
      if (!(value instanceof SymbolicInt)) throw new TranslationFailure(`a range of ${kindOfValue(value)}`);
      return this.#graph.pinned(value);
    });
    const [first = 0, second, step = 1] = numbers;
    const [start, end] = second === undefined ? [0, first] : [first, second];
    const count = Math.max(0, Math.ceil((end - start) / step));
    this.#graph.spend(count);
    return new TorchList(Array.from({ length: count }, (_, index) => SymbolicInt.of(start + index * step)));
  }

  #operator(name: string, values: readonly TorchValue[], keywords: Frame): TorchValue {
    const given = [...values, ...keywords.values()];
    const poison = given.find((value) => value instanceof TorchPoison);
    const builtin = Object.hasOwn(SCRIPT_BUILTINS, name) ? SCRIPT_BUILTINS[name] : undefined;
    const [target] = values;
    if (WRITING_BUILTINS.has(name) && (target instanceof TorchList || target instanceof TorchDict)) {
      this.#refuseWriting(target);
      const result = builtin?.(this.#graph, values);
      if (result !== undefined) return result;
    }
    if (poison !== undefined) {
      // What is not known is not written either: whoever reads it later would read something else.
      if (isWritten(name, values, keywords)) throw new TranslationFailure(poison.why);
      return poison;
    }
    const result = builtin?.(this.#graph, values);
    if (result !== undefined) return result;
    try {
      return applyOperator(this.#graph, name, values, keywords);
    } catch (cause) {
      if (!(cause instanceof TranslationFailure) || cause instanceof TranslationLimit) throw cause;
      const refusal = this.#refuse(`aten::${name}`, cause.message);
      if (isWritten(name, values, keywords)) throw cause;
      return refusal;
    }
  }

  #refuseWriting(target: TorchValue): void {
    const path = this.#ofModel.get(target);
    if (path !== undefined)
      throw new TranslationFailure(
        `forward changes ${path}, which its next call would see: a model with a memory of its own is not translated`,
      );
  }

  #refuse(name: string, reason: string): TorchPoison {
    return this.#unsupported.add(name, `${this.#place.file}:${this.#place.line}`, reason);
  }
}

/** The largest int64, which stands for "to the end". @throws TranslationFailure for ints that are not exact here. */
function saturated(value: bigint): SymbolicInt {
  const isEnd = value === 2n ** 63n - 1n;
  const number = isEnd ? Number.MAX_SAFE_INTEGER : Number(value);
  if (!Number.isSafeInteger(number))
    throw new TranslationFailure(`the program has the number ${value}, which is not exact here`);
  return SymbolicInt.of(number);
}

/** Whether an operator changes one of what it is given: where it is not translated, nothing after it would be right. */
function isWritten(name: string, values: readonly TorchValue[], keywords: Frame): boolean {
  if (keywords.has('out') || (name.endsWith('_') && !name.endsWith('__'))) return true;
  return schemasOf(name).some((schema) =>
    schema.arguments.some(({ isWritten: isChanged, type }, index) => {
      if (!isChanged) return false;
      const value = values[index];
      if (value instanceof TorchTensor) return type.base === 'Tensor' && !type.isList;
      return value instanceof TorchList ? type.isList : value instanceof TorchDict && type.base === 'Dict';
    }),
  );
}

function namedTuple(
  name: string,
  members: readonly string[],
  values: readonly TorchValue[],
  keywords: Frame,
): TorchTuple {
  const items = members.map((member, index) => values[index] ?? keywords.get(member) ?? null);
  if (
    values.length + keywords.size !== members.length ||
    ![...keywords.keys()].every((key) => members.includes(key))
  )
    throw new TranslationFailure(`${name} is made of other members than it has`);
  return new TorchTuple(items, members);
}

/** What a text says to a person, also where sizes are in it. */
function wordsOf(value: TorchValue | undefined): string {
  return value instanceof TorchPoison ? value.why : (textOf(value) ?? 'in words of its own');
}

function isSameNumber(left: TorchValue | undefined, right: TorchValue): boolean {
  return left instanceof SymbolicInt && right instanceof SymbolicInt && left.equals(right);
}
