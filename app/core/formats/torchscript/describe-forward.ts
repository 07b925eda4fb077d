import type { Provenance } from '../model-description.ts';
import type { Guard } from '../torch/tensor-graph.ts';
import type { TorchDtype } from '../torch/torch-dtypes.ts';
import type { StoredValue } from '../torch/stored-objects.ts';
import type { StoredTensor } from '../torch/stored-tensor.ts';
import { TranslationFailure, TranslationLimit } from '../torch/translation-failure.ts';
import { followForward, type ExampleDim, type ExampleInput } from './follow-forward.ts';
import type { ScriptProgram } from './script-program.ts';
import { printExpression, type ScriptParameter } from './script-syntax.ts';

/** An input or output of `forward`. A text is the name of a free dim. */
export interface ForwardTensor {
  readonly name: string;
  readonly dtype: TorchDtype;
  readonly dims: readonly (number | string)[];
}

/** What is known of the inputs and outputs of a program, and from where. */
export interface ForwardDescription {
  readonly inputs: readonly ForwardTensor[];
  readonly outputs: readonly ForwardTensor[];
  readonly provenance: Provenance;
  readonly reason: string;
  /** What must hold for other shapes. */
  readonly guards: readonly Guard[];
}

/** Shapes that `forward` may take: an example, and why it is one. */
interface Proposal {
  readonly inputs: readonly ExampleInput[];
  readonly provenance: Provenance;
  readonly reason: string;
}

/** What an input may be, without the batch. */
interface GuessedShape {
  readonly dtype: TorchDtype;
  readonly dims: readonly number[];
}

/** Sizes of images that are tried where a program takes images; the usual one first. */
const IMAGE_SIZES = [224, 32, 28, 64, 96, 299] as const;
const BATCH = 'batch';
const EXAMPLE_BATCH = 2;
const EXAMPLE_LENGTH = 8;
/** A second of sound, for programs that listen. */
const SIGNAL_SAMPLES = 16_000;
const MAX_WEIGHTS = 6;

/** The parameters of `forward` without `self`; empty where there is no `forward`. */
export function forwardParameters(program: ScriptProgram): readonly ScriptParameter[] {
  return program.classes.get(program.root.className)?.methods.get('forward')?.parameters ?? [];
}

/** Why a parameter cannot be an input; null where it can. */
function refusalOf({ name, type }: ScriptParameter): string | null {
  const text = type === null ? 'Tensor' : printExpression(type);
  return /^(Optional\[)?Tensor\]?$/.test(text)
    ? null
    : `forward takes ${name}: ${text}, and clients can only send tensors`;
}

function tracedProposals(program: ScriptProgram, names: readonly string[]): Proposal[] {
  const traced = program.tracedInputs.get('forward') ?? [];
  const tensors = traced.flatMap((value) => (value.kind === 'tensor' ? [value.tensor] : []));
  if (tensors.length === 0 || tensors.length !== names.length) return [];
  const [first] = tensors;
  const batch = first?.size[0];
  const canVary = batch !== undefined && batch > 0 && tensors.every(({ size }) => size[0] === batch);
  const example = (hint: number | null): ExampleInput[] =>
    tensors.map(({ dtype, size }, index) => ({
      name: names[index] ?? '',
      dtype,
      dims: size.map((dim, axis): ExampleDim => (hint !== null && axis === 0 ? { name: BATCH, hint } : dim)),
    }));
  const shapes = tensors.map(({ size }) => `[${size.join(', ')}]`).join(', ');
  const from = `The model was traced with ${shapes}`;
  const open = canVary && batch !== undefined ? [EXAMPLE_BATCH, batch] : [];
  return [
    ...open.map((hint): Proposal => ({
      inputs: example(hint),
      provenance: 'inferred',
      reason: `${from}; followed through the program, the first dim may have any size.`,
    })),
    {
      inputs: example(null),
      provenance: 'inferred',
      reason: `${from}; the program has these sizes built in.`,
    },
  ];
}

/** Tensors below a value, in the order of the program's attributes. */
function weightsOf(value: StoredValue, found: StoredTensor[]): void {
  if (value.kind === 'tensor') found.push(value.tensor);
  else if (value.kind === 'object') for (const each of value.attributes.values()) weightsOf(each, found);
}

