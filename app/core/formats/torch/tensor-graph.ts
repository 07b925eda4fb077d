import type { OnnxAttribute, OnnxInitializer, OnnxNode, OnnxSubgraph } from '../onnx/onnx-graph.ts';
import { foldNumbers } from './fold-numbers.ts';
import { SymbolicInt, type IntTree } from './symbolic-int.ts';
import { TORCH_DTYPES, type TorchDtype } from './torch-dtypes.ts';
import { TorchTensor, type TorchScalar, type ViewPath } from './torch-tensor.ts';
import { TranslationFailure, TranslationLimit } from './translation-failure.ts';

/** What a node may take: a tensor, a value of the graph by its name, or nothing. */
export type NodeInput = TorchTensor | string | null;

type Attributes = Readonly<Record<string, OnnxAttribute>>;

/** An integer attribute. */
export const int = (value: number): OnnxAttribute => ({ kind: 'int', value });
/** A list of integers as attribute. */
export const ints = (value: readonly number[]): OnnxAttribute => ({ kind: 'ints', value });
/** A floating point attribute. */
export const float = (value: number): OnnxAttribute => ({ kind: 'float', value });
/** A text attribute. */
export const text = (value: string): OnnxAttribute => ({ kind: 'text', value });

/** The largest models that are known have a tenth of it. */
const MAX_NODES = 200_000;
/** Numbers, items of lists and letters that a program makes while it is followed. */
const MAX_SPENT = 8_000_000;
/** Views of views: each is read through all below it. */
const MAX_VIEW_DEPTH = 500;
/** As many numbers need the memory and the time of a view. */
const VIEW_COST = 100;

const TREE_OPERATORS = { add: 'Add', multiply: 'Mul', maximum: 'Max', minimum: 'Min' } as const;

/** The bytes of numbers in a dtype, little endian. */
export function encodeNumbers(values: readonly (number | boolean)[], dtype: TorchDtype): Uint8Array {
  const { itemBytes } = TORCH_DTYPES[dtype];
  const bytes = new Uint8Array(values.length * itemBytes);
  const view = new DataView(bytes.buffer);
  for (const [index, given] of values.entries()) {
    const value = Number(given);
    const at = index * itemBytes;
    if (dtype === 'float32') view.setFloat32(at, value, true);
    else if (dtype === 'float64') view.setFloat64(at, value, true);
    else if (dtype === 'int64') view.setBigInt64(at, toInt64(value), true);
    else if (dtype === 'int32') view.setInt32(at, value, true);
    else if (dtype === 'int16') view.setInt16(at, value, true);
    else view.setUint8(at, value);
  }
  return bytes;
}

function toInt64(value: number): bigint {
  return BigInt.asIntN(64, BigInt(Math.trunc(value)));
}

/** How two integers compare. */
export type GuardRelation = '==' | '!=' | '<' | '<=' | '>' | '>=';

const OPPOSITES: Readonly<Record<GuardRelation, GuardRelation>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};

/** Whether a relation holds for a difference of this sign. */
const HOLDS: Readonly<Record<GuardRelation, (sign: number) => boolean>> = {
  '==': (sign) => sign === 0,
  '!=': (sign) => sign !== 0,
  '<': (sign) => sign < 0,
  '<=': (sign) => sign <= 0,
  '>': (sign) => sign > 0,
  '>=': (sign) => sign >= 0,
};

/** Something that was decided by the example shapes: where it does not hold, the translation is not the model. */
export interface Guard {
  /** `batch == 1`. */
  readonly words: string;
  readonly left: IntTree;
  readonly relation: GuardRelation;
  readonly right: IntTree;
}

/** What a graph has to know of a tensor that lies in a file. */
export interface GraphWeight {
  readonly dtype: TorchDtype;
  readonly size: readonly number[];
}

/** Where a free dim is read: a size of an input is a multiple of it and a number. */
export interface FreeDim {
  readonly name: string;
  readonly input: string;
  readonly axis: number;
  readonly factor: number;
  readonly constant: number;
}

/** The ONNX graph that a program grows into while it is followed. */
export class TensorGraph {
  #nodes: OnnxNode[] = [];
  readonly initializers = new Map<string, OnnxInitializer>();
  /** What has to hold for other shapes than the example's, by its words. */
  readonly guards = new Map<string, Guard>();
  readonly #dims = new Map<string, FreeDim[]>();
  #cache = new Map<string, string>();
  /** Weights that something reads, by their names in the graph. */
  readonly weights = new Map<string, GraphWeight>();
  readonly #weightNames = new Map<GraphWeight, string>();
  #count = 0;
  #written = 0;
  #spent = 0;

