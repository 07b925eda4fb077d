import { SCRIPT_BUILTINS } from '../torchscript/script-builtins.ts';
import { SymbolicInt } from '../torch/symbolic-int.ts';
import type { TensorGraph } from '../torch/tensor-graph.ts';
import { TorchTensor } from '../torch/torch-tensor.ts';
import type { TorchValue } from '../torch/torch-values.ts';

type NumberFunction = (graph: TensorGraph, values: readonly TorchValue[]) => TorchValue | undefined;

/** Python's and PyTorch's functions of numbers by what TorchScript calls the same. */
const SAME: Readonly<Record<string, string>> = {
  '_operator.add': 'add',
  '_operator.sub': 'sub',
  '_operator.mul': 'mul',
  '_operator.floordiv': 'floordiv',
  '_operator.mod': 'remainder',
  '_operator.truediv': 'div',
  '_operator.pow': 'pow',
  '_operator.neg': 'neg',
  '_operator.eq': 'eq',
  '_operator.ne': 'ne',
  '_operator.lt': 'lt',
  '_operator.le': 'le',
  '_operator.gt': 'gt',
  '_operator.ge': 'ge',
  '_operator.and_': '__and__',
  '_operator.or_': '__or__',
  '_operator.not_': '__not__',
  '_operator.getitem': '__getitem__',
  'math.trunc': 'Int',
  'math.ceil': 'ceil',
  'math.floor': 'floor',
  'math.sqrt': 'sqrt',
  'torch.sym_int': 'Int',
  'torch.sym_float': 'Float',
  'torch.sym_max': 'max',
  'torch.sym_min': 'min',
  'torch.sym_not': '__not__',
  'torch.sym_sqrt': 'sqrt',
};

/** A size, or one of a tensor's numbers that is known. */
const OF_TENSORS: Readonly<Record<string, NumberFunction>> = {
  sym_size: (_, [tensor = null, axis = null]) => {
    if (!(tensor instanceof TorchTensor) || !(axis instanceof SymbolicInt)) return undefined;
    return tensor.dims.at(axis.hint);
  },
  sym_numel: (_, [tensor = null]) =>
    tensor instanceof TorchTensor
      ? tensor.dims.reduce((product, dim) => product.times(dim), SymbolicInt.of(1))
      : undefined,
  item: (_, [tensor = null]) => (tensor instanceof TorchTensor ? (tensor.scalar ?? undefined) : undefined),
  'torch.sym_ite': (_, [condition = null, whenTrue = null, whenFalse = null]) =>
    typeof condition === 'boolean' ? (condition ? whenTrue : whenFalse) : undefined,
};

/**
 * What a function computes at once, by its name in a program: `_operator.mul`, `sym_size`. Undefined where it is none;
 * the function itself gives undefined for arguments that it does not compute with.
 */
export function numberFunction(name: string): NumberFunction | undefined {
  if (name === '_local_scalar_dense') return OF_TENSORS['item'];
  if (Object.hasOwn(OF_TENSORS, name)) return OF_TENSORS[name];
  const same = Object.hasOwn(SAME, name) ? SAME[name] : undefined;
  return same === undefined ? undefined : SCRIPT_BUILTINS[same];
}
