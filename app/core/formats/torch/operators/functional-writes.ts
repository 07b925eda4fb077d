import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { TorchTensor } from '../torch-tensor.ts';
import { expanded, selected, sliceOf } from './shapes.ts';

/** A copy of a tensor with other elements in a part of it: what writing in place became in core ATen. */
function written(call: OperatorCall, partOf: (copy: TorchTensor) => TorchTensor): TorchTensor {
  const self = call.tensor('self');
  const copy = call.graph.tensor(self.name, self.dtype, self.dims);
  const part = partOf(copy);
  part.assign(expanded(call, call.graph.cast(call.tensor('src'), self.dtype), part.dims).name);
  return copy;
}

/** The elements of `src` in the dtype and dims of `self`. */
const copy: OperatorBody = (call) => {
  const self = call.tensor('self');
  return expanded(call, call.graph.cast(call.tensor('src'), self.dtype), self.dims);
};

const selectScatter: OperatorBody = (call) =>
  written(call, (tensor) => selected(call, tensor, call.axis('dim', tensor.rank), call.int('index')));

const sliceScatter: OperatorBody = (call) => written(call, (tensor) => sliceOf(call, tensor));

/** Operators of core ATen that stand for writes in place. */
export const FUNCTIONAL_WRITES: OperatorTable = {
  copy,
  select_scatter: selectScatter,
  slice_scatter: sliceScatter,
};
