import type { Guard } from '../torch/tensor-graph.ts';
import type { TorchDtype } from '../torch/torch-dtypes.ts';
import type { ExportProgram } from './export-program.ts';
import { followProgram } from './follow-program.ts';

/** An input or output of a program. A text is the name of a free dim. */
export interface DescribedTensor {
  /** What Triton's `torch_aoti` calls it. */
  readonly name: string;
  /** What it is in the Python call: `ARGS[0] (x)`, `RESULT[1]`. */
  readonly meaning: string;
  readonly dtype: TorchDtype;
  readonly dims: readonly (number | string)[];
}

/** The inputs and outputs of a program, and what must hold for their shapes. */
export interface DescribedProgram {
  readonly inputs: readonly DescribedTensor[];
  readonly outputs: readonly DescribedTensor[];
  readonly guards: readonly Guard[];
}

/** By place (`INPUT__0`) where the call is a plain row of tensors, else by path (`ARGS[0][key]`). */
function namesOf(paths: readonly string[], prefix: 'INPUT' | 'OUTPUT'): readonly string[] {
  const root = prefix === 'INPUT' ? 'ARGS' : 'RESULT';
  const isPlain = paths.every(
    (path, index) => path === `${root}[${index}]` || (path === root && paths.length === 1),
  );
  return isPlain ? paths.map((_, index) => `${prefix}__${index}`) : paths;
}

/** Follows a program and says what it takes and gives. @throws TranslationFailure where it is not translated. */
export function describeProgram(program: ExportProgram): DescribedProgram {
  const { graph, inputs, outputs } = followProgram(program);
  const inputNames = namesOf(
    inputs.map(({ path }) => path),
    'INPUT',
  );
  const outputNames = namesOf(
    outputs.map(({ path }) => path),
    'OUTPUT',
  );
  return {
    inputs: inputs.map(({ path, argumentName, dtype, dims }, index) => ({
      name: inputNames[index] ?? path,
      meaning: `${path}, ${argumentName} in forward`,
      dtype,
      dims: dims.map((dim) => dim.constant ?? dim.text),
    })),
    outputs: outputs.map(({ path, tensor: { dtype, dims } }, index) => ({
      name: outputNames[index] ?? path,
      meaning: path,
      dtype,
      dims: dims.map((dim) => dim.constant ?? dim.text),
    })),
    guards: [...graph.guards.values()],
  };
}
