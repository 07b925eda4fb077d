import { MalformedFile } from '../malformed-file.ts';
import {
  nodesBehind,
  type OnnxInitializer,
  type OnnxModel,
  type OnnxNode,
  type OnnxValue,
} from '../onnx/onnx-graph.ts';
import type { Guard } from '../torch/tensor-graph.ts';
import type { TorchArchive } from '../torch/torch-archive.ts';
import { TORCH_DTYPES, type TorchDtype } from '../torch/torch-dtypes.ts';
import type { TorchTensor } from '../torch/torch-tensor.ts';
import { followForward, type ExampleInput } from './follow-forward.ts';
import type { ScriptProgram } from './script-program.ts';
import { isContiguous, type StoredTensor } from './script-weights.ts';

/** A translated model. */
export interface Translation {
  readonly model: OnnxModel;
  /** Dtypes of its outputs, in order. */
  readonly outputs: readonly TorchDtype[];
  /** What must hold for other shapes than the example's. */
  readonly guards: readonly Guard[];
}

const OPSET = 18;

/**
 * Translates `forward` of a TorchScript program to ONNX, for inputs of these shapes. Weights stay in the file that is
 * called `location` beside the ONNX file, wherever their elements lie in order.
 * @throws TranslationFailure listing everything that is not translated.
 */
export async function translateScript(
  program: ScriptProgram,
  archive: TorchArchive,
  options: {
    readonly inputs: readonly ExampleInput[];
    /** Names for the outputs, in order; `OUTPUT__0`, … where there are none. */
    readonly outputNames?: readonly string[];
    /** The file beside the ONNX file that the weights stay in; null puts them into the ONNX file itself. */
    readonly location: string;
  },
): Promise<Translation> {
  const { inputs, outputNames = [], location } = options;
  const { graph, outputs } = followForward(program, inputs);
  const values = outputs.map((tensor, index): OnnxValue => ({
    name: outputNames[index] ?? `OUTPUT__${index}`,
    type: TORCH_DTYPES[tensor.dtype].onnxType,
    dims: dimsOf(tensor),
  }));
  const named = values.map(({ name }, index): OnnxNode => ({
    operator: 'Identity',
    inputs: [outputs[index]?.name ?? ''],
    outputs: [name],
    attributes: {},
  }));
  const { nodes, read } = nodesBehind(
    [...graph.nodes, ...named],
    values.map(({ name }) => name),
  );
  const initializers = [...graph.initializers.values()].filter(({ name }) => read.has(name));
  for (const [name, weight] of graph.weights) {
    if (read.has(name))
      initializers.push(await weightInitializer(name, weight as StoredTensor, archive, location));
  }
  return {
    model: {
      producer: 'conch',
      opset: OPSET,
      nodes,
      initializers,
      inputs: inputs.map(({ name, dtype, dims }) => ({
        name,
        type: TORCH_DTYPES[dtype].onnxType,
        dims: dims.map((dim) => (typeof dim === 'number' ? dim : dim.name)),
      })),
      outputs: values,
    },
    outputs: outputs.map(({ dtype }) => dtype),
    guards: [...graph.guards.values()],
  };
}

function dimsOf(tensor: TorchTensor): (number | string)[] {
  return tensor.dims.map((dim) => dim.constant ?? dim.text.replaceAll(/[^\w]+/g, '_'));
}

async function weightInitializer(
  name: string,
  tensor: StoredTensor,
  archive: TorchArchive,
  location: string,
): Promise<OnnxInitializer> {
  const { storage, dtype, size, offset } = tensor;
  const { itemBytes, onnxType } = TORCH_DTYPES[dtype];
  const length = size.reduce((product, count) => product * count, 1) * itemBytes;
  const start = offset * itemBytes;
  const shape = [...size];
  // The runtime looks into small tensors while it infers shapes, and only there.
  if (isContiguous(tensor) && storage.offset !== null && storage.bytes === null)
    return { name, type: onnxType, shape, bytes: { location, offset: storage.offset + start, length } };
  const bytes = storage.bytes ?? (await archive.read(storage.entry, storage.byteLength));
  if (bytes === null) throw new MalformedFile(`the weights ${storage.entry} are missing`);
  return {
    name,
    type: onnxType,
    shape,
    bytes: isContiguous(tensor) ? bytes.slice(start, start + length) : gathered(tensor, bytes, length),
  };
}

/** Elements put in order. */
function gathered(
  { size, stride, offset, dtype }: StoredTensor,
  bytes: Uint8Array,
  length: number,
): Uint8Array {
  const { itemBytes } = TORCH_DTYPES[dtype];
  const result = new Uint8Array(length);
  const index = size.map(() => 0);
  for (let at = 0; at < length; at += itemBytes) {
    const element = index.reduce((sum, each, axis) => sum + each * (stride[axis] ?? 0), offset);
    result.set(bytes.subarray(element * itemBytes, (element + 1) * itemBytes), at);
    for (let axis = size.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (size[axis] ?? 1)) break;
      index[axis] = 0;
    }
  }
  return result;
}
