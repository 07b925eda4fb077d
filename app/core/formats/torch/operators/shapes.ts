import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { productOf, SymbolicInt } from '../symbolic-int.ts';
import { int, ints } from '../tensor-graph.ts';
import { TorchTensor } from '../torch-tensor.ts';
import { TorchList } from '../torch-values.ts';
import { resultDtype } from '../type-promotion.ts';

const ONE = SymbolicInt.of(1);
/** `torch.contiguous_format` as programs write it. */
const CONTIGUOUS_FORMAT = 0;

/** The same elements under other dims. Writing into it writes into the tensor, which must lie in memory in order. */
export function reshaped(call: OperatorCall, self: TorchTensor, dims: readonly SymbolicInt[]): TorchTensor {
  const { graph } = call;
  const reshape = (name: string, to: readonly SymbolicInt[]): string =>
    graph.emit('Reshape', [name, graph.shape(to)]);
  return graph.view(
    {
      base: self,
      read: (base) => reshape(base, dims),
      write: (_, view) => {
        if (!self.isContiguous)
          throw call.refuse('it is written to, but whether it shares memory is not sure');
        return reshape(view, self.dims);
      },
    },
    dims,
    self.isContiguous,
  );
}

/** What is a view where PyTorch can make one, and a copy elsewhere: as long as nothing is written, that is the same. */
function viewOrCopy(call: OperatorCall, self: TorchTensor, dims: readonly SymbolicInt[]): TorchTensor {
  if (self.isContiguous) return reshaped(call, self, dims);
  const name = call.graph.emit('Reshape', [self, call.graph.shape(dims)]);
  return new TorchTensor({
    dtype: self.dtype,
    dims,
    make: () => name,
    isContiguous: false,
    origin: { from: self, isCopy: () => false },
  });
}

/** The tensor itself where its elements lie in order, else a copy in which they do. */
const contiguous: OperatorBody = (call) => {
  const self = call.tensor('self');
  const isPlain = !call.takes('memory_format') || call.int('memory_format').constant === CONTIGUOUS_FORMAT;
  if (isPlain && self.isContiguous) return self;
  const { name } = self;
  return new TorchTensor({
    dtype: self.dtype,
    dims: self.dims,
    make: () => name,
    isContiguous: isPlain,
    origin: { from: self, isCopy: () => isPlain && self.isScattered() },
  });
};

/** Dims in which one may be −1: what is left. */
function wholeShape(call: OperatorCall, self: TorchTensor, given: readonly SymbolicInt[]): SymbolicInt[] {
  const open = given.findIndex((dim) => dim.constant === -1);
  const all = productOf(self.dims);
  const known = productOf(given.filter((_, index) => index !== open));
  if (open < 0) {
    if (call.graph.unify(all, known) === null)
      throw call.refuse(`${all.text} elements do not fit into [${given.map((dim) => dim.text).join(', ')}]`);
    return [...given];
  }
  const rest = all.floorDividedBy(known);
  if (call.graph.unify(all, rest.times(known)) === null)
    throw call.refuse(`${all.text} elements do not fit into [${given.map((dim) => dim.text).join(', ')}]`);
  return given.map((dim, index) => (index === open ? rest : dim));
}

const view: OperatorBody = (call) => {
  const self = call.tensor('self');
  if (!call.takes('size') && !call.takes('shape')) throw call.refuse('it sees the bytes as another dtype');
  const given = call.ints(call.takes('size') ? 'size' : 'shape');
  return reshaped(call, self, wholeShape(call, self, given));
};

const reshape: OperatorBody = (call) => {
  const self = call.tensor('self');
  return viewOrCopy(call, self, wholeShape(call, self, call.ints('shape')));
};

