import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { productOf, SymbolicInt } from '../symbolic-int.ts';
import { int, text } from '../tensor-graph.ts';
import { TorchTensor } from '../torch-tensor.ts';
import { TorchList, TorchPoison, TorchTuple } from '../torch-values.ts';
import { asTensor } from './elementwise.ts';
import { expanded, permuted, reshaped } from './shapes.ts';

const ONE = SymbolicInt.of(1);

/** One index tensor for each leading dim, null where the dim is taken whole. */
function indicesOf(call: OperatorCall): (TorchTensor | null)[] {
  const list = call.value('indices');
  return list instanceof TorchList
    ? list.items.map((item) => (item instanceof TorchTensor ? item : null))
    : [];
}

const embedding: OperatorBody = (call) => {
  const [weight, indices] = [call.tensor('weight'), call.tensor('indices')];
  if (indices.dtype !== 'int64' && indices.dtype !== 'int32')
    throw call.refuse(`indices of ${indices.dtype}`);
  return call.graph.apply('Gather', [weight, indices], {}, weight.dtype, [
    ...indices.dims,
    ...weight.dims.slice(1),
  ]);
};

const indexSelect: OperatorBody = (call) => {
  const [self, index] = [call.tensor('self'), call.tensor('index')];
  const axis = call.axis('dim', self.rank);
  const vector = index.rank === 0 ? reshaped(call, index, [ONE]) : index;
  const dims = self.dims.toSpliced(axis, 1, vector.dims[0] ?? ONE);
  return call.graph.apply('Gather', [self, vector], { axis: int(axis) }, self.dtype, dims);
};

const gather: OperatorBody = (call) => {
  const [self, index] = [call.tensor('self'), call.tensor(call.takes('index') ? 'index' : 'indices')];
  if (self.rank === 0) return call.graph.copy(self);
  const axis = call.axis('dim', self.rank);
  return call.graph.apply('GatherElements', [self, index], { axis: int(axis) }, self.dtype, index.dims);
};

/** `x[i, :, j]`: indexed dims move to the front if they do not stand side by side, else they stay where they are. */
const index: OperatorBody = (call) => {
  const self = call.tensor('self');
  const indices = indicesOf(call);
  const axes = indices.flatMap((each, axis) => (each === null ? [] : [axis]));
  const [first] = axes;
  const only = indices.find((each) => each !== null);
  if (first === undefined || only === undefined || only === null) return self;
  if (only.dtype === 'bool' || only.dtype === 'uint8')
    throw call.refuse('a mask of bools: how much is left depends on the values');
  if (axes.length === 1) {
    const dims = self.dims.toSpliced(first, 1, ...only.dims);
    return call.graph.apply('Gather', [self, only], { axis: int(first) }, self.dtype, dims);
  }
  return gatherSeveral(call, self, axes, indices);
};

/** Index tensors brought to one shape. */
function together(
  call: OperatorCall,
  indices: readonly (TorchTensor | null)[],
  axes: readonly number[],
): TorchTensor[] {
  const used = axes.flatMap((axis) => indices[axis] ?? []);
  const dims = used.reduce<readonly SymbolicInt[]>((known, each) => {
    const both = call.graph.broadcast(known, each.dims);
    if (both === null) throw call.refuse('the indices do not fit together');
    return both;
  }, []);
  return used.map((each) => expanded(call, call.graph.cast(each, 'int64'), dims));
}

function gatherSeveral(
  call: OperatorCall,
  self: TorchTensor,
  axes: readonly number[],
  indices: readonly (TorchTensor | null)[],
): TorchTensor {
  const { graph } = call;
  const used = together(call, indices, axes);
  const rest = self.dims.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const front = permuted(call, self, [...axes, ...rest]);
  const shape = used[0]?.dims ?? [];
  const tuples = stacked(call, used);
  const dims = [...shape, ...rest.map((axis) => self.dims[axis] ?? ONE)];
  const gathered = graph.apply('GatherND', [front, tuples], {}, self.dtype, dims);
  const [first = 0] = axes;
  const isTogether = axes.every((axis, at) => axis === first + at);
  if (!isTogether || first === 0) return gathered;
  const order = [
    ...Array.from({ length: first }, (_, at) => shape.length + at),
    ...shape.map((_, at) => at),
    ...Array.from({ length: rest.length - first }, (_, at) => shape.length + first + at),
  ];
  return permuted(call, gathered, order);
}

/** Index tensors as one whose last dim holds a place for each of them. */
function stacked(call: OperatorCall, used: readonly TorchTensor[]): string {
  const { graph } = call;
  const at = graph.int64s([used[0]?.rank ?? 0]);
  return graph.emit(
    'Concat',
    used.map((each) => graph.emit('Unsqueeze', [each, at])),
    { axis: int(-1) },
  );
}

