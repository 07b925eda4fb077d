import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { SymbolicInt } from '../symbolic-int.ts';
import { int, ints, type NodeInput } from '../tensor-graph.ts';
import { TorchTensor } from '../torch-tensor.ts';
import { TorchPoison, TorchTuple } from '../torch-values.ts';
import { slidSize, spread } from './convolutions.ts';

interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly isCeil: boolean;
}

function windowOf(call: OperatorCall, spatial: number): Window {
  const kernel = spread(call.staticInts('kernel_size'), spatial);
  const stride = call.staticInts('stride');
  return {
    kernel,
    stride: stride.length === 0 ? kernel : spread(stride, spatial),
    padding: spread(call.staticInts('padding'), spatial, 0),
    dilation: call.takes('dilation') ? spread(call.staticInts('dilation'), spatial) : kernel.map(() => 1),
    isCeil: call.bool('ceil_mode'),
  };
}

/**
 * What has to be padded behind a dim so that rounding down gives PyTorch's rounded up size: it drops a last window that
 * would begin in the padding.
 */
function ceilPadding(call: OperatorCall, size: SymbolicInt, window: Window, index: number): number {
  if (!window.isCeil) return 0;
  const [kernel, stride, padding, dilation] = [
    window.kernel,
    window.stride,
    window.padding,
    window.dilation,
  ].map((list) => list[index] ?? 0) as [number, number, number, number];
  const known = call.known(size, 'with ceil_mode, the size');
  const reach = dilation * (kernel - 1) + 1;
  let count = Math.ceil((known + 2 * padding - reach) / stride) + 1;
  if ((count - 1) * stride >= known + padding) count -= 1;
  return Math.max(0, (count - 1) * stride + reach - known - 2 * padding);
}

interface Slide {
  readonly dims: readonly SymbolicInt[];
  readonly pads: readonly number[];
  readonly extra: readonly number[];
}

function slide(call: OperatorCall, input: TorchTensor, window: Window): Slide {
  const spatial = window.kernel.length;
  const sizes = input.dims.slice(-spatial);
  const extra = sizes.map((size, index) => ceilPadding(call, size, window, index));
  const slid = sizes.map((size, index) =>
    slidSize(call, size, {
      kernel: window.kernel[index] ?? 1,
      stride: window.stride[index] ?? 1,
      padding: 2 * (window.padding[index] ?? 0) + (extra[index] ?? 0),
      dilation: window.dilation[index] ?? 1,
    }),
  );
  return {
    dims: [...input.dims.slice(0, -spatial), ...slid],
    pads: [...window.padding, ...window.padding.map((pad, index) => pad + (extra[index] ?? 0))],
    extra,
  };
}

/** ONNX pools stacks of images: a tensor without a batch dim gets one and loses it again. */
function onStack(
  call: OperatorCall,
  input: TorchTensor,
  spatial: number,
  run: (input: NodeInput) => string,
): string {
  if (input.rank === spatial + 2) return run(input);
  const axis = call.graph.int64s([0]);
  return call.graph.emit('Squeeze', [run(call.graph.emit('Unsqueeze', [input, axis])), axis]);
}

function maxPool(spatial: number): OperatorBody {
  return (call) => {
    const input = call.tensor('self');
    const window = windowOf(call, spatial);
    const { dims, pads } = slide(call, input, window);
    const name = onStack(call, input, spatial, (stack) =>
      call.graph.emit('MaxPool', [stack], {
        kernel_shape: ints(window.kernel),
        strides: ints(window.stride),
        pads: ints(pads),
        dilations: ints(window.dilation),
      }),
    );
    return call.graph.tensor(name, input.dtype, dims);
  };
}

const withIndices =
  (pool: OperatorBody): OperatorBody =>
  (call) =>
    new TorchTuple([pool(call), new TorchPoison('the indices of max pooling are not translated')]);

function averagePool(spatial: number): OperatorBody {
  return (call) => {
    const input = call.tensor('self');
    const window = windowOf(call, spatial);
    const { dims, pads, extra } = slide(call, input, window);
    const counts = call.bool('count_include_pad');
    const hasDivisor = call.takes('divisor_override') && call.has('divisor_override');
    if (extra.some((each) => each > 0) && (counts || hasDivisor || window.padding.some((pad) => pad > 0)))
      throw call.refuse('ceil_mode with padding: the border is averaged over other elements in ONNX');
    const attributes = {
      kernel_shape: ints(window.kernel),
      strides: ints(window.stride),
      pads: ints(pads),
      count_include_pad: int(counts || hasDivisor ? 1 : 0),
    };
    const name = onStack(call, input, spatial, (stack) =>
      call.graph.emit('AveragePool', [stack], attributes),
    );
    if (!hasDivisor) return call.graph.tensor(name, input.dtype, dims);
    const area = window.kernel.reduce((product, size) => product * size, 1);
    const scale = call.graph.scalar(area / call.staticInt('divisor_override'), input.dtype);
    return call.graph.apply('Mul', [name, scale], {}, input.dtype, dims);
  };
}