/** The same elements in the same order, which is what is left of it in programs that do not look at memory otherwise. */
const asStrided: OperatorBody = (call) => {
  const self = call.tensor('self');
  const [size, stride] = [call.ints('size'), call.ints('stride')];
  let expected = ONE;
  const isPlain = size.toReversed().every((count, back) => {
    const axis = size.length - 1 - back;
    const fits = count.constant === 1 || stride[axis]?.equals(expected) === true;
    expected = expected.times(count);
    return fits;
  });
  const isWhole = productOf(size).equals(productOf(self.dims));
  const isAtStart = !call.has('storage_offset') || call.int('storage_offset').constant === 0;
  if (!isPlain || !isWhole || !isAtStart || !self.isContiguous)
    throw call.refuse('it reads memory in an order of its own');
  return reshaped(call, self, size);
};

/** What lies on a diagonal of two dims, as the last dim. */
const diagonal: OperatorBody = (call) => {
  const self = call.tensor('self');
  const [first, second] = [call.axis('dim1', self.rank), call.axis('dim2', self.rank)];
  const offset = call.staticInt('offset');
  const [height, width] = [first, second].map((axis) => call.known(self.dims[axis] ?? ONE, 'a dim')) as [
    number,
    number,
  ];
  const rest = self.dims.map((_, axis) => axis).filter((axis) => axis !== first && axis !== second);
  const count = Math.max(0, Math.min(height + Math.min(offset, 0), width - Math.max(offset, 0)));
  const start = offset >= 0 ? offset : -offset * width;
  const places = call.many(count, (index) => start + index * (width + 1));
  const stack = rest.map((axis) => self.dims[axis] ?? ONE);
  const last = permuted(call, self, [...rest, first, second]);
  const flat = reshaped(call, last, [...stack, SymbolicInt.of(height * width)]);
  return call.graph.apply(
    'Gather',
    [flat, call.graph.constant(places, 'int64', [count])],
    { axis: int(stack.length) },
    self.dtype,
    [...stack, SymbolicInt.of(count)],
  );
};

const flatten: OperatorBody = (call) => {
  const self = call.tensor('self');
  if (self.rank === 0) return viewOrCopy(call, self, [ONE]);
  const [start, end] = [call.axis('start_dim', self.rank), call.axis('end_dim', self.rank)];
  const middle = productOf(self.dims.slice(start, end + 1));
  return viewOrCopy(call, self, [...self.dims.slice(0, start), middle, ...self.dims.slice(end + 1)]);
};

const unflatten: OperatorBody = (call) => {
  const self = call.tensor('self');
  const axis = call.axis('dim', self.rank);
  const inner = call.ints('sizes');
  const dims = [...self.dims.slice(0, axis), ...inner, ...self.dims.slice(axis + 1)];
  return reshaped(call, self, wholeShape(call, self, dims));
};

/** Dims in another order. */
export function permuted(call: OperatorCall, self: TorchTensor, perm: readonly number[]): TorchTensor {
  const { graph } = call;
  if (perm.every((from, to) => from === to)) return self;
  const back = perm.map((_, index) => perm.indexOf(index));
  const isLong = (axis: number | undefined): boolean => graph.holds(self.dims[axis ?? 0] ?? ONE, '>', ONE);
  const isTurned = (): boolean =>
    perm.some((from, index) =>
      perm.slice(index + 1).some((later) => later < from && isLong(later) && isLong(from)),
    );
  return graph.view(
    {
      base: self,
      read: (base) => graph.emit('Transpose', [base], { perm: ints(perm) }),
      write: (_, value) => graph.emit('Transpose', [value], { perm: ints(back) }),
    },
    perm.map((from) => self.dims[from] ?? ONE),
    false,
    () => self.isContiguous && isTurned(),
  );
}

const permute: OperatorBody = (call) => {
  const self = call.tensor('self');
  return permuted(
    call,
    self,
    call.staticInts('dims').map((dim) => call.dim(dim, self.rank)),
  );
};

function swapped(call: OperatorCall, self: TorchTensor, first: number, second: number): TorchTensor {
  const perm = self.dims.map((_, index) => index);
  [perm[first], perm[second]] = [second, first];
  return permuted(call, self, perm);
}

const transpose: OperatorBody = (call) => {
  const self = call.tensor('self');
  const [first, second] = call.takes('dim0') ? ['dim0', 'dim1'] : ['axis0', 'axis1'];
  return self.rank === 0
    ? self
    : swapped(call, self, call.axis(first ?? '', self.rank), call.axis(second ?? '', self.rank));
};