  /**
   * Notes that a program makes so many numbers, items or letters while it is followed.
   * @throws TranslationLimit where that is more than any model does.
   */
  spend(count: number): void {
    this.#spent += count;
    if (!(this.#spent <= MAX_SPENT))
      throw new TranslationLimit(`the program makes more than ${MAX_SPENT} numbers and items before it runs`);
  }

  #fresh(hint: string): string {
    this.#count += 1;
    return `${hint}_${this.#count}`;
  }

  get nodes(): readonly OnnxNode[] {
    return this.#nodes;
  }

  /**
   * Puts the nodes of what `follow` does into a graph of their own, a branch of `If`, whose outputs are its tensors. Values
   * from outside that it reads have to be there before: nothing that is made inside is seen outside.
   */
  branch(follow: () => readonly TorchTensor[]): OnnxSubgraph {
    const [nodes, cache] = [this.#nodes, this.#cache];
    this.#nodes = [];
    this.#cache = new Map(cache);
    try {
      // An output has to be of the branch's own making, even where it is a value from outside.
      const outputs = follow().map((tensor) => ({
        name: this.emit('Identity', [tensor]),
        type: TORCH_DTYPES[tensor.dtype].onnxType,
        dims: tensor.dims.map((dim) => dim.constant ?? dim.text.replaceAll(/\W+/g, '_')),
      }));
      return { nodes: this.#nodes, outputs };
    } finally {
      [this.#nodes, this.#cache] = [nodes, cache];
    }
  }

  /** An input of the model. Its free dims can be computed with from now on. */
  input(name: string, dtype: TorchDtype, dims: readonly SymbolicInt[]): TorchTensor {
    for (const [axis, dim] of dims.entries()) {
      const { line } = dim;
      if (line === null) continue;
      const places = this.#dims.get(line.name) ?? [];
      this.#dims.set(line.name, [...places, { ...line, input: name, axis }]);
    }
    return new TorchTensor({ dtype, dims, make: () => name });
  }

  /** All places where free dims are read. */
  get freeDims(): readonly FreeDim[] {
    return [...this.#dims.values()].flat();
  }

  /** Notes what the example decided: it has to hold for every input. */
  assume(left: SymbolicInt, relation: GuardRelation, right: SymbolicInt, holds = true): void {
    const words = `${left.text} ${holds ? relation : OPPOSITES[relation]} ${right.text}`;
    this.guards.set(words, {
      words,
      left: left.tree,
      relation: holds ? relation : OPPOSITES[relation],
      right: right.tree,
    });
  }

  /** Whether a relation holds; where other shapes might decide otherwise, the example decides and a guard says so. */
  holds(left: SymbolicInt, relation: GuardRelation, right: SymbolicInt): boolean {
    const difference = left.minus(right);
    const holds = HOLDS[relation];
    const answer = holds(Math.sign(difference.hint));
    if (difference.constant !== null) return answer;
    const { lowest } = difference;
    if (lowest > 0) return holds(1);
    if (right.minus(left).lowest > 0) return holds(-1);
    if (lowest === 0 && holds(0) === holds(1)) return holds(0);
    this.assume(left, relation, right, answer);
    return answer;
  }

  /** Whether an int is not 0, as its truth is in Python; {@link holds}. */
  isTrue(value: SymbolicInt): boolean {
    return this.holds(value, '!=', SymbolicInt.of(0));
  }

  /** The number that an int is in the example, and from now on has to be for every input. */
  pinned(value: SymbolicInt): number {
    if (value.constant === null) this.assume(value, '==', SymbolicInt.of(value.hint));
    return value.hint;
  }

  /** Takes two sizes for equal; where they differ for other inputs, that is a guard. Null where the example differs. */
  unify(left: SymbolicInt, right: SymbolicInt): SymbolicInt | null {
    if (left.equals(right)) return left;
    if (left.hint !== right.hint) return null;
    this.assume(left, '==', right);
    return left.constant === null ? right : left;
  }

  /** The dims that tensors of these dims have together. Null where they do not fit. */
  broadcast(left: readonly SymbolicInt[], right: readonly SymbolicInt[]): readonly SymbolicInt[] | null {
    const rank = Math.max(left.length, right.length);
    const dims: SymbolicInt[] = [];
    for (let index = 0; index < rank; index++) {
      const one = left[index - rank + left.length];
      const other = right[index - rank + right.length];
      const dim =
        one === undefined || one.constant === 1
          ? other
          : other === undefined || other.constant === 1
            ? one
            : this.unify(one, other);
      if (dim === null) return null;
      dims.push(dim ?? SymbolicInt.of(1));
    }
    return dims;
  }

  /** Adds a node and gives the names of its outputs. */
  emitAll(
    operator: string,
    inputs: readonly NodeInput[],
    attributes: Attributes = {},
    outputs = 1,
  ): string[] {
    const names = inputs.map((input) => (input instanceof TorchTensor ? input.name : (input ?? '')));
    while (names.at(-1) === '') names.pop();
    this.#written += 1;
    if (this.#written > MAX_NODES)
      throw new TranslationLimit(`the program becomes more than ${MAX_NODES} nodes`);
    const results = Array.from({ length: outputs }, () => this.#fresh(operator));
    this.#nodes.push({ operator, inputs: names, outputs: results, attributes });
    return results;
  }

  /** Adds a node with one output and gives its name. */
  emit(operator: string, inputs: readonly NodeInput[], attributes: Attributes = {}): string {
    return this.emitAll(operator, inputs, attributes)[0] ?? '';
  }

  /** The tensor that a name of the graph holds. */
  tensor(name: string, dtype: TorchDtype, dims: readonly SymbolicInt[]): TorchTensor {
    return new TorchTensor({ dtype, dims, make: () => name });
  }

  /** A node with one output, as a tensor. */
  apply(
    operator: string,
    inputs: readonly NodeInput[],
    attributes: Attributes,
    dtype: TorchDtype,
    dims: readonly SymbolicInt[],
  ): TorchTensor {
    const isPlain = dims.length === 0 && Object.keys(attributes).length === 0;
    const number = isPlain ? foldNumbers(operator, inputs, dtype) : null;
    if (number !== null) return this.number(number, dtype);
    const name = this.emit(operator, inputs, attributes);
    // PyTorch keeps the order in which the elements of what is given lie.
    const isContiguous = inputs.every((input) => !(input instanceof TorchTensor) || input.isContiguous);
    return new TorchTensor({ dtype, dims, make: () => name, isContiguous });
  }

  /** A view: it follows its base, and what is written into it is written into its base. */
  view(
    path: ViewPath,
    dims: readonly SymbolicInt[],
    isContiguous: boolean,
    isScattered: () => boolean = () => false,
  ): TorchTensor {
    const { base } = path;
    if (base.viewDepth >= MAX_VIEW_DEPTH)
      throw new TranslationLimit(`the program makes more than ${MAX_VIEW_DEPTH} views one of the other`);
    this.spend(VIEW_COST);
    return new TorchTensor({
      dtype: base.dtype,
      dims,
      make: () => path.read(base.name),
      view: path,
      isContiguous,
      isScattered,
      scalar: dims.length === 0 ? base.scalar : null,
    });
  }

  /** A copy: it does not share memory. */
  copy(tensor: TorchTensor): TorchTensor {
    const { name, scalar, dtype, dims, isWrappedNumber, isContiguous } = tensor;
    if (scalar !== null) return this.number(scalar, dtype, isWrappedNumber);
    return new TorchTensor({ dtype, dims, make: () => name, isContiguous });
  }

  /** A constant of the graph; equal ones are one. */
  constant(values: readonly (number | boolean)[], dtype: TorchDtype, shape: readonly number[]): string {
    const key = `${dtype} ${shape.join(',')} ${values.map((value) => (Object.is(value, -0) ? '-0' : String(value))).join(',')}`;
    return this.#cached(key, () => {
      const name = this.#fresh('constant');
      const bytes = encodeConstant(this, values, dtype, shape);
      if (typeof bytes === 'string') return bytes;
      const { onnxType } = TORCH_DTYPES[dtype];
      this.initializers.set(name, { name, type: onnxType, shape, bytes });
      return name;
    });
  }

  /** A tensor that lies in a file: whoever writes the graph says where its bytes are. */
  weight(given: GraphWeight): string {
    const known = this.#weightNames.get(given);
    if (known !== undefined) return known;
    const name = this.#fresh('weight');
    this.#weightNames.set(given, name);
    this.weights.set(name, given);
    return name;
  }

  /** A vector of int64, as shapes and axes are given. */
  int64s(values: readonly number[]): string {
    return this.constant(values, 'int64', [values.length]);
  }

  /** A number as a tensor without dims. */
  scalar(value: TorchScalar, dtype: TorchDtype): string {
    if (!(value instanceof SymbolicInt)) return this.constant([value], dtype, []);
    if (value.constant !== null) return this.constant([value.constant], dtype, []);
    return this.#cached(`scalar ${dtype} ${value.text}`, () => {
      const squeezed = this.emit('Squeeze', [this.intVector(value), this.int64s([0])]);
      return dtype === 'int64' ? squeezed : this.castName(squeezed, dtype);
    });
  }

  /** An integer as a vector of one int64. */
  intVector(value: SymbolicInt): string {
    return this.#tree(value.tree);
  }

  /** A shape as a vector of int64. */
  shape(dims: readonly SymbolicInt[]): string {
    const known = dims.map((dim) => dim.constant);
    if (known.every((dim) => dim !== null)) return this.int64s(known);
    const key = `shape ${dims.map((dim) => dim.text).join(',')}`;
    return this.#cached(key, () =>
      this.emit(
        'Concat',
        dims.map((dim) => this.intVector(dim)),
        { axis: int(0) },
      ),
    );
  }

  #tree(tree: IntTree): string {
    if (tree.kind === 'number') return this.int64s([tree.value]);
    return this.#cached(`int ${JSON.stringify(tree)}`, () => this.#computed(tree));
  }

  #computed(tree: Exclude<IntTree, { kind: 'number' }>): string {
    switch (tree.kind) {
      case 'dim':
        return this.#dimOfInput(tree.name);
      case 'floor-divide':
        return this.#floorDivide(this.#tree(tree.left), this.#tree(tree.right));
      case 'modulo':
        return this.emit('Mod', [this.#tree(tree.left), this.#tree(tree.right)]);
      case 'add':
      case 'multiply':
      case 'maximum':
      case 'minimum':
        return this.emit(TREE_OPERATORS[tree.kind], [this.#tree(tree.left), this.#tree(tree.right)]);
    }
  }

  #dimOfInput(name: string): string {
    const places = this.#dims.get(name) ?? [];
    const place = places.find(({ factor, constant }) => factor === 1 && constant === 0) ?? places[0];
    if (place === undefined) throw new TranslationFailure(`no input says how large ${name} is`);
    const { input, axis, factor, constant } = place;
    const size = this.emit('Shape', [input], { start: int(axis), end: int(axis + 1) });
    const multiple = constant === 0 ? size : this.emit('Sub', [size, this.int64s([constant])]);
    return factor === 1 ? multiple : this.emit('Div', [multiple, this.int64s([factor])]);
  }

  /** ONNX divides towards zero. */
  #floorDivide(left: string, right: string): string {
    const rest = this.emit('Mod', [left, right]);
    return this.emit('Div', [this.emit('Sub', [left, rest]), right]);
  }

  #cached(key: string, make: () => string): string {
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const name = make();
    this.#cache.set(key, name);
    return name;
  }

  /** Casts a value of the graph. */
  castName(name: string, dtype: TorchDtype): string {
    return this.emit('Cast', [name], { to: int(TORCH_DTYPES[dtype].onnxType) });
  }

  /** The tensor in a dtype; itself where it has that already. */
  cast(tensor: TorchTensor, dtype: TorchDtype): TorchTensor {
    if (tensor.dtype === dtype) return tensor;
    const { scalar } = tensor;
    if (scalar !== null) return this.number(this.convertScalar(scalar, dtype), dtype);
    const name = this.castName(tensor.name, dtype);
    const { dims, isContiguous } = tensor;
    return new TorchTensor({ dtype, dims, make: () => name, isContiguous });
  }

  /** A number as it is after a cast. */
  convertScalar(value: TorchScalar, dtype: TorchDtype): TorchScalar {
    switch (TORCH_DTYPES[dtype].category) {
      case 'bool':
        return value instanceof SymbolicInt ? this.isTrue(value) : Boolean(value);
      case 'int':
        return value instanceof SymbolicInt ? value : SymbolicInt.of(Math.trunc(Number(value)));
      case 'float':
        return value instanceof SymbolicInt ? (value.constant ?? value) : Number(value);
    }
  }

  /** A number as a tensor whose value stays known. */
  number(value: TorchScalar, dtype: TorchDtype, isWrappedNumber = false): TorchTensor {
    return new TorchTensor({
      dtype,
      dims: [],
      make: () => this.scalar(value, dtype),
      scalar: value,
      isWrappedNumber,
    });
  }
}

/** Small floats have no writer of their own: the runtime casts them. */
function encodeConstant(
  graph: TensorGraph,
  values: readonly (number | boolean)[],
  dtype: TorchDtype,
  shape: readonly number[],
): Uint8Array | string {
  if (dtype !== 'float16' && dtype !== 'bfloat16') return encodeNumbers(values, dtype);
  return graph.castName(graph.constant(values, 'float32', shape), dtype);
}
