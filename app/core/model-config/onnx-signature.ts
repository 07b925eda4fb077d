import { DATATYPES } from '../datatypes.ts';
import type { DataType } from '../datatypes.ts';
import type { Dim, ModelDescription, TensorSignature } from '../formats/model-description.ts';

/** An input or output of a model as its runtime sees it. */
export interface SignatureTensor {
  readonly name: string;
  /** Null where Triton has no data type for it. */
  readonly dataType: DataType | null;
  /** The runtime's own name of what it is, where {@link dataType} is null: `ONNX_TYPE_SEQUENCE`, `COMPLEX64`, … */
  readonly onnxTypeName?: string;
  /** The full shape, batch dimension included; -1 for a dimension that may vary. Null where the rank is unknown. */
  readonly shape: readonly number[] | null;
  /** An initializer that a request may override. */
  readonly optional?: boolean;
}

/** The inputs and outputs of a model: what auto-complete and validation need to know of it. */
export interface ModelSignature {
  readonly inputs: readonly SignatureTensor[];
  readonly outputs: readonly SignatureTensor[];
}

/** What a model's description says of its signature. */
export function signatureOf(description: ModelDescription): ModelSignature {
  return {
    inputs: description.inputs.map(signatureTensor),
    outputs: description.outputs.map(signatureTensor),
  };
}

/** ONNX Runtime's names of what is no tensor, by the word with which a description says it. */
const ONNX_TYPE_NAMES: readonly (readonly [word: RegExp, name: string])[] = [
  [/\bsequence\b/, 'ONNX_TYPE_SEQUENCE'],
  [/\bmap\b/, 'ONNX_TYPE_MAP'],
  [/\bsparse\b/, 'ONNX_TYPE_SPARSETENSOR'],
  [/\boptional\b/, 'ONNX_TYPE_UNKNOWN'],
];

function onnxTypeNameOf(unsupported: string): string {
  return ONNX_TYPE_NAMES.find(([word]) => word.test(unsupported))?.[1] ?? unsupported;
}

function signatureTensor(tensor: TensorSignature): SignatureTensor {
  const datatype = tensor.datatype.value;
  return {
    name: tensor.name,
    dataType: datatype === null ? null : DATATYPES[datatype].dataType,
    ...(tensor.unsupported !== undefined && { onnxTypeName: onnxTypeNameOf(tensor.unsupported) }),
    shape: tensor.dims.value?.map(dimSize) ?? null,
    ...(tensor.isOptional && { optional: true }),
  };
}

function dimSize(dim: Dim): number {
  switch (dim.kind) {
    case 'fixed':
      return dim.size;
    case 'symbolic':
    case 'unknown':
      return -1;
  }
}