const t: OperatorBody = (call) => {
  const self = call.tensor('self');
  return self.rank < 2 ? self : swapped(call, self, 0, 1);
};

const matrixTranspose: OperatorBody = (call) => {
  const self = call.tensor('self');
  return swapped(call, self, self.rank - 2, self.rank - 1);
};

const reversedDims: OperatorBody = (call) => {
  const self = call.tensor('self');
  return permuted(call, self, self.dims.map((_, index) => index).toReversed());
};

const moveDim: OperatorBody = (call) => {
  const self = call.tensor('self');
  const [from, to] = ['source', 'destination'].map((name) =>
    call.staticDims(name).map((dim) => call.dim(dim, self.rank)),
  );
  const rest = self.dims.map((_, index) => index).filter((index) => !from?.includes(index));
  const perm = self.dims.map((_, index) => {
    const place = to?.indexOf(index) ?? -1;
    return place < 0 ? (rest.shift() ?? 0) : (from?.[place] ?? 0);
  });
  return permuted(call, self, perm);
};

const squeeze: OperatorBody = (call) => {
  const self = call.tensor('self');
  const wanted = call.takes('dim')
    ? call.staticDims('dim').map((dim) => call.dim(dim, self.rank))
    : self.dims.map((_, index) => index);
  const dims = self.dims.filter(
    (dim, index) => !(wanted.includes(index) && call.graph.holds(dim, '==', ONE)),
  );
  return dims.length === self.rank ? self : reshaped(call, self, dims);
};

const unsqueeze: OperatorBody = (call) => {
  const self = call.tensor('self');
  const axis = call.axis('dim', self.rank + 1);
  const { graph } = call;
  const at = graph.int64s([axis]);
  return graph.view(
    {
      base: self,
      read: (base) => graph.emit('Unsqueeze', [base, at]),
      write: (_, value) => graph.emit('Squeeze', [value, at]),
    },
    [...self.dims.slice(0, axis), ONE, ...self.dims.slice(axis)],
    self.isContiguous,
    () => self.isScattered(),
  );
};

/** The tensor repeated along dims of size 1. −1 keeps a size. */
export function expanded(call: OperatorCall, self: TorchTensor, size: readonly SymbolicInt[]): TorchTensor {
  const { graph } = call;
  const added = size.length - self.rank;
  const dims = size.map((dim, index) => (dim.constant === -1 ? (self.dims[index - added] ?? ONE) : dim));
  if (dims.length === self.rank && dims.every((dim, index) => self.dims[index]?.equals(dim) === true))
    return self;
  if (graph.broadcast(self.dims, dims) === null)
    throw call.refuse(
      `[${self.dims.map((dim) => dim.text).join(', ')}] cannot become [${dims.map((dim) => dim.text).join(', ')}]`,
    );
  return graph.view(
    {
      base: self,
      read: (base) => graph.emit('Expand', [base, graph.shape(dims)]),
      write: () => {
        throw call.refuse('it is written to though its elements are one');
      },
    },
    dims,
    false,
    () =>
      dims.some(
        (dim, index) => (self.dims[index - added] ?? ONE).constant === 1 && graph.holds(dim, '>', ONE),
      ),
  );
}

const repeat: OperatorBody = (call) => {
  const self = call.tensor('self');
  const repeats = call.ints(call.takes('dims') ? 'dims' : 'repeats');
  const missing = Math.max(0, repeats.length - self.rank);
  const whole = [...Array.from({ length: missing }, () => ONE), ...self.dims];
  const times = [...Array.from({ length: whole.length - repeats.length }, () => ONE), ...repeats];
  const base = missing === 0 ? self : reshaped(call, self, whole);
  const dims = whole.map((dim, index) => dim.times(times[index] ?? ONE));
  return call.graph.apply('Tile', [base, call.graph.shape(times)], {}, self.dtype, dims);
};

