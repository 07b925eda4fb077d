import { nodesBehind } from '../onnx/onnx-graph.ts';
import { SymbolicInt } from '../torch/symbolic-int.ts';
import { weightTensor } from '../torch/stored-tensor.ts';
import { TensorGraph } from '../torch/tensor-graph.ts';
import type { TorchDtype } from '../torch/torch-dtypes.ts';
import { TorchTensor } from '../torch/torch-tensor.ts';
import { poisonIn, TorchPoison, type TorchValue } from '../torch/torch-values.ts';
import { TranslationFailure } from '../torch/translation-failure.ts';
import { GraphEvaluator, type Frame } from './evaluate-graph.ts';
import type { ExportSize } from './export-graph.ts';
import type { ExportProgram } from './export-program.ts';
import { parseSymbolicExpression } from './symbolic-expression.ts';

/** An input or output of a program that is a tensor, under Triton's name for its place in the call. */
export interface ProgramTensor {
  /** `ARGS[0]`, `KWARGS[mask]`, `RESULT`, `RESULT[1]`. */
  readonly path: string;
  readonly tensor: TorchTensor;
}

/** An input with its name in the graph of the program, which is that of the argument in Python. */
export interface ProgramInput extends ProgramTensor {
  readonly argumentName: string;
  readonly dtype: TorchDtype;
  readonly dims: readonly SymbolicInt[];
}

/** What a program does. */
export interface FollowedProgram {
  readonly graph: TensorGraph;
  readonly inputs: readonly ProgramInput[];
  readonly outputs: readonly ProgramTensor[];
}

const BATCH = 'batch';
/** The size of a free dim that the program has no example of. */
const UNKNOWN_HINT = 8;
/** PyTorch takes dims of 0 and 1 for granted: a lower limit up to here says nothing. */
const LEAST_LIMIT = 2;

/** Names of the graph's tensors that the caller gives. */
function userTensors({ inputs }: ExportProgram): readonly { readonly name: string; readonly path: string }[] {
  return inputs.flatMap((input) =>
    input.kind === 'user' && input.argument.kind === 'name'
      ? [{ name: input.argument.name, path: input.path }]
      : [],
  );
}

/** Triton's names for the tensors that the caller gives, in their order. */
export function inputPaths(program: ExportProgram): readonly string[] {
  return userTensors(program).map(({ path }) => path);
}

/** The symbol that a size is, alone. */
function symbolOf(size: ExportSize | undefined): string | null {
  if (size === undefined || typeof size === 'number') return null;
  const line = parseSymbolicExpression(size.expression, (name) => SymbolicInt.dim(name, 1))?.line ?? null;
  return line?.factor === 1 && line.constant === 0 ? line.name : null;
}

/** Values of the symbols in the example that was exported. */
function hintsOf({ graph }: ExportProgram, names: readonly string[]): ReadonlyMap<string, number> {
  const hints = new Map<string, number>();
  const sizes = [...names.flatMap((name) => graph.tensors.get(name)?.sizes ?? []), ...graph.numbers.values()];
  for (const size of sizes) {
    if (typeof size === 'number' || size.hint === null) continue;
    const line = parseSymbolicExpression(size.expression, (name) => SymbolicInt.dim(name, 1))?.line;
    if (line && !hints.has(line.name)) hints.set(line.name, (size.hint - line.constant) / line.factor);
  }
  return hints;
}

/** Symbols of the program as free dims; one that is the first dim of all inputs is called the batch. */
function symbolsOf(program: ExportProgram): (name: string) => SymbolicInt {
  const names = userTensors(program).map(({ name }) => name);
  const hints = hintsOf(program, names);
  const firsts = new Set(names.map((name) => symbolOf(program.graph.tensors.get(name)?.sizes[0])));
  const [batch = null] = firsts.size === 1 ? firsts : [];
  return (name) => SymbolicInt.dim(name === batch ? BATCH : name, hints.get(name) ?? UNKNOWN_HINT);
}

function dimOf(size: ExportSize, symbol: (name: string) => SymbolicInt, where: string): SymbolicInt {
  if (typeof size === 'number') return SymbolicInt.of(size);
  const dim = parseSymbolicExpression(size.expression, symbol);
  if (dim === null || (dim.constant === null && dim.line === null))
    throw new TranslationFailure(`${where} has a size that is not read: ${size.expression}`);
  return dim;
}

/** The limits of symbols as guards. */
function assumeRanges(
  program: ExportProgram,
  graph: TensorGraph,
  symbol: (name: string) => SymbolicInt,
): void {
  const read = new Set(graph.freeDims.map(({ name }) => name));
  for (const [expression, { minimum, maximum }] of program.ranges) {
    const size = parseSymbolicExpression(expression, symbol);
    const name = size?.line?.name;
    if (size === null || name === undefined || !read.has(name)) continue;
    if (minimum !== null && minimum > LEAST_LIMIT) graph.assume(size, '>=', SymbolicInt.of(minimum));
    if (maximum !== null) graph.assume(size, '<=', SymbolicInt.of(maximum));
  }
}

