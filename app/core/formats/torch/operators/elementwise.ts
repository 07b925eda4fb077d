import { SymbolicInt } from '../symbolic-int.ts';
import { isFloating, type TorchDtype } from '../torch-dtypes.ts';
import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { int } from '../tensor-graph.ts';
import { TorchTensor, type TorchScalar } from '../torch-tensor.ts';
import { resultDtype } from '../type-promotion.ts';

type Operand = TorchTensor | TorchScalar;

/** An operand as a tensor of a dtype. */
export function asTensor(call: OperatorCall, operand: Operand, dtype: TorchDtype): TorchTensor {
  if (operand instanceof TorchTensor) return call.graph.cast(operand, dtype);
  return call.graph.number(call.graph.convertScalar(operand, dtype), dtype);
}

function dimsOf(operand: Operand): readonly SymbolicInt[] {
  return operand instanceof TorchTensor ? operand.dims : [];
}

/** The dims of two operands together. @throws TranslationFailure where they do not fit. */
export function broadcastOf(call: OperatorCall, left: Operand, right: Operand): readonly SymbolicInt[] {
  const dims = call.graph.broadcast(dimsOf(left), dimsOf(right));
  if (dims !== null) return dims;
  const texts = [left, right].map(
    (each) =>
      `[${dimsOf(each)
        .map((dim) => dim.text)
        .join(', ')}]`,
  );
  throw call.refuse(`shapes ${texts.join(' and ')} do not fit together`);
}

/** One node on two operands that were brought to one dtype. */
export function binary(
  call: OperatorCall,
  operator: string,
  left: Operand,
  right: Operand,
  dtype: TorchDtype,
  result: TorchDtype = dtype,
): TorchTensor {
  const dims = broadcastOf(call, left, right);
  const inputs = [asTensor(call, left, dtype), asTensor(call, right, dtype)];
  return call.graph.apply(operator, inputs, {}, result, dims);
}

/** Integers become floats where an operator is only defined for these. */
export function floatDtype(dtype: TorchDtype): TorchDtype {
  return isFloating(dtype) ? dtype : 'float32';
}

type Fold = (left: TorchScalar, right: TorchScalar) => TorchScalar | null;

/** Arithmetic on numbers that are known while translating. */
const FOLDS: Readonly<Record<string, Fold>> = {
  Add: (left, right) =>
    foldInts(
      left,
      right,
      (a, b) => a.plus(b),
      (a, b) => a + b,
    ),
  Sub: (left, right) =>
    foldInts(
      left,
      right,
      (a, b) => a.minus(b),
      (a, b) => a - b,
    ),
  Mul: (left, right) =>
    foldInts(
      left,
      right,
      (a, b) => a.times(b),
      (a, b) => a * b,
    ),
};

function foldInts(
  left: TorchScalar,
  right: TorchScalar,
  exact: (left: SymbolicInt, right: SymbolicInt) => SymbolicInt,
  floating: (left: number, right: number) => number,
): TorchScalar | null {
  const [a, b] = [toInt(left), toInt(right)];
  if (a !== null && b !== null) return exact(a, b);
  const [x, y] = [toNumber(left), toNumber(right)];
  return x === null || y === null ? null : floating(x, y);
}

function toInt(value: TorchScalar): SymbolicInt | null {
  if (typeof value === 'boolean') return SymbolicInt.of(Number(value));
  return value instanceof SymbolicInt ? value : null;
}

function toNumber(value: TorchScalar): number | null {
  return value instanceof SymbolicInt ? value.constant : Number(value);
}

function scalarOf(operand: Operand): TorchScalar | null {
  return operand instanceof TorchTensor ? operand.scalar : operand;
}

/** The number that both operands give without a node; null where one of them is only known when the model runs. */
function fold(
  call: OperatorCall,
  left: Operand,
  right: Operand,
  dtype: TorchDtype,
  how: Fold,
): TorchTensor | null {
  if (!(left instanceof TorchTensor && left.rank === 0) || dimsOf(right).length > 0) return null;
  const [a, b] = [scalarOf(left), scalarOf(right)];
  if (a === null || b === null) return null;
  const value = how(a, b);
  if (value === null) return null;
  return call.graph.number(call.graph.convertScalar(value, dtype), dtype, left.isWrappedNumber);
}