const repeatInterleave: OperatorBody = (call) => {
  const self = call.tensor('self');
  if (!call.takes('repeats') || call.value('repeats') instanceof TorchTensor)
    throw call.refuse('repeats that are a tensor');
  const times = call.int('repeats');
  const flat = call.has('dim') ? self : reshaped(call, self, [productOf(self.dims)]);
  const axis = call.has('dim') ? call.axis('dim', self.rank) : 0;
  const wide = flat.dims.toSpliced(axis + 1, 0, times);
  const column = call.graph.emit('Unsqueeze', [flat, call.graph.int64s([axis + 1])]);
  const tiled = call.graph.emit('Expand', [column, call.graph.shape(wide)]);
  const dims = flat.dims.map((dim, index) => (index === axis ? dim.times(times) : dim));
  return call.graph.apply('Reshape', [tiled, call.graph.shape(dims)], {}, self.dtype, dims);
};

/** Tensors one behind the other. */
export function concatenated(call: OperatorCall, tensors: readonly TorchTensor[], dim: number): TorchTensor {
  const { graph } = call;
  // A vector without elements fits everywhere, as PyTorch has always had it.
  const kept = tensors.filter((each) => !(each.rank === 1 && each.dims[0]?.constant === 0));
  const [first] = kept.length > 0 ? kept : tensors;
  if (first === undefined) throw call.refuse('an empty list');
  const dtype = resultDtype(tensors);
  const axis = call.dim(dim, first.rank);
  const dims = first.dims.map((size, index) => {
    if (index === axis)
      return kept.reduce((sum, each) => sum.plus(each.dims[axis] ?? ONE), SymbolicInt.of(0));
    return kept.reduce((size, each) => {
      const same = graph.unify(size, each.dims[index] ?? ONE);
      if (same === null)
        throw call.refuse(`sizes ${size.text} and ${each.dims[index]?.text ?? ''} of dim ${index}`);
      return same;
    }, size);
  });
  const inputs = kept.map((each) => graph.cast(each, dtype));
  return graph.apply('Concat', inputs, { axis: int(axis) }, dtype, dims);
}

const stack: OperatorBody = (call) => {
  const tensors = call.tensors('tensors');
  const axis = call.axis('dim', (tensors[0]?.rank ?? 0) + 1);
  const at = call.graph.int64s([axis]);
  const columns = tensors.map((each) =>
    call.graph.tensor(
      call.graph.emit('Unsqueeze', [each, at]),
      each.dtype,
      each.dims.toSpliced(axis, 0, ONE),
    ),
  );
  return concatenated(call, columns, axis);
};

/** A range of one dim. It is a view: what is written into it is written into the tensor. */
export function sliced(
  call: OperatorCall,
  self: TorchTensor,
  axis: number,
  range: { readonly start: SymbolicInt; readonly length: SymbolicInt; readonly step: number },
): TorchTensor {
  const { graph } = call;
  const { start, length, step } = range;
  const whole = self.dims[axis] ?? ONE;
  if (step === 1 && start.constant === 0 && length.equals(whole)) return self;
  const end = start.plus(length.times(SymbolicInt.of(step)));
  const at = graph.int64s([axis]);
  return graph.view(
    {
      base: self,
      read: (base) =>
        graph.emit('Slice', [base, graph.intVector(start), graph.intVector(end), at, graph.int64s([step])]),
      write: (base, value) => {
        if (step !== 1) throw call.refuse('a slice with a step is written to');
        const before = graph.emit('Slice', [base, graph.int64s([0]), graph.intVector(start), at]);
        const behind = graph.emit('Slice', [base, graph.intVector(end), graph.intVector(whole), at]);
        return graph.emit('Concat', [before, value, behind], { axis: int(axis) });
      },
    },
    self.dims.map((dim, index) => (index === axis ? length : dim)),
    axis === 0 && self.isContiguous && step === 1,
    () =>
      self.isContiguous &&
      graph.holds(length, '<', whole) &&
      self.dims.slice(0, axis).some((dim) => graph.holds(dim, '>', ONE)),
  );
}

