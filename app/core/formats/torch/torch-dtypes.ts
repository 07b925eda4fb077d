import type { Datatype } from '../../datatypes.ts';

/** A dtype of PyTorch that tensors of a translated model may have. */
export type TorchDtype =
  'uint8' | 'int8' | 'int16' | 'int32' | 'int64' | 'float16' | 'float32' | 'float64' | 'bool' | 'bfloat16';

/** What promotion compares first: a bool gives way to an integer, an integer to a float. */
export type DtypeCategory = 'bool' | 'int' | 'float';

interface DtypeRow {
  /** Number in TorchScript source (`c10/core/ScalarType.h`). */
  readonly scriptCode: number;
  /** Number in a `.pt2` program (`torch/_export/serde/schema.py`). */
  readonly exportCode: number;
  /** `TensorProto.DataType`. */
  readonly onnxType: number;
  readonly itemBytes: number;
  readonly category: DtypeCategory;
  /** Name of the storage class in pickles: `FloatStorage`. */
  readonly storage: string;
  /** What travels on the wire. */
  readonly datatype: Datatype;
}

/** The one table of PyTorch's dtypes. */
export const TORCH_DTYPES: Readonly<Record<TorchDtype, DtypeRow>> = {
  uint8: {
    scriptCode: 0,
    exportCode: 1,
    onnxType: 2,
    itemBytes: 1,
    category: 'int',
    storage: 'Byte',
    datatype: 'UINT8',
  },
  int8: {
    scriptCode: 1,
    exportCode: 2,
    onnxType: 3,
    itemBytes: 1,
    category: 'int',
    storage: 'Char',
    datatype: 'INT8',
  },
  int16: {
    scriptCode: 2,
    exportCode: 3,
    onnxType: 5,
    itemBytes: 2,
    category: 'int',
    storage: 'Short',
    datatype: 'INT16',
  },
  int32: {
    scriptCode: 3,
    exportCode: 4,
    onnxType: 6,
    itemBytes: 4,
    category: 'int',
    storage: 'Int',
    datatype: 'INT32',
  },
  int64: {
    scriptCode: 4,
    exportCode: 5,
    onnxType: 7,
    itemBytes: 8,
    category: 'int',
    storage: 'Long',
    datatype: 'INT64',
  },
  float16: {
    scriptCode: 5,
    exportCode: 6,
    onnxType: 10,
    itemBytes: 2,
    category: 'float',
    storage: 'Half',
    datatype: 'FP16',
  },
  float32: {
    scriptCode: 6,
    exportCode: 7,
    onnxType: 1,
    itemBytes: 4,
    category: 'float',
    storage: 'Float',
    datatype: 'FP32',
  },
  float64: {
    scriptCode: 7,
    exportCode: 8,
    onnxType: 11,
    itemBytes: 8,
    category: 'float',
    storage: 'Double',
    datatype: 'FP64',
  },
  bool: {
    scriptCode: 11,
    exportCode: 12,
    onnxType: 9,
    itemBytes: 1,
    category: 'bool',
    storage: 'Bool',
    datatype: 'BOOL',
  },
  bfloat16: {
    scriptCode: 15,
    exportCode: 13,
    onnxType: 16,
    itemBytes: 2,
    category: 'float',
    storage: 'BFloat16',
    datatype: 'BF16',
  },
};

const NAMES = Object.keys(TORCH_DTYPES) as TorchDtype[];

const byKey = <Key>(key: (row: DtypeRow) => Key): ReadonlyMap<Key, TorchDtype> =>
  new Map(NAMES.map((name) => [key(TORCH_DTYPES[name]), name]));

const BY_SCRIPT_CODE = byKey((row) => row.scriptCode);
const BY_EXPORT_CODE = byKey((row) => row.exportCode);
const BY_STORAGE = byKey((row) => row.storage);
const BY_DATATYPE = byKey((row) => row.datatype);

/** The dtype of a number in TorchScript source; undefined for complex and quantized ones. */
export function dtypeOfScriptCode(code: number): TorchDtype | undefined {
  return BY_SCRIPT_CODE.get(code);
}

/** The dtype of a number in a `.pt2` program; undefined for complex and quantized ones, and for small floats. */
export function dtypeOfExportCode(code: number): TorchDtype | undefined {
  return BY_EXPORT_CODE.get(code);
}

/** The dtype of a storage class of a pickle: `Float` → `float32`. */
export function dtypeOfStorage(storage: string): TorchDtype | undefined {
  return BY_STORAGE.get(storage);
}

/** The dtype of a wire datatype; undefined for those that PyTorch has no tensor of. */
export function dtypeOfDatatype(datatype: Datatype): TorchDtype | undefined {
  return BY_DATATYPE.get(datatype);
}

/** Whether tensors of this dtype hold floating point numbers. */
export function isFloating(dtype: TorchDtype): boolean {
  return TORCH_DTYPES[dtype].category === 'float';
}