/** Writes values at places of the leading dims; a mask of bools writes one value where it is true. */
const indexPut: OperatorBody = (call) => {
  const self = call.tensor('self');
  const values = call.tensor('values');
  const indices = indicesOf(call);
  const [mask] = indices;
  if (mask?.dtype === 'bool') return putMasked(call, self, mask, values, indices.length);
  const axes = indices.flatMap((each, axis) => (each === null ? [] : [axis]));
  const [first = 0] = axes;
  if (axes.some((axis, at) => axis !== first + at))
    throw call.refuse('places of dims that do not lie side by side');
  const used = together(call, indices, axes);
  const places = used[0]?.dims ?? [];
  const behind = self.dims.slice(first + axes.length);
  const wide = [...self.dims.slice(0, first), ...places, ...behind];
  const updates = expanded(call, call.graph.cast(values, self.dtype), wide);
  const reduction = text(call.bool('accumulate') ? 'add' : 'none');
  // The places are those of the leading dims.
  const fronted = permuted(call, self, ordered(first, axes.length, self.rank));
  const written = call.graph.apply(
    'ScatterND',
    [fronted, stacked(call, used), permuted(call, updates, ordered(first, places.length, wide.length))],
    { reduction },
    self.dtype,
    fronted.dims,
  );
  return permuted(call, written, ordered(axes.length, first, self.rank));
};

/** The order of dims that brings `count` dims behind `skipped` ones to the front. */
function ordered(skipped: number, count: number, rank: number): readonly number[] {
  const all = Array.from({ length: rank }, (_, axis) => axis);
  return [...all.slice(skipped, skipped + count), ...all.slice(0, skipped), ...all.slice(skipped + count)];
}

function putMasked(
  call: OperatorCall,
  self: TorchTensor,
  mask: TorchTensor,
  values: TorchTensor,
  count: number,
): TorchTensor {
  const isOne = values.dims.every((dim) => dim.constant === 1);
  if (count > 1 || !isOne || call.bool('accumulate'))
    throw call.refuse('a mask of bools with several values');
  const missing = self.rank - mask.rank;
  const wide =
    missing === 0
      ? mask
      : reshaped(call, mask, [...mask.dims, ...Array.from({ length: missing }, () => ONE)]);
  const value = reshaped(call, call.graph.cast(values, self.dtype), []);
  return call.graph.apply('Where', [wide, value, self], {}, self.dtype, self.dims);
}

/** What PyTorch's words for it are in ONNX. */
const REDUCTIONS: Readonly<Record<string, string>> = {
  add: 'add',
  sum: 'add',
  multiply: 'mul',
  prod: 'mul',
  amax: 'max',
  amin: 'min',
};

/** Scatters by the reduction that the call names. */
const scatterReduced: OperatorBody = (call) => {
  const reduction = REDUCTIONS[call.text('reduce')];
  if (reduction === undefined) throw call.refuse(`it reduces by ${call.text('reduce')}`);
  if (call.takes('include_self') && !call.bool('include_self'))
    throw call.refuse('it leaves out what is there (include_self=False)');
  return scatter(reduction)(call);
};

/** Values one after the other at the places where a mask is true. */
const maskedScatter: OperatorBody = (call) => {
  const [self, source] = [call.tensor('self'), call.tensor('source')];
  const { graph } = call;
  const mask = expanded(call, call.tensor('mask'), self.dims);
  const count = productOf(self.dims);
  const isMeant = reshaped(call, mask, [count]);
  const place = graph.emit('CumSum', [graph.cast(isMeant, 'int64'), graph.scalar(0, 'int64')]);
  // Places before the first true one are not used, but must be places.
  const used = graph.emit('Max', [
    graph.emit('Sub', [place, graph.scalar(1, 'int64')]),
    graph.scalar(0, 'int64'),
  ]);
  const values = reshaped(call, graph.cast(source, self.dtype), [productOf(source.dims)]);
  const picked = graph.apply('Gather', [values, used], {}, self.dtype, [count]);
  return graph.apply('Where', [mask, reshaped(call, picked, self.dims), self], {}, self.dtype, self.dims);
};

function scatter(reduction: string): OperatorBody {
  return (call) => {
    const [self, places] = [call.tensor('self'), call.tensor('index')];
    const axis = call.axis('dim', self.rank);
    const source = call.operand(call.takes('src') ? 'src' : 'value');
    const updates =
      source instanceof TorchTensor
        ? call.graph.cast(source, self.dtype)
        : expanded(call, asTensor(call, source, self.dtype), places.dims);
    const attributes = { axis: int(axis), reduction: text(reduction) };
    return call.graph.apply('ScatterElements', [self, places, updates], attributes, self.dtype, self.dims);
  };
}