/** A place counted from the front: a negative one counts from the end. */
function fromFront(call: OperatorCall, place: SymbolicInt, size: SymbolicInt): SymbolicInt {
  return call.graph.holds(place, '<', SymbolicInt.of(0)) ? place.plus(size) : place;
}

/** Where a slice begins or ends, counted from the front and kept inside. */
function bounded(call: OperatorCall, value: SymbolicInt, size: SymbolicInt): SymbolicInt {
  return fromFront(call, value, size).maximum(SymbolicInt.of(0)).minimum(size);
}

/** The range of a tensor that `dim`, `start`, `end` and `step` of a call mean. */
export function sliceOf(call: OperatorCall, self: TorchTensor): TorchTensor {
  const axis = call.axis('dim', self.rank);
  const size = self.dims[axis] ?? ONE;
  const start = bounded(call, call.has('start') ? call.int('start') : SymbolicInt.of(0), size);
  const end = bounded(call, call.has('end') ? call.int('end') : size, size);
  const step = call.staticInt('step');
  const span = end.minus(start).maximum(SymbolicInt.of(0));
  const length = step === 1 ? span : span.plus(SymbolicInt.of(step - 1)).floorDividedBy(SymbolicInt.of(step));
  return sliced(call, self, axis, { start, length, step });
}

const slice: OperatorBody = (call) => sliceOf(call, call.tensor('self'));

const narrow: OperatorBody = (call) => {
  const self = call.tensor('self');
  const axis = call.axis('dim', self.rank);
  if (call.value('start') instanceof TorchTensor) throw call.refuse('a start that is a tensor');
  const size = self.dims[axis] ?? ONE;
  const length = call.int('length');
  const start = fromFront(call, call.int('start'), size);
  const isInside =
    call.graph.holds(start, '>=', SymbolicInt.of(0)) &&
    call.graph.holds(length, '>=', SymbolicInt.of(0)) &&
    call.graph.holds(start.plus(length), '<=', size);
  if (!isInside) throw call.refuse(`${length.text} from ${start.text} on of a dim of ${size.text}`);
  return sliced(call, self, axis, { start, length, step: 1 });
};

/** One place of one dim, which is gone in the result. */
export function selected(
  call: OperatorCall,
  self: TorchTensor,
  axis: number,
  index: SymbolicInt,
): TorchTensor {
  const { graph } = call;
  const size = self.dims[axis] ?? ONE;
  const from = fromFront(call, index, size);
  if (!graph.holds(from, '>=', SymbolicInt.of(0)) || !graph.holds(from, '<', size))
    throw call.refuse(`place ${index.text} of a dim of ${size.text}`);
  const row = sliced(call, self, axis, { start: from, length: ONE, step: 1 });
  const at = graph.int64s([axis]);
  return graph.view(
    {
      base: row,
      read: (base) => graph.emit('Squeeze', [base, at]),
      write: (_, value) => graph.emit('Unsqueeze', [value, at]),
    },
    self.dims.toSpliced(axis, 1),
    axis === 0 && self.isContiguous,
    () => row.isScattered(),
  );
}

const select: OperatorBody = (call) => {
  const self = call.tensor('self');
  return selected(call, self, call.axis('dim', self.rank), call.int('index'));
};

function pieces(
  call: OperatorCall,
  self: TorchTensor,
  axis: number,
  sizes: readonly SymbolicInt[],
): TorchList {
  let start = SymbolicInt.of(0);
  const items = sizes.map((length) => {
    const piece = sliced(call, self, axis, { start, length, step: 1 });
    start = start.plus(length);
    return piece;
  });
  return new TorchList(items);
}

/** Pieces of one size; the last may be smaller. */
function evenPieces(call: OperatorCall, self: TorchTensor, axis: number, size: SymbolicInt): TorchList {
  const whole = self.dims[axis] ?? ONE;
  if (size.equals(whole)) return pieces(call, self, axis, [whole]);
  const count = whole.plus(size).minus(ONE).floorDividedBy(size);
  const known = call.graph.pinned(count);
  const last = whole.minus(size.times(SymbolicInt.of(known - 1)));
  return pieces(call, self, axis, [...call.many(known - 1, () => size), last]);
}

