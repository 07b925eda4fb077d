import type { Datatype } from '../../datatypes.ts';

/** One of ONNX's `TensorProto.DataType`s. */
interface OnnxElementType {
  readonly name: string;
  /** Triton's datatype; null where it has none. */
  readonly datatype: Datatype | null;
  /** Bits an element; 0 for strings. */
  readonly bits: number;
  /** The ONNX type to cast to, or from, so that clients can send or receive the values. */
  readonly castTo?: string;
}

/** `TensorProto.DataType` number → type. */
export const ONNX_ELEMENT_TYPES: ReadonlyMap<number, OnnxElementType> = new Map([
  [1, { name: 'FLOAT', datatype: 'FP32', bits: 32 }],
  [2, { name: 'UINT8', datatype: 'UINT8', bits: 8 }],
  [3, { name: 'INT8', datatype: 'INT8', bits: 8 }],
  [4, { name: 'UINT16', datatype: 'UINT16', bits: 16 }],
  [5, { name: 'INT16', datatype: 'INT16', bits: 16 }],
  [6, { name: 'INT32', datatype: 'INT32', bits: 32 }],
  [7, { name: 'INT64', datatype: 'INT64', bits: 64 }],
  [8, { name: 'STRING', datatype: 'BYTES', bits: 0 }],
  [9, { name: 'BOOL', datatype: 'BOOL', bits: 8 }],
  [10, { name: 'FLOAT16', datatype: 'FP16', bits: 16 }],
  [11, { name: 'DOUBLE', datatype: 'FP64', bits: 64 }],
  [12, { name: 'UINT32', datatype: 'UINT32', bits: 32 }],
  [13, { name: 'UINT64', datatype: 'UINT64', bits: 64 }],
  [14, { name: 'COMPLEX64', datatype: null, bits: 64 }],
  [15, { name: 'COMPLEX128', datatype: null, bits: 128 }],
  [16, { name: 'BFLOAT16', datatype: 'BF16', bits: 16, castTo: 'FLOAT' }],
  [17, { name: 'FLOAT8E4M3FN', datatype: null, bits: 8, castTo: 'FLOAT' }],
  [18, { name: 'FLOAT8E4M3FNUZ', datatype: null, bits: 8, castTo: 'FLOAT' }],
  [19, { name: 'FLOAT8E5M2', datatype: null, bits: 8, castTo: 'FLOAT' }],
  [20, { name: 'FLOAT8E5M2FNUZ', datatype: null, bits: 8, castTo: 'FLOAT' }],
  [21, { name: 'UINT4', datatype: null, bits: 4, castTo: 'UINT8' }],
  [22, { name: 'INT4', datatype: null, bits: 4, castTo: 'INT8' }],
  [23, { name: 'FLOAT4E2M1', datatype: null, bits: 4, castTo: 'FLOAT' }],
  [24, { name: 'FLOAT8E8M0', datatype: null, bits: 8, castTo: 'FLOAT' }],
  [25, { name: 'UINT2', datatype: null, bits: 2, castTo: 'UINT8' }],
  [26, { name: 'INT2', datatype: null, bits: 2, castTo: 'INT8' }],
]);
