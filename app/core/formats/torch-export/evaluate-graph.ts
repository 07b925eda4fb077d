import { StatusError } from '../../status.ts';
import { applyOperator } from '../torch/operator-table.ts';
import { schemasOf } from '../torch/operator-schemas.ts';
import { SymbolicInt } from '../torch/symbolic-int.ts';
import type { TensorGraph } from '../torch/tensor-graph.ts';
import { TorchTensor } from '../torch/torch-tensor.ts';
import {
  kindOfValue,
  poisonIn,
  TorchList,
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
import type { ExportArgument, ExportGraph, ExportNode, ExportTensor } from './export-graph.ts';
import { numberFunction } from './number-functions.ts';

/** Values of a graph by their names. */
export type Frame = Map<string, TorchValue>;

/** Checks of PyTorch's own that say nothing of the values. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  '_assert_async',
  '_assert_tensor_metadata',
  '_functional_assert_async',
  'sym_constrain_range',
  'sym_constrain_range_for_size',
  '_functional_sym_constrain_range',
  '_functional_sym_constrain_range_for_size',
]);

const MISSING = new TorchPoison('a result that is not translated');

const ATEN = /^torch\.ops\.aten\.(\w+)\.(\w+)$/;
const HIGHER_ORDER = /^torch\.ops\.higher_order\.(\w+)$/;

/**
 * Follows the graph of an exported program: every node becomes nodes of the ONNX graph by the same operators as those of
 * TorchScript. What the program says of a tensor's dtype and sizes has to be what came out.
 */
export class GraphEvaluator {
  readonly #graph: TensorGraph;
  /** Finds what a name means that no node gives: a constant of the module. */
  readonly #lookUp: (name: string) => TorchValue | undefined;
  readonly #unsupported = new UnsupportedOperators();

  constructor(graph: TensorGraph, lookUp: (name: string) => TorchValue | undefined) {
    this.#graph = graph;
    this.#lookUp = lookUp;
  }

  /** Everything that was met and is not translated. */
  get unsupported(): readonly UnsupportedOperator[] {
    return this.#unsupported.list;
  }

  /** Follows all nodes; their values are in the frame afterwards. @throws TranslationFailure with the place. */
  run(graph: ExportGraph, frame: Frame): void {
    for (const node of graph.nodes) {
      try {
        this.#bindAll(node.outputs, this.#evaluate(node, frame), frame, graph);
      } catch (cause) {
        if (!(cause instanceof StatusError)) throw cause;
        throw new TranslationFailure(`${cause.message} (${node.place})`, this.unsupported);
      }
    }
  }

  /** The value of an argument. */
  valueOf(argument: ExportArgument, frame: Frame): TorchValue {
    switch (argument.kind) {
      case 'value':
        return argument.value;
      case 'name': {
        const value = frame.get(argument.name) ?? this.#lookUp(argument.name);
        if (value === undefined) throw new TranslationFailure(`${argument.name} has no value`);
        return value;
      }
      case 'list': {
        const items = argument.items.map((item) => this.valueOf(item, frame));
        return items.find((item) => item instanceof TorchPoison) ?? new TorchList(items);
      }
      case 'graph':
        return new TorchPoison('a graph is no value');
      case 'unreadable':
        return new TorchPoison(argument.why);
    }
  }

  #evaluate(node: ExportNode, frame: Frame): TorchValue {
    const [, higherOrder] = HIGHER_ORDER.exec(node.target) ?? [];
    if (higherOrder !== undefined) return this.#callHigherOrder(higherOrder, node, frame);
    const values = node.inputs.map(({ argument }) => this.valueOf(argument, frame));
    const [, name, overload] = ATEN.exec(node.target) ?? [];
    if (name === undefined) return this.#callFunction(node, values);
    if (WITHOUT_EFFECT.has(name)) return values.find((value) => value instanceof TorchTensor) ?? null;
    if (name === '_assert_scalar') return this.#assert(values);
    return this.#callOperator(node, name, overload === 'default' ? '' : (overload ?? ''), values);
  }

  /** `_operator.mul`, `math.trunc`, `torch.sym_max`: numbers are computed at once. */
  #callFunction(node: ExportNode, values: readonly TorchValue[]): TorchValue {
    const poison = values.find((value) => value instanceof TorchPoison);
    if (poison !== undefined) return poison;
    const result = numberFunction(node.target)?.(this.#graph, values);
    if (result !== undefined) return result;
    return this.#refuse(node, `it is not translated for (${values.map(kindOfValue).join(', ')})`);
  }

  #callOperator(node: ExportNode, name: string, overload: string, values: readonly TorchValue[]): TorchValue {
    const poison = values.find((value) => value instanceof TorchPoison);
    if (poison === undefined) {
      const number = numberFunction(name)?.(this.#graph, values);
      if (number !== undefined) return number;
    }
    const keywords = new Map(node.inputs.map((input, index) => [input.name, values[index] ?? null]));
    const schema = schemasOf(name).find((each) => each.overload === overload);
    for (const { name: argument, type } of schema?.arguments ?? []) {
      const value = keywords.get(argument);
      // Python's numbers may stand where a tensor is meant: they become one that decides no dtype.
      if (type.base === 'Tensor' && !type.isList && value !== undefined)
        keywords.set(argument, this.#wrapped(value));
    }
    const isInPlace = name.endsWith('_') && !name.endsWith('__');
    try {
      if (poison !== undefined && isInPlace) throw new TranslationFailure(poison.why);
      return applyOperator(this.#graph, name, [], keywords, overload);
    } catch (cause) {
      if (!(cause instanceof TranslationFailure) || cause instanceof TranslationLimit) throw cause;
      const refusal = this.#refuse(node, cause.message);
      // What was to be written in place is not there: going on would give a wrong answer.
      if (isInPlace) throw cause;
      return refusal;
    }
  }

  #wrapped(value: TorchValue): TorchValue {
    if (value instanceof SymbolicInt) return this.#graph.number(value, 'int64', true);
    if (typeof value === 'boolean') return this.#graph.number(value, 'bool', true);
    return typeof value === 'number' ? this.#graph.number(value, 'float32', true) : value;
  }

  #refuse(node: ExportNode, reason: string): TorchPoison {
    const name = node.target.replace(/^torch\.ops\.(\w+)\./, '$1::').replace(/\.default$/, '');
    return this.#unsupported.add(name, node.place, reason);
  }

  /** A check of a number: where the example decides it, the guard is noted already. */
  #assert([value = null, message = null]: readonly TorchValue[]): TorchValue {
    if (value === false)
      throw new TranslationFailure(
        `the program refuses its own example: ${typeof message === 'string' ? message : ''}`,
      );
    return null;
  }

  #callHigherOrder(name: string, node: ExportNode, frame: Frame): TorchValue {
    const graphs = node.inputs.flatMap(({ argument }) => (argument.kind === 'graph' ? [argument.graph] : []));
    const rest = node.inputs.filter(({ argument }) => argument.kind !== 'graph');
    const values = rest.map(({ argument }) => this.valueOf(argument, frame));
    const [first] = graphs;
    switch (name) {
      case 'wrap_with_set_grad_enabled':
        if (first !== undefined) return this.#inline(first, values.slice(1));
        break;
      case 'wrap_with_autocast': {
        const [, , isOn, , ...operands] = values;
        if (first !== undefined && isOn === false) return this.#inline(first, operands);
        return this.#refuse(
          node,
          'its casts are not in the program; save program.run_decompositions(), which writes them out',
        );
      }
      case 'cond':
        return this.#branch(node, graphs, values);
    }
    return this.#refuse(node, 'this kind of control flow is not translated');
  }

  #branch(
    node: ExportNode,
    [whenTrue, whenFalse]: readonly ExportGraph[],
    [condition = null, operands = null]: readonly TorchValue[],
  ): TorchValue {
    if (condition instanceof TorchPoison) return condition;
    const items = operands instanceof TorchList ? operands.items : [];
    if (whenTrue === undefined || whenFalse === undefined)
      return this.#refuse(node, 'it is no choice between two graphs');
    const known = condition instanceof TorchTensor ? condition.scalar : condition;
    if (typeof known === 'boolean') return this.#inline(known ? whenTrue : whenFalse, items);
    if (!(condition instanceof TorchTensor))
      return this.#refuse(node, `it decides by ${kindOfValue(condition)}`);
    return this.#choose(node, condition, [whenTrue, whenFalse], items);
  }

  /** Both branches, of which the model takes one when it runs. */
  #choose(
    node: ExportNode,
    condition: TorchTensor,
    graphs: readonly ExportGraph[],
    operands: readonly TorchValue[],
  ): TorchValue {
    // What the branches read has to be there before them.
    for (const operand of operands) if (operand instanceof TorchTensor) void operand.name;
    const results: TorchTensor[][] = [];
    const [thenBranch, elseBranch] = graphs.map((each) =>
      this.#graph.branch(() => {
        const value = this.#inline(each, operands);
        const tensors = itemsOf(value)?.filter((item) => item instanceof TorchTensor) ?? [];
        results.push(tensors.length === itemsOf(value)?.length ? tensors : []);
        return tensors;
      }),
    );
    const [left = [], right = []] = results;
    const isSame =
      left.length > 0 &&
      left.length === right.length &&
      left.every((tensor, index) => isAlike(tensor, right[index]));
    if (thenBranch === undefined || elseBranch === undefined || !isSame)
      return this.#refuse(node, 'its branches give values that differ in their number, dtypes or dims');
    const graph = this.#graph;
    const asked = graph.emit('Reshape', [graph.cast(condition, 'bool'), graph.int64s([])]);
    const names = graph.emitAll(
      'If',
      [asked],
      {
        then_branch: { kind: 'graph', value: thenBranch },
        else_branch: { kind: 'graph', value: elseBranch },
      },
      left.length,
    );
    return new TorchTuple(
      left.map(({ dtype, dims }, index) => graph.tensor(names[index] ?? '', dtype, dims)),
    );
  }

  /** The outputs of a graph that is called with these values. */
  #inline(graph: ExportGraph, values: readonly TorchValue[]): TorchValue {
    const frame: Frame = new Map();
    for (const [index, input] of graph.inputs.entries())
      if (input.kind === 'name') frame.set(input.name, values[index] ?? null);
    this.run(graph, frame);
    return new TorchTuple(graph.outputs.map((output) => this.valueOf(output, frame)));
  }

  /** Gives the results of a node their names: one, a list that is one, or the members of a tuple. */
  #bindAll(outputs: readonly ExportArgument[], value: TorchValue, frame: Frame, graph: ExportGraph): void {
    const [only] = outputs;
    if (outputs.length === 1 && only !== undefined) {
      const isWrapped = value instanceof TorchTuple && only.kind !== 'list';
      this.#bind(only, isWrapped ? (value.items[0] ?? null) : value, frame, graph);
      return;
    }
    const items = itemsOf(value);
    for (const [index, output] of outputs.entries())
      this.#bind(output, items === null ? value : (items[index] ?? MISSING), frame, graph);
  }

  #bind(output: ExportArgument, value: TorchValue, frame: Frame, graph: ExportGraph): void {
    if (output.kind === 'name') {
      const meant = graph.tensors.get(output.name);
      if (meant !== undefined) checkResult(output.name, value, meant);
      frame.set(output.name, value);
      return;
    }
    if (output.kind !== 'list') return;
    const items = itemsOf(value);
    if (items !== null && items.length !== output.items.length)
      throw new TranslationFailure(
        `${items.length} results came out where the program has ${output.items.length}`,
      );
    for (const [index, item] of output.items.entries())
      this.#bind(item, items === null ? value : (items[index] ?? null), frame, graph);
  }
}