function arithmetic(operator: 'Add' | 'Sub' | 'Mul'): OperatorBody {
  return (call) => {
    const left = call.operand('self');
    const right = withAlpha(call, call.operand('other'));
    return compute(call, operator, left, right);
  };
}

function compute(
  call: OperatorCall,
  operator: 'Add' | 'Sub' | 'Mul',
  left: Operand,
  right: Operand,
): TorchTensor {
  const dtype = resultDtype([left, right]);
  const folded = fold(call, left, right, dtype, FOLDS[operator] ?? (() => null));
  if (folded !== null) return folded;
  if (dtype !== 'bool') return binary(call, operator, left, right, dtype);
  if (operator === 'Sub') throw call.refuse('PyTorch does not subtract bools');
  return binary(call, operator === 'Add' ? 'Or' : 'And', left, right, 'bool');
}

/** `alpha` times the operand. */
function withAlpha(call: OperatorCall, other: Operand): Operand {
  if (!call.takes('alpha')) return other;
  const alpha = call.scalar('alpha');
  const isOne = alpha instanceof SymbolicInt ? alpha.constant === 1 : Number(alpha) === 1;
  if (isOne) return other;
  if (other instanceof TorchTensor) return compute(call, 'Mul', other, alpha);
  return FOLDS['Mul']?.(other, alpha) ?? other;
}

/** Divides exactly: integers give floats. */
export function trueDivide(call: OperatorCall, left: Operand, right: Operand): TorchTensor {
  return binary(call, 'Div', left, right, floatDtype(resultDtype([left, right])));
}

/** Floor division of Python and of `torch.floor_divide`. */
function floorDivide(call: OperatorCall, left: Operand, right: Operand): TorchTensor {
  const dtype = resultDtype([left, right]);
  const folded = fold(call, left, right, dtype, (a, b) => {
    const [x, y] = [toInt(a), toInt(b)];
    return x === null || y === null ? null : x.floorDividedBy(y);
  });
  if (folded !== null) return folded;
  const { graph } = call;
  if (isFloating(dtype)) {
    const quotient = binary(call, 'Div', left, right, dtype);
    return graph.apply('Floor', [quotient], {}, dtype, quotient.dims);
  }
  const [a, b] = [asTensor(call, left, dtype), asTensor(call, right, dtype)];
  const rest = graph.emit('Mod', [a, b]);
  const exact = graph.emit('Sub', [a, rest]);
  return graph.apply('Div', [exact, b], {}, dtype, broadcastOf(call, left, right));
}

function truncDivide(call: OperatorCall, left: Operand, right: Operand): TorchTensor {
  const dtype = resultDtype([left, right]);
  const folded = fold(call, left, right, dtype, (a, b) => {
    const [x, y] = [toInt(a), toInt(b)];
    // Without signs, cutting off is rounding down.
    return x === null || y === null || x.lowest < 0 || y.lowest <= 0 ? null : x.floorDividedBy(y);
  });
  if (folded !== null) return folded;
  const quotient = binary(call, 'Div', left, right, dtype);
  if (!isFloating(dtype)) return quotient;
  const { graph } = call;
  const floor = graph.emit('Floor', [graph.emit('Abs', [quotient])]);
  return graph.apply('Mul', [graph.emit('Sign', [quotient]), floor], {}, dtype, quotient.dims);
}

const divide: OperatorBody = (call) => {
  const [left, right] = [call.operand('self'), call.operand('other')];
  const mode = call.takes('rounding_mode') && call.has('rounding_mode') ? call.text('rounding_mode') : 'true';
  if (mode === 'floor') return floorDivide(call, left, right);
  return mode === 'trunc' ? truncDivide(call, left, right) : trueDivide(call, left, right);
};

const remainder: OperatorBody = (call) => {
  const [left, right] = [call.operand('self'), call.operand('other')];
  const dtype = resultDtype([left, right]);
  const folded = fold(call, left, right, dtype, (a, b) => {
    const [x, y] = [toInt(a), toInt(b)];
    return x === null || y === null ? null : x.modulo(y);
  });
  if (folded !== null) return folded;
  if (!isFloating(dtype)) return binary(call, 'Mod', left, right, dtype);
  const { graph } = call;
  const quotient = binary(call, 'Div', left, right, dtype);
  const whole = graph.emit('Mul', [graph.emit('Floor', [quotient]), asTensor(call, right, dtype)]);
  return graph.apply('Sub', [asTensor(call, left, dtype), whole], {}, dtype, quotient.dims);
};

