import { SymbolicInt } from './symbolic-int.ts';
import { TORCH_DTYPES, type TorchDtype } from './torch-dtypes.ts';
import { TorchTensor, type TorchScalar } from './torch-tensor.ts';

const INT_WIDTH: Readonly<Partial<Record<TorchDtype, number>>> = { int8: 1, int16: 2, int32: 3, int64: 4 };

/** The dtype that holds the values of both (`c10::promoteTypes`). */
export function promoteDtypes(left: TorchDtype, right: TorchDtype): TorchDtype {
  if (left === right) return left;
  const [leftRow, rightRow] = [TORCH_DTYPES[left], TORCH_DTYPES[right]];
  if (leftRow.category === 'bool') return right;
  if (rightRow.category === 'bool') return left;
  if (leftRow.category !== rightRow.category) return leftRow.category === 'float' ? left : right;
  if (leftRow.category === 'float') {
    if (leftRow.itemBytes === rightRow.itemBytes) return 'float32';
    return leftRow.itemBytes > rightRow.itemBytes ? left : right;
  }
  // Unsigned bytes and signed bytes need one more bit.
  if (left === 'uint8') return right === 'int8' ? 'int16' : right;
  if (right === 'uint8') return left === 'int8' ? 'int16' : left;
  return (INT_WIDTH[left] ?? 0) > (INT_WIDTH[right] ?? 0) ? left : right;
}

function dtypeOfNumber(value: TorchScalar): TorchDtype {
  if (typeof value === 'boolean') return 'bool';
  return value instanceof SymbolicInt ? 'int64' : 'float32';
}

/** What stands higher decides, unless what stands lower is of a higher category (`combine_categories`). */
function combine(higher: TorchDtype | null, lower: TorchDtype | null): TorchDtype | null {
  if (higher === null) return lower;
  if (lower === null || TORCH_DTYPES[higher].category === 'float') return higher;
  if (TORCH_DTYPES[higher].category === 'bool' || TORCH_DTYPES[lower].category === 'float')
    return promoteDtypes(higher, lower);
  return higher;
}

/**
 * The dtype of the result of an operator on tensors and numbers (`at::native::result_type`): tensors with dims decide
 * before those without, and these before numbers.
 */
export function resultDtype(operands: readonly (TorchTensor | TorchScalar)[]): TorchDtype {
  let withDims: TorchDtype | null = null;
  let withoutDims: TorchDtype | null = null;
  let numbers: TorchDtype | null = null;
  const join = (known: TorchDtype | null, next: TorchDtype): TorchDtype =>
    known === null ? next : promoteDtypes(known, next);
  for (const operand of operands) {
    if (!(operand instanceof TorchTensor)) numbers = join(numbers, dtypeOfNumber(operand));
    else if (operand.isWrappedNumber) numbers = join(numbers, dtypeOfNumber(operand.scalar ?? 0));
    else if (operand.dims.length > 0) withDims = join(withDims, operand.dtype);
    else withoutDims = join(withoutDims, operand.dtype);
  }
  return combine(withDims, combine(withoutDims, numbers)) ?? 'float32';
}