const split: OperatorBody = (call) => {
  const self = call.tensor('self');
  const axis = call.axis('dim', self.rank);
  const name = call.takes('split_sizes') ? 'split_sizes' : 'split_size';
  if (call.value(name) instanceof TorchList) {
    const sizes = call.ints(name);
    const whole = self.dims[axis] ?? ONE;
    const sum = sizes.reduce((total, size) => total.plus(size), SymbolicInt.of(0));
    if (!call.graph.holds(sum, '==', whole))
      throw call.refuse(`pieces of ${sum.text} of a dim of ${whole.text}`);
    return pieces(call, self, axis, sizes);
  }
  return evenPieces(call, self, axis, call.int(name));
};

const chunk: OperatorBody = (call) => {
  const self = call.tensor('self');
  const axis = call.axis('dim', self.rank);
  const chunks = call.int('chunks');
  const whole = self.dims[axis] ?? ONE;
  return evenPieces(call, self, axis, whole.plus(chunks).minus(ONE).floorDividedBy(chunks));
};

const unbind: OperatorBody = (call) => {
  const self = call.tensor('self');
  const axis = call.axis('dim', self.rank);
  const count = call.graph.pinned(self.dims[axis] ?? ONE);
  return new TorchList(call.many(count, (index) => selected(call, self, axis, SymbolicInt.of(index))));
};

const flip: OperatorBody = (call) => {
  const self = call.tensor('self');
  const axes = call.staticInts('dims').map((dim) => call.dim(dim, self.rank));
  const { graph } = call;
  const each = (value: number): string => graph.int64s(axes.map(() => value));
  const inputs = [self, each(-1), each(-(2 ** 53)), graph.int64s(axes), each(-1)];
  return graph.apply('Slice', inputs, {}, self.dtype, self.dims);
};

/** Elements that leave at one end come in at the other. */
const roll: OperatorBody = (call) => {
  const self = call.tensor('self');
  const shifts = call.ints('shifts');
  const axes = call.staticInts('dims').map((dim) => call.dim(dim, self.rank));
  const isFlat = axes.length === 0;
  let result = isFlat ? reshaped(call, self, [productOf(self.dims)]) : self;
  for (const [index, shift] of shifts.entries()) {
    const axis = axes[index] ?? 0;
    const size = result.dims[axis] ?? ONE;
    const end = shift.modulo(size);
    const cut = size.minus(end);
    const front = sliced(call, result, axis, { start: cut, length: end, step: 1 });
    const rest = sliced(call, result, axis, { start: SymbolicInt.of(0), length: cut, step: 1 });
    result = concatenated(call, [front, rest], axis);
  }
  return isFlat ? reshaped(call, result, self.dims) : result;
};

/** Blocks of channels become blocks of pixels. */
const pixelShuffle: OperatorBody = (call) => {
  const self = call.tensor('self');
  const factor = call.int('upscale_factor');
  const [batch, [channels = ONE, height = ONE, width = ONE]] = [self.dims.slice(0, -3), self.dims.slice(-3)];
  const inner = channels.floorDividedBy(factor.times(factor));
  const wide = reshaped(call, self, [...batch, inner, factor, factor, height, width]);
  const lead = batch.length;
  const order = [...batch.keys(), lead, lead + 3, lead + 1, lead + 4, lead + 2];
  const moved = permuted(call, wide, order);
  return reshaped(call, moved, [...batch, inner, height.times(factor), width.times(factor)]);
};

const pixelUnshuffle: OperatorBody = (call) => {
  const self = call.tensor('self');
  const factor = call.int('downscale_factor');
  const [batch, [channels = ONE, height = ONE, width = ONE]] = [self.dims.slice(0, -3), self.dims.slice(-3)];
  const [rows, columns] = [height.floorDividedBy(factor), width.floorDividedBy(factor)];
  const wide = reshaped(call, self, [...batch, channels, rows, factor, columns, factor]);
  const lead = batch.length;
  const moved = permuted(call, wide, [...batch.keys(), lead, lead + 2, lead + 4, lead + 1, lead + 3]);
  return reshaped(call, moved, [...batch, channels.times(factor).times(factor), rows, columns]);
};