const topK: OperatorBody = (call) => {
  const self = call.tensor('self');
  const axis = call.axis('dim', self.rank);
  const k = call.int('k');
  const attributes = { axis: int(axis), largest: int(call.bool('largest') ? 1 : 0), sorted: int(1) };
  const [values = '', places = ''] = call.graph.emitAll(
    'TopK',
    [self, call.graph.intVector(k)],
    attributes,
    2,
  );
  const dims = self.dims.with(axis, k);
  return new TorchTuple([
    call.graph.tensor(values, self.dtype, dims),
    call.graph.tensor(places, 'int64', dims),
  ]);
};

function sorted(call: OperatorCall): readonly [TorchTensor, TorchTensor] {
  const self = call.tensor('self');
  const axis = call.axis('dim', self.rank);
  const isDescending = call.bool('descending');
  const attributes = { axis: int(axis), largest: int(isDescending ? 1 : 0), sorted: int(1) };
  const [values = '', places = ''] = call.graph.emitAll(
    'TopK',
    [self, call.graph.intVector(self.dims[axis] ?? ONE)],
    attributes,
    2,
  );
  return [call.graph.tensor(values, self.dtype, self.dims), call.graph.tensor(places, 'int64', self.dims)];
}

/** Sums, means or maxima of rows: bags of one size, or bags that begin at offsets. */
const embeddingBag: OperatorBody = (call) => {
  const [weight, indices, offsets] = [call.tensor('weight'), call.tensor('indices'), call.tensor('offsets')];
  const { graph } = call;
  const mode = call.staticInt('mode');
  if (call.has('per_sample_weights')) throw call.refuse('weights for each sample');
  if (indices.rank !== 1) throw call.refuse('indices that are not one row');
  const hasLast = call.bool('include_last_offset');
  const bags = (offsets.dims[0] ?? ONE).minus(SymbolicInt.of(hasLast ? 1 : 0));
  const count = indices.dims[0] ?? ONE;
  // Which bag a row is in: how many offsets, less one, are not behind it.
  const rows = graph.emit('Range', [
    graph.scalar(0, 'int64'),
    graph.scalar(count, 'int64'),
    graph.scalar(1, 'int64'),
  ]);
  const starts = graph.emit('Unsqueeze', [graph.cast(offsets, 'int64'), graph.int64s([1])]);
  const ends = hasLast
    ? graph.emit('Slice', [starts, graph.int64s([1]), graph.int64s([2 ** 53]), graph.int64s([0])])
    : graph.emit(
        'Concat',
        [
          graph.emit('Slice', [starts, graph.int64s([1]), graph.int64s([2 ** 53]), graph.int64s([0])]),
          graph.emit('Unsqueeze', [graph.intVector(count), graph.int64s([1])]),
        ],
        { axis: int(0) },
      );
  const begins = hasLast
    ? graph.emit('Slice', [starts, graph.int64s([0]), graph.intVector(bags), graph.int64s([0])])
    : starts;
  const isIn = graph.emit('And', [
    graph.emit('LessOrEqual', [begins, rows]),
    graph.emit('Less', [rows, ends]),
  ]);
  const dims = [bags, ...weight.dims.slice(1)];
  const picked = graph.emit('Gather', [weight, indices]);
  if (mode === 2) throw call.refuse('bags of which the maximum is taken');
  const members = graph.castName(isIn, weight.dtype);
  const sum = graph.emit('MatMul', [members, picked]);
  if (mode === 0) return bagResult(graph.tensor(sum, weight.dtype, dims));
  const sizes = graph.emit('ReduceSum', [members, graph.int64s([1])], { keepdims: int(1) });
  const safe = graph.emit('Max', [sizes, graph.scalar(1, weight.dtype)]);
  return bagResult(graph.apply('Div', [sum, safe], {}, weight.dtype, dims));
};

function bagResult(values: TorchTensor): TorchTuple {
  const rest = new TorchPoison('what an embedding bag gives beside its values is not translated');
  return new TorchTuple([values, rest, rest, rest]);
}

const nonzero: OperatorBody = (call) => {
  throw call.refuse('how much it gives depends on the values');
};

/** Operators that pick and put elements by their places. */
export const INDEXING: OperatorTable = {
  embedding,
  index_select: indexSelect,
  gather,
  take_along_dim: gather,
  index,
  index_put: indexPut,
  _index_put_impl: indexPut,
  scatter: (call) => (call.takes('reduce') ? scatterReduced(call) : scatter('none')(call)),
  scatter_reduce: scatterReduced,
  masked_scatter: maskedScatter,
  scatter_add: scatter('add'),
  topk: topK,
  sort: (call) => new TorchTuple(sorted(call)),
  argsort: (call) => sorted(call)[1],
  embedding_bag: embeddingBag,
  _embedding_bag: embeddingBag,
  _embedding_bag_forward_only: embeddingBag,
  nonzero,
  masked_select: nonzero,
  take: (call) => {
    const [self, places] = [call.tensor('self'), call.tensor('index')];
    const flat = reshaped(call, self, [productOf(self.dims)]);
    return call.graph.apply('Gather', [flat, places], {}, self.dtype, places.dims);
  },
};
