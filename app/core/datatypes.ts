/**
 * Every element type of Triton: wire datatype → config data type, bytes an element (0: each BYTES element
 * carries its own length), and the number in `model_config.proto`.
 */
export const DATATYPES = {
  BOOL: { dataType: 'TYPE_BOOL', elementBytes: 1, protoNumber: 1 },
  UINT8: { dataType: 'TYPE_UINT8', elementBytes: 1, protoNumber: 2 },
  UINT16: { dataType: 'TYPE_UINT16', elementBytes: 2, protoNumber: 3 },
  UINT32: { dataType: 'TYPE_UINT32', elementBytes: 4, protoNumber: 4 },
  UINT64: { dataType: 'TYPE_UINT64', elementBytes: 8, protoNumber: 5 },
  INT8: { dataType: 'TYPE_INT8', elementBytes: 1, protoNumber: 6 },
  INT16: { dataType: 'TYPE_INT16', elementBytes: 2, protoNumber: 7 },
  INT32: { dataType: 'TYPE_INT32', elementBytes: 4, protoNumber: 8 },
  INT64: { dataType: 'TYPE_INT64', elementBytes: 8, protoNumber: 9 },
  FP16: { dataType: 'TYPE_FP16', elementBytes: 2, protoNumber: 10 },
  FP32: { dataType: 'TYPE_FP32', elementBytes: 4, protoNumber: 11 },
  FP64: { dataType: 'TYPE_FP64', elementBytes: 8, protoNumber: 12 },
  BYTES: { dataType: 'TYPE_STRING', elementBytes: 0, protoNumber: 13 },
  BF16: { dataType: 'TYPE_BF16', elementBytes: 2, protoNumber: 14 },
} as const;

/** A datatype as it stands on the wire: `FP32`. */
export type Datatype = keyof typeof DATATYPES;

/** A data type as it is written in a model config: `TYPE_FP32`. */
export type DataType = (typeof DATATYPES)[Datatype]['dataType'];

const BY_DATA_TYPE: ReadonlyMap<string, Datatype> = new Map(
  Object.entries(DATATYPES).map(([datatype, { dataType }]) => [dataType, datatype as Datatype]),
);

/** Whether `text` is a wire datatype. */
export function isDatatype(text: string): text is Datatype {
  return Object.hasOwn(DATATYPES, text);
}

/** `TYPE_FP32` → `FP32`; undefined for anything that is not a config data type. */
export function datatypeOf(dataType: string): Datatype | undefined {
  return BY_DATA_TYPE.get(dataType);
}