/** Shapes that fit the first weights: images for a kernel, rows for a matrix, or ids for a table. */
function guessedShapes(program: ScriptProgram): GuessedShape[] {
  const weights: StoredTensor[] = [];
  weightsOf(program.root, weights);
  const kernels = weights
    .filter(({ size, dtype }) => size.length > 1 && dtype.startsWith('float'))
    .slice(0, MAX_WEIGHTS);
  const shapes = kernels.flatMap(({ size }): GuessedShape[] => {
    const [first = 1, width = 1] = size;
    if (size.length === 4)
      // A transposed convolution takes what its first dim says, and grows it from one point.
      return IMAGE_SIZES.map((side): GuessedShape => ({
        dtype: 'float32',
        dims: [width, side, side],
      })).concat({
        dtype: 'float32',
        dims: [first, 1, 1],
      });
    if (size.length === 3) return [{ dtype: 'float32', dims: [width, 400] }];
    if (size.length === 5) return [{ dtype: 'float32', dims: [width, 16, 112, 112] }];
    return [
      { dtype: 'float32', dims: [width] },
      { dtype: 'float32', dims: [EXAMPLE_LENGTH, width] },
      { dtype: 'int64', dims: [EXAMPLE_LENGTH] },
    ];
  });
  return [...shapes, { dtype: 'float32', dims: [16] }, { dtype: 'float32', dims: [SIGNAL_SAMPLES] }];
}

function guessedProposals(program: ScriptProgram, names: readonly string[]): Proposal[] {
  return guessedShapes(program).map(({ dtype, dims }) => ({
    inputs: names.map((name) => ({ name, dtype, dims: [{ name: BATCH, hint: EXAMPLE_BATCH }, ...dims] })),
    provenance: 'assumed',
    reason:
      'A scripted model does not keep shapes: this is the first that forward takes, tried from its weights. Set what your model is really given.',
  }));
}

/** Whether a guard lets a free dim have one size only. */
function isPinned(guards: readonly Guard[]): boolean {
  return guards.some(({ relation, left, right }) => relation === '==' && left.kind !== right.kind);
}

function nameDim(dim: ExampleDim): number | string {
  return typeof dim === 'number' ? dim : dim.name;
}

function follow(program: ScriptProgram, { inputs, provenance, reason }: Proposal): ForwardDescription {
  const { graph, outputs } = followForward(program, inputs);
  return {
    inputs: inputs.map(({ name, dtype, dims }) => ({ name, dtype, dims: dims.map(nameDim) })),
    outputs: outputs.map(({ dtype, dims }, index) => ({
      name: `OUTPUT__${index}`,
      dtype,
      dims: dims.map((dim) => dim.constant ?? dim.text),
    })),
    provenance,
    reason,
    guards: [...graph.guards.values()],
  };
}

/**
 * Finds shapes that `forward` takes, best source first: those of the trace, then what fits the weights; and says what it
 * gives. @throws TranslationFailure where the program takes none of them, with why it did not take the most likely one.
 */
export function describeForward(program: ScriptProgram): ForwardDescription {
  const parameters = forwardParameters(program);
  const refusal = parameters.map(refusalOf).find((each) => each !== null);
  if (refusal !== undefined) throw new TranslationFailure(refusal);
  const required = parameters.filter((parameter) => parameter.default === null);
  const traced = tracedProposals(
    program,
    parameters.map(({ name }) => name),
  );
  const proposals =
    traced.length > 0
      ? traced
      : guessedProposals(
          program,
          required.map(({ name }) => name),
        );
  let failure: TranslationFailure | null = null;
  for (const proposal of proposals) {
    try {
      const found = follow(program, proposal);
      if (!isPinned(found.guards)) return found;
    } catch (cause) {
      // What asks for too much asks for it with other shapes too.
      if (!(cause instanceof TranslationFailure) || cause instanceof TranslationLimit) throw cause;
      if (failure === null || cause.unsupported.length > failure.unsupported.length) failure = cause;
    }
  }
  throw failure ?? new TranslationFailure('forward takes nothing that could be tried');
}