function isAlike(left: TorchTensor, right: TorchTensor | undefined): boolean {
  return (
    left.dtype === right?.dtype &&
    left.rank === right.rank &&
    left.dims.every((dim, axis) => right.dims[axis]?.equals(dim) === true)
  );
}

/** Members of a list or tuple; null for what is not translated, which stands for all of them. */
function itemsOf(value: TorchValue): readonly TorchValue[] | null {
  if (value instanceof TorchTuple || value instanceof TorchList) return value.items;
  if (value instanceof TorchPoison) return null;
  return [value];
}

/** The program itself says what a tensor is: a translation that gives another one would be wrong. */
function checkResult(name: string, value: TorchValue, meant: ExportTensor): void {
  if (poisonIn(value) !== null || !(value instanceof TorchTensor)) return;
  const sizes = meant.sizes.map((size) => (typeof size === 'number' ? size : size.hint));
  const isSame =
    value.dtype === meant.dtype &&
    value.rank === sizes.length &&
    value.dims.every((dim, axis) => (sizes[axis] ?? null) === null || dim.hint === sizes[axis]);
  if (isSame) return;
  const given = `${value.dtype} [${value.dims.map((dim) => dim.hint).join(', ')}]`;
  throw new TranslationFailure(
    `${name} came out as ${given}, and the program says ${meant.dtype ?? 'another dtype'} [${sizes.map((size) => size ?? '?').join(', ')}]`,
  );
}