function readInputs(
  program: ExportProgram,
  graph: TensorGraph,
  names: readonly string[],
  symbol: (name: string) => SymbolicInt,
): ProgramInput[] {
  return userTensors(program).map(({ name: argumentName, path }, index) => {
    const meant = program.graph.tensors.get(argumentName);
    if (meant === undefined)
      throw new TranslationFailure(`${path} is a number of any value, and clients can only send tensors`);
    if (meant.dtype === null) throw new TranslationFailure(`${path} is of a dtype that ONNX here has not`);
    const dims = meant.sizes.map((size) => dimOf(size, symbol, path));
    const tensor = graph.input(names[index] ?? path, meant.dtype, dims);
    return { argumentName, path, tensor, dtype: meant.dtype, dims };
  });
}

/** Tensors of the module by their names in the graph; those that forward writes to keep what is written for this call. */
function readWeights(program: ExportProgram, graph: TensorGraph): Frame {
  const frame: Frame = new Map();
  for (const input of program.inputs) {
    if (input.kind === 'other') frame.set(input.name, new TorchPoison(input.why));
    if (input.kind !== 'weight') continue;
    const weight = program.weights.get(input.target);
    if (weight === undefined)
      frame.set(input.name, new TorchPoison(`the file has no tensor ${input.target}`));
    else if ('why' in weight) frame.set(input.name, new TorchPoison(weight.why));
    else
      frame.set(
        input.name,
        weightTensor(graph, weight, input.role === 'buffer' ? 'buffer' : { attribute: input.target }),
      );
  }
  return frame;
}

/** PyTorch 2.1 names constants of the module in the graph without making them inputs. */
function constantOf(program: ExportProgram, graph: TensorGraph): (name: string) => TorchValue | undefined {
  return (name) => {
    const weight = program.weights.get(name);
    return weight === undefined || 'why' in weight
      ? undefined
      : weightTensor(graph, weight, { attribute: name });
  };
}

/** @throws TranslationFailure where an answer depends on a buffer that the program changes for its next call. */
function refuseState(
  program: ExportProgram,
  weights: Frame,
  outputs: readonly ProgramTensor[],
  graph: TensorGraph,
): void {
  const changed = program.inputs.flatMap((input) => {
    if (input.kind !== 'weight' || input.role !== 'buffer') return [];
    const value = weights.get(input.name);
    const isWritten = value instanceof TorchTensor && value.version > 0;
    const isReplaced = program.outputs.some(
      (output) => output.kind === 'buffer' && output.target === input.target,
    );
    const weight = program.weights.get(input.target);
    return (isWritten || isReplaced) && weight !== undefined && !('why' in weight)
      ? [{ target: input.target, name: graph.weight(weight) }]
      : [];
  });
  if (changed.length === 0) return;
  const { read } = nodesBehind(
    graph.nodes,
    outputs.map(({ tensor }) => tensor.name),
  );
  const kept = changed.filter(({ name }) => read.has(name)).map(({ target }) => target);
  if (kept.length > 0)
    throw new TranslationFailure(
      `the model keeps ${kept.join(', ')} for its next call: a model with a memory of its own is not translated`,
    );
}

/**
 * Follows a program with the dims that it was exported with; no weight is read. `names`: what its tensors are called in the
 * ONNX graph, in their order; their paths in the call where there are none.
 * @throws TranslationFailure listing everything that is not translated.
 */
export function followProgram(program: ExportProgram, names: readonly string[] = []): FollowedProgram {
  const graph = new TensorGraph();
  const symbol = symbolsOf(program);
  const inputs = readInputs(program, graph, names, symbol);
  const weights = readWeights(program, graph);
  const frame: Frame = new Map(weights);
  for (const { argumentName, tensor } of inputs) frame.set(argumentName, tensor);
  assumeRanges(program, graph, symbol);
  const evaluator = new GraphEvaluator(graph, constantOf(program, graph));
  evaluator.run(program.graph, frame);
  const outputs = program.outputs.flatMap((output): ProgramTensor[] => {
    if (output.kind !== 'user') return [];
    const value = evaluator.valueOf(output.argument, frame);
    const poison = poisonIn(value);
    if (poison !== null)
      throw new TranslationFailure(
        `an output needs what is not translated: ${poison.why}`,
        evaluator.unsupported,
      );
    // Numbers and None in an answer are no tensors: a server leaves them out.
    return value instanceof TorchTensor ? [{ path: output.path, tensor: value }] : [];
  });
  if (outputs.length === 0) throw new TranslationFailure('the program gives no tensor');
  refuseState(program, weights, outputs, graph);
  return { graph, inputs, outputs };
}
