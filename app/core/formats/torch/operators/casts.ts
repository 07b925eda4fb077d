import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { SymbolicInt } from '../symbolic-int.ts';
import type { TorchDtype } from '../torch-dtypes.ts';
import { TorchTensor } from '../torch-tensor.ts';

const to: OperatorBody = (call) => {
  const self = call.tensor('self');
  const result = call.graph.cast(self, dtypeTo(call, self));
  return result === self && call.has('copy') && call.value('copy') === true ? call.graph.copy(self) : result;
};

function dtypeTo(call: OperatorCall, self: TorchTensor): TorchDtype {
  if (call.takes('other')) return call.tensor('other').dtype;
  return (call.takes('dtype') ? call.dtype() : null) ?? self.dtype;
}

const toDtype =
  (dtype: TorchDtype): OperatorBody =>
  (call) =>
    call.graph.cast(call.tensor('self'), dtype);

/** A tensor without dims as a number: only where it is known while translating. */
function numberOf(call: OperatorCall, name: string): SymbolicInt | number | boolean {
  const value = call.value(name);
  if (!(value instanceof TorchTensor)) return call.scalar(name);
  if (value.scalar === null)
    throw call.refuse('it makes a number of values that are only known when the model runs');
  return value.scalar;
}

const toInt: OperatorBody = (call) => {
  const value = numberOf(call, 'a');
  return value instanceof SymbolicInt ? value : SymbolicInt.of(Math.trunc(Number(value)));
};

const toFloat: OperatorBody = (call) => {
  const value = numberOf(call, 'a');
  return value instanceof SymbolicInt ? call.known(value, 'the number') : Number(value);
};

const toBool: OperatorBody = (call) => {
  const value = numberOf(call, 'a');
  return value instanceof SymbolicInt ? call.graph.isTrue(value) : Boolean(value);
};

/** Operators that change the dtype, or make numbers of tensors. */
export const CASTS: OperatorTable = {
  to,
  _to_copy: to,
  type_as: to,
  float: toDtype('float32'),
  double: toDtype('float64'),
  half: toDtype('float16'),
  bfloat16: toDtype('bfloat16'),
  int: toDtype('int32'),
  long: toDtype('int64'),
  short: toDtype('int16'),
  bool: toDtype('bool'),
  _cast_Float: toDtype('float32'),
  _cast_Long: toDtype('int64'),
  Int: toInt,
  IntImplicit: toInt,
  Float: toFloat,
  FloatImplicit: toFloat,
  Bool: toBool,
  ScalarImplicit: (call) => numberOf(call, 'a'),
  item: (call) => numberOf(call, 'self'),
};