const fmod: OperatorBody = (call) => {
  const [left, right] = [call.operand('self'), call.operand('other')];
  const dtype = resultDtype([left, right]);
  const inputs = [asTensor(call, left, dtype), asTensor(call, right, dtype)];
  return call.graph.apply('Mod', inputs, { fmod: int(1) }, dtype, broadcastOf(call, left, right));
};

const power: OperatorBody = (call) => {
  const [base, exponent] = [call.operand('self'), call.operand('exponent')];
  const dtype = resultDtype([base, exponent]);
  return binary(call, 'Pow', base, exponent, dtype);
};

/** `operator` on operands of one dtype gives bools; what `Not` turns round has no operator of its own. */
function comparison(operator: string, isNegated = false): OperatorBody {
  return (call) => {
    const [left, right] = [call.operand('self'), call.operand('other')];
    const dtype = resultDtype([left, right]);
    // Less and Greater are not defined for bools.
    const compared = dtype === 'bool' && operator !== 'Equal' ? 'uint8' : dtype;
    const result = binary(call, operator, left, right, compared, 'bool');
    return isNegated ? call.graph.apply('Not', [result], {}, 'bool', result.dims) : result;
  };
}

function logical(operator: string): OperatorBody {
  return (call) => binary(call, operator, call.operand('self'), call.operand('other'), 'bool');
}

function bitwise(onBools: string, onInts: string): OperatorBody {
  return (call) => {
    const [left, right] = [call.operand('self'), call.operand('other')];
    const dtype = resultDtype([left, right]);
    return binary(call, dtype === 'bool' ? onBools : onInts, left, right, dtype);
  };
}

function extreme(operator: 'Max' | 'Min'): OperatorBody {
  return (call) => {
    const [left, right] = [call.operand('self'), call.operand('other')];
    const dtype = resultDtype([left, right]);
    if (dtype === 'bool') return binary(call, operator === 'Max' ? 'Or' : 'And', left, right, dtype);
    return binary(call, operator, left, right, dtype);
  };
}

/** One node on one tensor. */
export function unary(operator: string, needsFloat: boolean): OperatorBody {
  return (call) => {
    const given = call.tensor('self');
    const self = needsFloat ? call.graph.cast(given, floatDtype(given.dtype)) : given;
    return call.graph.apply(operator, [self], {}, self.dtype, self.dims);
  };
}

/** Towards zero. */
const truncated: OperatorBody = (call) => {
  const self = call.tensor('self');
  if (!isFloating(self.dtype)) return call.graph.copy(self);
  const { graph } = call;
  const whole = graph.emit('Floor', [graph.emit('Abs', [self])]);
  return graph.apply('Mul', [graph.emit('Sign', [self]), whole], {}, self.dtype, self.dims);
};

/** The angle of a point, in the half of the plane that its signs say. */
const arcTangentOfTwo: OperatorBody = (call) => {
  const [rise, run] = [call.operand('self'), call.operand('other')];
  const { graph } = call;
  const dtype = floatDtype(resultDtype([rise, run]));
  const [y, x] = [asTensor(call, rise, dtype), asTensor(call, run, dtype)];
  const dims = broadcastOf(call, y, x);
  const zero = graph.scalar(0, dtype);
  const half = graph.scalar(Math.PI / 2, dtype);
  const turn = graph.scalar(Math.PI, dtype);
  const near = graph.emit('Atan', [graph.emit('Div', [y, x])]);
  const isBelow = graph.emit('Less', [y, zero]);
  const turned = graph.emit('Where', [
    isBelow,
    graph.emit('Sub', [near, turn]),
    graph.emit('Add', [near, turn]),
  ]);
  const sided = graph.emit('Where', [graph.emit('Less', [x, zero]), turned, near]);
  const upright = graph.emit('Mul', [graph.emit('Sign', [y]), half]);
  return graph.apply('Where', [graph.emit('Equal', [x, zero]), upright, sided], {}, dtype, dims);
};

/** Rounding operators leave integers as they are. */
function rounding(operator: string): OperatorBody {
  return (call) => {
    const self = call.tensor('self');
    if (!isFloating(self.dtype)) return call.graph.copy(self);
    return call.graph.apply(operator, [self], {}, self.dtype, self.dims);
  };
}