/** Pairs of numbers from the last dim on: PyTorch's order. Negative ones cut. */
function padded(
  call: OperatorCall,
  self: TorchTensor,
  pad: readonly number[],
  mode: string,
  value: number,
): TorchTensor {
  const before = self.dims.map(() => 0);
  const behind = self.dims.map(() => 0);
  for (let index = 0; index * 2 < pad.length; index++) {
    before[self.rank - 1 - index] = pad[index * 2] ?? 0;
    behind[self.rank - 1 - index] = pad[index * 2 + 1] ?? 0;
  }
  const { graph } = call;
  const dims = self.dims.map((dim, index) =>
    dim.plus(SymbolicInt.of((before[index] ?? 0) + (behind[index] ?? 0))),
  );
  const filling = mode === 'constant' ? graph.scalar(value, self.dtype) : null;
  const attributes = { mode: { kind: 'text', value: mode } as const };
  return graph.apply(
    'Pad',
    [self, graph.int64s([...before, ...behind]), filling],
    attributes,
    self.dtype,
    dims,
  );
}

const PAD_MODES: Readonly<Record<string, string>> = {
  constant: 'constant',
  reflect: 'reflect',
  replicate: 'edge',
};

const pad: OperatorBody = (call) => {
  const mode = PAD_MODES[call.text('mode')];
  if (mode === undefined) throw call.refuse(`padding of mode ${call.text('mode')}`);
  return padded(call, call.tensor('self'), call.staticInts('pad'), mode, call.optionalFloat('value') ?? 0);
};

const padOf =
  (mode: string): OperatorBody =>
  (call) =>
    padded(call, call.tensor('self'), call.staticInts('padding'), mode, 0);

const same: OperatorBody = (call) => call.tensor('self');

const clone: OperatorBody = (call) => call.graph.copy(call.tensor('self'));

const meshgrid: OperatorBody = (call) => {
  const tensors = call.tensors('tensors');
  const dims = tensors.map((each) => productOf(each.dims));
  const isSwapped = call.takes('indexing') && call.text('indexing') === 'xy' && tensors.length > 1;
  const grids = tensors.map((each, index) => {
    const line = reshaped(
      call,
      each,
      dims.map((dim, axis) => (axis === index ? dim : ONE)),
    );
    const grid = expanded(call, line, dims);
    return isSwapped ? swapped(call, grid, 0, 1) : grid;
  });
  return new TorchList(grids);
};

const unfold: OperatorBody = (call) => {
  const self = call.tensor('self');
  const axis = call.axis('dimension', self.rank);
  const [size, step] = [call.staticInt('size'), call.staticInt('step')];
  const whole = call.known(self.dims[axis] ?? ONE, 'the dim');
  const count = Math.floor((whole - size) / step) + 1;
  const indices = call.many(count * size, (at) => Math.floor(at / size) * step + (at % size));
  const gathered = call.graph.emit('Gather', [self, call.graph.constant(indices, 'int64', [count, size])], {
    axis: int(axis),
  });
  const wide = [
    ...self.dims.slice(0, axis),
    SymbolicInt.of(count),
    SymbolicInt.of(size),
    ...self.dims.slice(axis + 1),
  ];
  const perm = wide.map((_, index) => index).filter((index) => index !== axis + 1);
  return permuted(call, call.graph.tensor(gathered, self.dtype, wide), [...perm, axis + 1]);
};

/** Kept for what counts on it: the program goes on with ints, not with tensors. */
export function sizesOf(self: TorchTensor): TorchList {
  return new TorchList([...self.dims]);
}