/** The sizes that adaptive pooling asks for: None keeps a size. */
function targets(call: OperatorCall, input: TorchTensor, spatial: number): readonly SymbolicInt[] {
  const wanted = call.ints('output_size');
  return Array.from(
    { length: spatial },
    (_, index) => wanted[index] ?? wanted[0] ?? input.dims.at(index - spatial) ?? SymbolicInt.of(1),
  );
}

function adaptivePool(spatial: number, kind: 'Average' | 'Max'): OperatorBody {
  return (call) => {
    const input = call.tensor('self');
    const wanted = targets(call, input, spatial);
    const dims = [...input.dims.slice(0, -spatial), ...wanted];
    if (wanted.every((size) => size.constant === 1)) {
      const axes = Array.from({ length: spatial }, (_, index) => index - spatial);
      const name =
        kind === 'Max'
          ? call.graph.emit('ReduceMax', [input, call.graph.int64s(axes)], {})
          : call.graph.emit('ReduceMean', [input, call.graph.int64s(axes)], {});
      return call.graph.tensor(name, input.dtype, dims);
    }
    const sizes = input.dims.slice(-spatial).map((size) => call.known(size, 'the size of its input'));
    const outs = wanted.map((size) => call.known(size, 'the size of its output'));
    if (sizes.every((size, index) => size % (outs[index] ?? 1) === 0)) {
      const kernel = sizes.map((size, index) => size / (outs[index] ?? 1));
      const attributes = { kernel_shape: ints(kernel), strides: ints(kernel) };
      const name = onStack(call, input, spatial, (stack) =>
        call.graph.emit(`${kind}Pool`, [stack], attributes),
      );
      return call.graph.tensor(name, input.dtype, dims);
    }
    return call.graph.tensor(binned(call, input, sizes, outs, kind), input.dtype, dims);
  };
}

/** Bins that do not divide the size: each dim in turn, bin by bin, from ⌊i·n/m⌋ to ⌈(i+1)·n/m⌉. */
function binned(
  call: OperatorCall,
  input: TorchTensor,
  sizes: readonly number[],
  outs: readonly number[],
  kind: 'Average' | 'Max',
): string {
  const { graph } = call;
  let name = input.name;
  for (const [index, size] of sizes.entries()) {
    const out = outs[index] ?? 1;
    const axis = graph.int64s([input.rank - sizes.length + index]);
    const bins = call.many(out, (bin) => {
      const start = graph.int64s([Math.floor((bin * size) / out)]);
      const end = graph.int64s([Math.ceil(((bin + 1) * size) / out)]);
      const slice = graph.emit('Slice', [name, start, end, axis]);
      return graph.emit(kind === 'Max' ? 'ReduceMax' : 'ReduceMean', [slice, axis]);
    });
    name = graph.emit('Concat', bins, { axis: int(input.rank - sizes.length + index) });
  }
  return name;
}

/** Pooling over one to three spatial dims. */
export const POOLING: OperatorTable = {
  max_pool1d: maxPool(1),
  max_pool2d: maxPool(2),
  max_pool3d: maxPool(3),
  max_pool1d_with_indices: withIndices(maxPool(1)),
  max_pool2d_with_indices: withIndices(maxPool(2)),
  max_pool3d_with_indices: withIndices(maxPool(3)),
  avg_pool1d: averagePool(1),
  avg_pool2d: averagePool(2),
  avg_pool3d: averagePool(3),
  adaptive_avg_pool1d: adaptivePool(1, 'Average'),
  adaptive_avg_pool2d: adaptivePool(2, 'Average'),
  adaptive_avg_pool3d: adaptivePool(3, 'Average'),
  _adaptive_avg_pool2d: adaptivePool(2, 'Average'),
  _adaptive_avg_pool3d: adaptivePool(3, 'Average'),
  adaptive_max_pool1d: withIndices(adaptivePool(1, 'Max')),
  adaptive_max_pool2d: withIndices(adaptivePool(2, 'Max')),
  adaptive_max_pool3d: withIndices(adaptivePool(3, 'Max')),
};