/** `f(x)` composed of a node and a constant factor. */
function scaled(operator: string, factor: number): OperatorBody {
  return (call) => {
    const given = call.tensor('self');
    const self = call.graph.cast(given, floatDtype(given.dtype));
    const value = call.graph.emit(operator, [self]);
    return call.graph.apply('Mul', [value, call.graph.scalar(factor, self.dtype)], {}, self.dtype, self.dims);
  };
}

const logOnePlus: OperatorBody = (call) => {
  const given = call.tensor('self');
  const self = call.graph.cast(given, floatDtype(given.dtype));
  const sum = call.graph.emit('Add', [self, call.graph.scalar(1, self.dtype)]);
  return call.graph.apply('Log', [sum], {}, self.dtype, self.dims);
};

const exponentialMinusOne: OperatorBody = (call) => {
  const given = call.tensor('self');
  const self = call.graph.cast(given, floatDtype(given.dtype));
  const power = call.graph.emit('Exp', [self]);
  return call.graph.apply('Sub', [power, call.graph.scalar(1, self.dtype)], {}, self.dtype, self.dims);
};

const inverseSquareRoot: OperatorBody = (call) => {
  const given = call.tensor('self');
  const self = call.graph.cast(given, floatDtype(given.dtype));
  return call.graph.apply('Reciprocal', [call.graph.emit('Sqrt', [self])], {}, self.dtype, self.dims);
};

const not: OperatorBody = (call) => {
  const self = call.tensor('self');
  if (self.dtype === 'bool' || call.name === 'logical_not')
    return call.graph.apply('Not', [call.graph.cast(self, 'bool')], {}, 'bool', self.dims);
  return call.graph.apply('BitwiseNot', [self], {}, self.dtype, self.dims);
};

const isFinite: OperatorBody = (call) => {
  const self = call.tensor('self');
  const isInf = call.graph.emit('IsInf', [self]);
  const isNan = call.graph.emit('IsNaN', [self]);
  return call.graph.apply('Not', [call.graph.emit('Or', [isInf, isNan])], {}, 'bool', self.dims);
};

/** A bound of clamp, which may be None, a number or a tensor. */
function bound(call: OperatorCall, name: string): Operand | null {
  return call.takes(name) && call.has(name) ? call.operand(name) : null;
}

const clamp: OperatorBody = (call) => {
  const self = call.tensor('self');
  const [low, high] = [bound(call, 'min'), bound(call, 'max')];
  const dtype = resultDtype([self, ...[low, high].filter((each) => each !== null)]);
  let result: TorchTensor = call.graph.cast(self, dtype);
  if (low !== null) result = binary(call, 'Max', result, low, dtype);
  if (high !== null) result = binary(call, 'Min', result, high, dtype);
  return result;
};

const where: OperatorBody = (call) => {
  const condition = call.tensor('condition');
  const [left, right] = [call.operand('self'), call.operand('other')];
  const dtype = resultDtype([left, right]);
  const dims = broadcastOf(call, condition, call.graph.tensor('', dtype, broadcastOf(call, left, right)));
  const inputs = [
    call.graph.cast(condition, 'bool'),
    asTensor(call, left, dtype),
    asTensor(call, right, dtype),
  ];
  return call.graph.apply('Where', inputs, {}, dtype, dims);
};

const maskedFill: OperatorBody = (call) => {
  const [self, mask] = [call.tensor('self'), call.tensor('mask')];
  const value = asTensor(call, call.operand('value'), self.dtype);
  const inputs = [call.graph.cast(mask, 'bool'), value, self];
  return call.graph.apply('Where', inputs, {}, self.dtype, broadcastOf(call, self, mask));
};

/** `self + value * tensor1 * tensor2`, or divided. */
function fusedMultiply(operator: 'Mul' | 'Div'): OperatorBody {
  return (call) => {
    const [self, first, second] = [call.tensor('self'), call.tensor('tensor1'), call.tensor('tensor2')];
    const dtype = resultDtype([self, first, second]);
    const product = binary(call, operator, first, second, dtype);
    const scaledProduct = binary(call, 'Mul', product, call.scalar('value'), dtype);
    return binary(call, 'Add', self, scaledProduct, dtype);
  };
}