/** Operators that rearrange elements. Those that PyTorch calls views follow their base. */
export const SHAPES: OperatorTable = {
  view,
  reshape,
  _unsafe_view: view,
  _reshape_alias: view,
  as_strided: asStrided,
  diagonal,
  view_as: (call) => reshaped(call, call.tensor('self'), call.tensor('other').dims),
  reshape_as: (call) => viewOrCopy(call, call.tensor('self'), call.tensor('other').dims),
  flatten,
  ravel: (call) => viewOrCopy(call, call.tensor('self'), [productOf(call.tensor('self').dims)]),
  unflatten,
  permute,
  transpose,
  swapaxes: transpose,
  swapdims: transpose,
  t,
  numpy_T: reversedDims,
  mT: matrixTranspose,
  adjoint: matrixTranspose,
  movedim: moveDim,
  moveaxis: moveDim,
  squeeze,
  unsqueeze,
  expand: (call) => expanded(call, call.tensor('self'), call.ints('size')),
  expand_as: (call) => expanded(call, call.tensor('self'), call.tensor('other').dims),
  broadcast_to: (call) => expanded(call, call.tensor('self'), call.ints('size')),
  repeat,
  tile: repeat,
  repeat_interleave: repeatInterleave,
  cat: (call) => concatenated(call, call.tensors('tensors'), call.staticInt('dim')),
  concat: (call) => concatenated(call, call.tensors('tensors'), call.staticInt('dim')),
  concatenate: (call) => concatenated(call, call.tensors('tensors'), call.staticInt('dim')),
  hstack: (call) =>
    concatenated(call, call.tensors('tensors'), (call.tensors('tensors')[0]?.rank ?? 1) === 1 ? 0 : 1),
  stack,
  slice,
  narrow,
  select,
  split,
  split_with_sizes: split,
  tensor_split: (call) => {
    if (!call.takes('sections')) throw call.refuse('pieces given by places');
    const self = call.tensor('self');
    const axis = call.axis('dim', self.rank);
    const [whole, count] = [call.known(self.dims[axis] ?? ONE, 'the dim'), call.staticInt('sections')];
    const sizes = call.many(count, (index) => Math.floor(whole / count) + (index < whole % count ? 1 : 0));
    return pieces(
      call,
      self,
      axis,
      sizes.map((size) => SymbolicInt.of(size)),
    );
  },
  chunk,
  unsafe_chunk: chunk,
  unsafe_split: split,
  unbind,
  flip,
  roll,
  pixel_shuffle: pixelShuffle,
  pixel_unshuffle: pixelUnshuffle,
  pad,
  constant_pad_nd: (call) =>
    padded(call, call.tensor('self'), call.staticInts('pad'), 'constant', call.float('value')),
  reflection_pad1d: padOf('reflect'),
  reflection_pad2d: padOf('reflect'),
  reflection_pad3d: padOf('reflect'),
  replication_pad1d: padOf('edge'),
  replication_pad2d: padOf('edge'),
  replication_pad3d: padOf('edge'),
  contiguous,
  detach: (call) => {
    const self = call.tensor('self');
    // What is detached is a tensor of its own, not a number in passing.
    return self.isWrappedNumber && self.scalar !== null ? call.graph.number(self.scalar, self.dtype) : self;
  },
  alias: same,
  lift_fresh: same,
  requires_grad_: same,
  clone,
  lift_fresh_copy: clone,
  meshgrid,
  unfold,
  size: (call) => {
    const self = call.tensor('self');
    if (!call.takes('dim')) return sizesOf(self);
    return self.dims[call.axis('dim', self.rank)] ?? ONE;
  },
  sym_size: (call) => call.tensor('self').dims[call.axis('dim', call.tensor('self').rank)] ?? ONE,
  dim: (call) => SymbolicInt.of(call.tensor('self').rank),
  numel: (call) => productOf(call.tensor('self').dims),
  channel_shuffle: (call) => {
    const self = call.tensor('self');
    const groups = call.int('groups');
    const [batch = ONE, channels = ONE, ...rest] = self.dims;
    const wide = reshaped(call, self, [batch, groups, channels.floorDividedBy(groups), ...rest]);
    const order = [0, 2, 1, ...rest.map((_, index) => index + 3)];
    return reshaped(call, permuted(call, wide, order), self.dims);
  },
};
