import { StatusError } from '../../status.ts';
import { finishTranslation, type Translation } from '../torch/finish-translation.ts';
import { TORCH_DTYPES } from '../torch/torch-dtypes.ts';
import type { TorchTensor } from '../torch/torch-tensor.ts';
import type { ConfigTensor } from '../torchscript/translate-for-config.ts';
import type { ExportProgram } from './export-program.ts';
import { followProgram, inputPaths, type ProgramInput, type ProgramTensor } from './follow-program.ts';

const INDEXED = /__(\d+)$/;

/** What Triton's `torch_aoti` calls the tensors of a call: by their place, or by their path in it. */
export function placeOfName(
  name: string,
  prefix: 'INPUT' | 'OUTPUT',
  paths: readonly string[],
): number | null {
  const byPath = paths.indexOf(name);
  if (byPath >= 0) return byPath;
  const place = name.startsWith(prefix) ? Number(INDEXED.exec(name)?.[1] ?? Number.NaN) : Number.NaN;
  return place < paths.length ? place : null;
}

/** @throws StatusError as Triton's backend has it, with the names that there are. */
function placesOf(
  modelName: string,
  names: readonly string[],
  what: 'Input' | 'Output',
  paths: readonly string[],
): readonly number[] {
  const prefix = what === 'Input' ? 'INPUT' : 'OUTPUT';
  return names.map((name) => {
    const place = placeOfName(name, prefix, paths);
    if (place !== null) return place;
    throw new StatusError(
      'invalid-argument',
      `${what} "${name}" for model instance "${modelName}" is not found in model ${what.toLowerCase()} map: it has ${paths.map((path, index) => `${prefix}__${index} (${path})`).join(', ')}`,
    );
  });
}

/** @throws StatusError where a config says something else of an input than the program. */
function checkInput(modelName: string, { name, dtype, dims }: ConfigTensor, meant: ProgramInput): void {
  const differs =
    dims.length !== meant.dims.length ||
    dims.some((dim, axis) => {
      const size = meant.dims[axis]?.constant ?? null;
      return dim !== -1 && size !== null && dim !== size;
    });
  if (dtype === meant.dtype && !differs) return;
  const text = (of: { dtype: ConfigTensor['dtype'] }, sizes: readonly (number | string)[]): string =>
    `${TORCH_DTYPES[of.dtype].datatype} [${sizes.join(', ')}]`;
  throw new StatusError(
    'invalid-argument',
    `model '${modelName}': the config has ${text({ dtype }, dims)} for input '${name}', and the program was exported for ${text(
      meant,
      meant.dims.map((dim) => dim.constant ?? dim.text),
    )}`,
  );
}

/** The outputs that a config names; all of them where it names none. */
function namedOutputs(
  modelName: string,
  names: readonly string[],
  outputs: readonly ProgramTensor[],
): readonly { readonly name: string; readonly tensor: TorchTensor }[] {
  if (names.length === 0) return outputs.map(({ tensor }, index) => ({ name: `OUTPUT__${index}`, tensor }));
  const places = placesOf(
    modelName,
    names,
    'Output',
    outputs.map(({ path }) => path),
  );
  return places.flatMap((place, index) => {
    const output = outputs[place];
    return output === undefined ? [] : [{ name: names[index] ?? '', tensor: output.tensor }];
  });
}

/**
 * Translates a program for the inputs and outputs of a model config, under their names. Which dims are free is what the
 * program says. Weights stay in the file that is called `location` beside the ONNX file, wherever their elements lie in
 * order. @throws StatusError where the config is for another program, TranslationFailure where it is not translated.
 */
export async function translateExportForConfig(
  program: ExportProgram,
  wanted: {
    readonly modelName: string;
    readonly inputs: readonly ConfigTensor[];
    readonly outputNames: readonly string[];
    readonly location: string;
  },
): Promise<Translation> {
  const { modelName, inputs, outputNames, location } = wanted;
  const paths = inputPaths(program);
  if (inputs.length !== paths.length)
    throw new StatusError(
      'invalid-argument',
      `unable to load model '${modelName}', configuration expects ${inputs.length} inputs, model provides ${paths.length}`,
    );
  const places = placesOf(
    modelName,
    inputs.map(({ name }) => name),
    'Input',
    paths,
  );
  if (new Set(places).size !== places.length)
    throw new StatusError('invalid-argument', `model '${modelName}': two of its inputs are the same one`);
  const names = paths.map((path, place) => inputs[places.indexOf(place)]?.name ?? path);
  const { graph, inputs: followed, outputs } = followProgram(program, names);
  for (const [index, input] of inputs.entries()) {
    const meant = followed[places[index] ?? index];
    if (meant !== undefined) checkInput(modelName, input, meant);
  }
  const named = namedOutputs(modelName, outputNames, outputs);
  return finishTranslation(
    graph,
    followed.map(({ dtype, dims }, index) => ({
      name: names[index] ?? '',
      dtype,
      dims: dims.map((dim) => dim.constant ?? dim.text.replaceAll(/\W+/g, '_')),
    })),
    named,
    location,
  );
}