const lerp: OperatorBody = (call) => {
  const [start, end] = [call.tensor('self'), call.tensor('end')];
  const dtype = resultDtype([start, end]);
  const distance = binary(call, 'Sub', end, start, dtype);
  return binary(call, 'Add', start, binary(call, 'Mul', distance, call.operand('weight'), dtype), dtype);
};

const reverseSubtract: OperatorBody = (call) => {
  const self = call.operand('self');
  const other = call.operand('other');
  const alpha = call.scalar('alpha');
  const scaledSelf = self instanceof TorchTensor ? compute(call, 'Mul', self, alpha) : self;
  return compute(
    call,
    'Sub',
    other instanceof TorchTensor ? other : asTensorOrNumber(call, other, self),
    scaledSelf,
  );
};

function asTensorOrNumber(call: OperatorCall, value: TorchScalar, like: Operand): Operand {
  // A number before a tensor does not decide the dtype, wherever it stands.
  return like instanceof TorchTensor ? value : asTensor(call, value, 'float32');
}

/** Operators that work element by element. */
export const ELEMENTWISE: OperatorTable = {
  add: arithmetic('Add'),
  sub: arithmetic('Sub'),
  subtract: arithmetic('Sub'),
  mul: arithmetic('Mul'),
  multiply: arithmetic('Mul'),
  rsub: reverseSubtract,
  div: divide,
  divide: divide,
  true_divide: (call) => trueDivide(call, call.operand('self'), call.operand('other')),
  floor_divide: (call) => floorDivide(call, call.operand('self'), call.operand('other')),
  remainder,
  fmod,
  pow: power,
  square: (call) => binary(call, 'Mul', call.tensor('self'), call.tensor('self'), call.tensor('self').dtype),
  eq: comparison('Equal'),
  ne: comparison('Equal', true),
  lt: comparison('Less'),
  le: comparison('LessOrEqual'),
  gt: comparison('Greater'),
  ge: comparison('GreaterOrEqual'),
  logical_and: logical('And'),
  logical_or: logical('Or'),
  logical_xor: logical('Xor'),
  logical_not: not,
  bitwise_not: not,
  bitwise_and: bitwise('And', 'BitwiseAnd'),
  bitwise_or: bitwise('Or', 'BitwiseOr'),
  bitwise_xor: bitwise('Xor', 'BitwiseXor'),
  __and__: bitwise('And', 'BitwiseAnd'),
  __or__: bitwise('Or', 'BitwiseOr'),
  __xor__: bitwise('Xor', 'BitwiseXor'),
  maximum: extreme('Max'),
  minimum: extreme('Min'),
  abs: unary('Abs', false),
  neg: unary('Neg', false),
  sign: unary('Sign', false),
  exp: unary('Exp', true),
  log: unary('Log', true),
  sqrt: unary('Sqrt', true),
  reciprocal: unary('Reciprocal', true),
  sigmoid: unary('Sigmoid', true),
  tanh: unary('Tanh', true),
  sin: unary('Sin', true),
  cos: unary('Cos', true),
  tan: unary('Tan', true),
  asin: unary('Asin', true),
  acos: unary('Acos', true),
  atan: unary('Atan', true),
  sinh: unary('Sinh', true),
  cosh: unary('Cosh', true),
  asinh: unary('Asinh', true),
  acosh: unary('Acosh', true),
  atanh: unary('Atanh', true),
  erf: unary('Erf', true),
  trunc: truncated,
  fix: truncated,
  atan2: arcTangentOfTwo,
  arctan2: arcTangentOfTwo,
  floor: rounding('Floor'),
  ceil: rounding('Ceil'),
  round: rounding('Round'),
  log2: scaled('Log', 1 / Math.LN2),
  log10: scaled('Log', 1 / Math.LN10),
  log1p: logOnePlus,
  expm1: exponentialMinusOne,
  rsqrt: inverseSquareRoot,
  isnan: (call) => call.graph.apply('IsNaN', [call.tensor('self')], {}, 'bool', call.tensor('self').dims),
  isinf: (call) => call.graph.apply('IsInf', [call.tensor('self')], {}, 'bool', call.tensor('self').dims),
  isfinite: isFinite,
  clamp,
  clip: clamp,
  clamp_min: clamp,
  clamp_max: clamp,
  where,
  masked_fill: maskedFill,
  addcmul: fusedMultiply('Mul'),
  addcdiv: fusedMultiply('Div'),
  lerp,
};
