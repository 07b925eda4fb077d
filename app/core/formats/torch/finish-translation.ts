import {
  nodesBehind,
  type OnnxInitializer,
  type OnnxModel,
  type OnnxNode,
  type OnnxValue,
} from '../onnx/onnx-graph.ts';
import { isContiguous, type StoredTensor } from './stored-tensor.ts';
import type { FreeDim, Guard, TensorGraph } from './tensor-graph.ts';
import { TORCH_DTYPES, type TorchDtype } from './torch-dtypes.ts';
import type { TorchTensor } from './torch-tensor.ts';

/** A translated model. */
export interface Translation {
  readonly model: OnnxModel;
  /** Dtypes of its outputs, in order. */
  readonly outputs: readonly TorchDtype[];
  /** What must hold for other shapes than the example's. */
  readonly guards: readonly Guard[];
  /** Where the sizes that guards speak of are read. */
  readonly freeDims: readonly FreeDim[];
}

/** An input of a translated model; a text is the name of a free dim. */
export interface TranslatedInput {
  readonly name: string;
  readonly dtype: TorchDtype;
  readonly dims: readonly (number | string)[];
}

const OPSET = 18;

/**
 * The ONNX model of a graph: what its outputs need of it. Weights stay in the file that is called `location` beside the
 * ONNX file, wherever their elements lie in order.
 */
export async function finishTranslation(
  graph: TensorGraph,
  inputs: readonly TranslatedInput[],
  outputs: readonly { readonly name: string; readonly tensor: TorchTensor }[],
  location: string,
): Promise<Translation> {
  const values = outputs.map(({ name, tensor }): OnnxValue => ({
    name,
    type: TORCH_DTYPES[tensor.dtype].onnxType,
    dims: dimsOf(tensor),
  }));
  const named = outputs.map(({ name, tensor }): OnnxNode => ({
    operator: 'Identity',
    inputs: [tensor.name],
    outputs: [name],
    attributes: {},
  }));
  const { nodes, read } = nodesBehind(
    [...graph.nodes, ...named],
    values.map(({ name }) => name),
  );
  const initializers = [...graph.initializers.values()].filter(({ name }) => read.has(name));
  for (const [name, weight] of graph.weights)
    if (read.has(name)) initializers.push(await weightInitializer(name, weight as StoredTensor, location));
  return {
    model: {
      producer: 'conch',
      opset: OPSET,
      nodes,
      initializers,
      inputs: inputs.map(({ name, dtype, dims }) => ({ name, type: TORCH_DTYPES[dtype].onnxType, dims })),
      outputs: values,
    },
    outputs: outputs.map(({ tensor }) => tensor.dtype),
    guards: [...graph.guards.values()],
    freeDims: graph.freeDims,
  };
}

function dimsOf(tensor: TorchTensor): (number | string)[] {
  return tensor.dims.map((dim) => dim.constant ?? dim.text.replaceAll(/[^\w]+/g, '_'));
}

async function weightInitializer(
  name: string,
  tensor: StoredTensor,
  location: string,
): Promise<OnnxInitializer> {
  const { storage, dtype, size, offset } = tensor;
  const { itemBytes, onnxType } = TORCH_DTYPES[dtype];
  const length = size.reduce((product, count) => product * count, 1) * itemBytes;
  const start = offset * itemBytes;
  const shape = [...size];
  // The runtime looks into small tensors while it infers shapes, and only there.
  if (isContiguous(tensor) && storage.offset !== null && storage.bytes === null) {
    const place = storage.offset + start;
    // The runtime maps the file and reads elements where they lie: they have to lie on their own size.
    if (place % itemBytes === 0)
      return { name, type: onnxType, shape, bytes: { location, offset: place, length } };
  }
  const bytes = storage.bytes ?? (await storage.read());
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
