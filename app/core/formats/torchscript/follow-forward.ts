import { SymbolicInt } from '../torch/symbolic-int.ts';
import { TensorGraph } from '../torch/tensor-graph.ts';
import type { TorchDtype } from '../torch/torch-dtypes.ts';
import { TorchTensor } from '../torch/torch-tensor.ts';
import { poisonIn, TorchDict, TorchList, TorchTuple, type TorchValue } from '../torch/torch-values.ts';
import { TranslationFailure } from '../torch/translation-failure.ts';
import { ScriptEvaluator } from './evaluate-script.ts';
import type { ScriptProgram } from './script-program.ts';

/** A dim of an input: its size, or a name where it is free, with the size that it has in the example. */
export type ExampleDim = number | { readonly name: string; readonly hint: number };

/** An input as the program is followed for it. */
export interface ExampleInput {
  readonly name: string;
  readonly dtype: TorchDtype;
  readonly dims: readonly ExampleDim[];
}

/** What `forward` does for inputs of these shapes. */
export interface FollowedForward {
  readonly graph: TensorGraph;
  /** Its tensors in order, whatever they are packed in. */
  readonly outputs: readonly TorchTensor[];
}

/**
 * Follows `forward` with inputs of these shapes; no weight is read. @throws TranslationFailure listing everything that is
 * not translated.
 */
export function followForward(program: ScriptProgram, inputs: readonly ExampleInput[]): FollowedForward {
  const graph = new TensorGraph();
  const evaluator = new ScriptEvaluator(program, graph);
  const tensors = inputs.map(({ name, dtype, dims }) =>
    graph.input(
      name,
      dtype,
      dims.map((dim) =>
        typeof dim === 'number' ? SymbolicInt.of(dim) : SymbolicInt.dim(dim.name, dim.hint),
      ),
    ),
  );
  const result = evaluator.run('forward', tensors);
  const poison = poisonIn(result);
  if (poison !== null)
    throw new TranslationFailure(
      `an output needs what is not translated: ${poison.why}`,
      evaluator.unsupported,
    );
  const outputs = tensorsOf(result);
  if (outputs.length === 0) throw new TranslationFailure('forward gives no tensor');
  return { graph, outputs };
}

function tensorsOf(value: TorchValue): TorchTensor[] {
  if (value instanceof TorchTensor) return [value];
  if (value instanceof TorchList || value instanceof TorchTuple) return value.items.flatMap(tensorsOf);
  return value instanceof TorchDict ? [...value.entries.values()].flatMap(([, each]) => tensorsOf(each)) : [];
}
