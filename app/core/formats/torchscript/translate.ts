import { finishTranslation, type Translation } from '../torch/finish-translation.ts';
import { followForward, type ExampleInput } from './follow-forward.ts';
import type { ScriptProgram } from './script-program.ts';

/**
 * Translates `forward` of a TorchScript program to ONNX, for inputs of these shapes. Weights stay in the file that is
 * called `location` beside the ONNX file, wherever their elements lie in order.
 * @throws TranslationFailure listing everything that is not translated.
 */
export async function translateScript(
  program: ScriptProgram,
  options: {
    readonly inputs: readonly ExampleInput[];
    /** Names for the outputs, in order; `OUTPUT__0`, … where there are none. */
    readonly outputNames?: readonly string[];
    /** The file that the weights stay in. */
    readonly location: string;
  },
): Promise<Translation> {
  const { inputs, outputNames = [], location } = options;
  const { graph, outputs } = followForward(program, inputs);
  return finishTranslation(
    graph,
    inputs.map(({ name, dtype, dims }) => ({
      name,
      dtype,
      dims: dims.map((dim) => (typeof dim === 'number' ? dim : dim.name)),
    })),
    outputs.map((tensor, index) => ({ name: outputNames[index] ?? `OUTPUT__${index}`, tensor })),
    location,
  );
}
