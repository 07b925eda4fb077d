import { StatusError } from '../../status.ts';
import type { Translation } from '../torch/finish-translation.ts';
import type { TorchDtype } from '../torch/torch-dtypes.ts';
import { TranslationFailure, TranslationLimit } from '../torch/translation-failure.ts';
import { forwardParameters } from './describe-forward.ts';
import type { ExampleDim, ExampleInput } from './follow-forward.ts';
import type { ScriptProgram } from './script-program.ts';
import { translateScript } from './translate.ts';

/** An input as a config has it, the batch dimension included; −1 is free. */
export interface ConfigTensor {
  readonly name: string;
  readonly dtype: TorchDtype;
  readonly dims: readonly number[];
}

/** Changes whenever the same file and config would be translated to something else. */
export const TRANSLATOR_VERSION = 7;

/** Sizes that free dims have in the example: first the batch, then the others. */
const EXAMPLES: readonly (readonly [batch: number, other: number])[] = [
  [2, 8],
  [2, 224],
  [2, 32],
  [2, 64],
  [2, 400],
  [1, 8],
  [1, 224],
  [8, 8],
];

const INDEXED = /__(\d+)/;

/** The text behind the first `__` as a place; null where it is none. */
function placeOf(name: string): number | null {
  const found = INDEXED.exec(name);
  return found === null ? null : Number(found[1]);
}

/**
 * Which argument of `forward` each input of a config is, by Triton's naming conventions in their order: the arguments'
 * own names, `NAME__<place>`, else the order of the config (`GetNamingConvention` of the PyTorch backend).
 */
export function argumentOrder(names: readonly string[], parameters: readonly string[]): readonly number[] {
  if (names.every((name) => parameters.includes(name))) return names.map((name) => parameters.indexOf(name));
  const places = names.map(placeOf);
  return places.every((place) => place !== null) ? places : names.map((_, index) => index);
}

/** The name of a free dim. */
function dimName(input: ConfigTensor, axis: number, isBatched: boolean): string {
  return axis === 0 && isBatched ? 'batch' : `${input.name.replaceAll(/\W/g, '_')}_${axis}`;
}

function exampleOf(
  input: ConfigTensor,
  isBatched: boolean,
  [batch, other]: readonly [number, number],
  wanted: Readonly<Record<string, number>>,
): ExampleInput {
  const dims = input.dims.map((dim, axis): ExampleDim => {
    if (dim !== -1) return dim;
    const name = dimName(input, axis, isBatched);
    return { name, hint: wanted[name] ?? (axis === 0 && isBatched ? batch : other) };
  });
  return { name: input.name, dtype: input.dtype, dims };
}

/** Names for the outputs of the program by place; places that the config does not name get one of their own. */
function outputOrder(names: readonly string[]): string[] {
  const places = names.map(placeOf);
  const isIndexed = places.every((place) => place !== null);
  const ordered: string[] = [];
  for (const [index, name] of names.entries()) ordered[isIndexed ? (places[index] ?? index) : index] = name;
  return Array.from(ordered, (name, index) => name ?? `OUTPUT__${index}`);
}

/**
 * Translates a program for the inputs and outputs of a model config, under their names.
 * @throws StatusError in Triton's words where the counts differ, TranslationFailure where the program is not translated.
 */
export async function translateForConfig(
  program: ScriptProgram,
  wanted: {
    readonly modelName: string;
    readonly isBatched: boolean;
    readonly inputs: readonly ConfigTensor[];
    readonly outputNames: readonly string[];
    /** Sizes of the free dims for which the program is followed; usual ones when absent. */
    readonly example?: Readonly<Record<string, number>>;
    /** As {@link translateScript} takes it. */
    readonly location: string;
  },
): Promise<Translation> {
  const { modelName, isBatched, inputs, outputNames, location, example: sizes } = wanted;
  const parameters = forwardParameters(program).map(({ name }) => name);
  if (inputs.length !== parameters.length)
    throw countsDiffer(modelName, 'inputs', inputs.length, parameters.length);
  const order = argumentOrder(
    inputs.map(({ name }) => name),
    parameters,
  );
  const inOrder = parameters.map((_, place) => inputs[order.indexOf(place)]);
  let failure: StatusError | null = null;
  for (const example of EXAMPLES) {
    const examples = inOrder.flatMap((input) =>
      input === undefined ? [] : [exampleOf(input, isBatched, example, sizes ?? {})],
    );
    if (examples.length !== parameters.length)
      throw new StatusError(
        'invalid-argument',
        `model '${modelName}': the names of its inputs leave out an argument of forward`,
      );
    try {
      const translation = await translateScript(program, {
        inputs: examples,
        outputNames: outputOrder(outputNames),
        location,
      });
      const given = translation.model.outputs.length;
      if (outputNames.length > given) throw countsDiffer(modelName, 'outputs', outputNames.length, given);
      return translation;
    } catch (cause) {
      // What asks for too much asks for it with other shapes too.
      if (!(cause instanceof TranslationFailure) || cause instanceof TranslationLimit) throw cause;
      failure ??= cause;
    }
    if (sizes !== undefined || inputs.every(({ dims }) => !dims.includes(-1))) break;
  }
  throw failure ?? new TranslationFailure('it could not be followed');
}

function countsDiffer(modelName: string, what: string, expected: number, provided: number): StatusError {
  return new StatusError(
    'invalid-argument',
    `unable to load model '${modelName}', configuration expects ${expected} ${what}, model provides ${provided}`,
  );
}
