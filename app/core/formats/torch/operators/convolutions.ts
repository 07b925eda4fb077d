import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { SymbolicInt } from '../symbolic-int.ts';
import { int, ints } from '../tensor-graph.ts';
import { TorchTensor } from '../torch-tensor.ts';

/** How a convolution slides. Lists have one member for each spatial dim. */
interface Geometry {
  readonly stride: readonly number[];
  /** Before and behind each dim. */
  readonly before: readonly number[];
  readonly behind: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** A list for `count` dims; one member stands for all. */
export function spread(values: readonly number[], count: number, fallback = 1): number[] {
  return Array.from({ length: count }, (_, index) => values[index] ?? values[0] ?? fallback);
}

/**
 * The size of one dim after a window has slid over it. @throws TranslationFailure where the example's is too small for it:
 * PyTorch refuses that, and so does onnxruntime for other inputs.
 */
export function slidSize(
  call: OperatorCall,
  size: SymbolicInt,
  window: {
    readonly kernel: number;
    readonly stride: number;
    readonly padding: number;
    readonly dilation: number;
  },
): SymbolicInt {
  const reach = window.dilation * (window.kernel - 1) + 1;
  const rest = size.plus(SymbolicInt.of(window.padding - reach));
  if (rest.hint < 0)
    throw call.refuse(`a window of ${reach} does not fit into ${size.hint + window.padding}`);
  return rest.floorDividedBy(SymbolicInt.of(window.stride)).plus(SymbolicInt.of(1));
}

function kernelOf(call: OperatorCall, weight: TorchTensor): number[] {
  return weight.dims.slice(2).map((dim) => call.known(dim, 'the kernel'));
}

/** Padding given as a word: `same` puts what is left over behind. */
function wordPadding(
  call: OperatorCall,
  kernel: readonly number[],
  dilation: readonly number[],
): Pick<Geometry, 'before' | 'behind'> {
  const word = call.text('padding');
  if (word === 'valid') return { before: kernel.map(() => 0), behind: kernel.map(() => 0) };
  const total = kernel.map((size, index) => (dilation[index] ?? 1) * (size - 1));
  return {
    before: total.map((each) => Math.floor(each / 2)),
    behind: total.map((each) => each - Math.floor(each / 2)),
  };
}

function geometryOf(call: OperatorCall, kernel: readonly number[]): Geometry {
  const count = kernel.length;
  const dilation = spread(call.staticInts('dilation'), count);
  const stride = spread(call.staticInts('stride'), count);
  const groups = call.staticInt('groups');
  if (typeof call.value('padding') === 'string')
    return { stride, dilation, groups, ...wordPadding(call, kernel, dilation) };
  const padding = spread(call.staticInts('padding'), count, 0);
  return { stride, before: padding, behind: padding, dilation, groups };
}

/** An input without a batch dim gets one for the node, and loses it again. */
function batched(
  call: OperatorCall,
  input: TorchTensor,
  spatial: number,
  run: (input: TorchTensor) => TorchTensor,
): TorchTensor {
  if (input.rank === spatial + 2) return run(input);
  if (input.rank !== spatial + 1) throw call.refuse(`its input has ${input.rank} dims`);
  const { graph } = call;
  const axis = graph.int64s([0]);
  const one = graph.tensor(graph.emit('Unsqueeze', [input, axis]), input.dtype, [
    SymbolicInt.of(1),
    ...input.dims,
  ]);
  const result = run(one);
  return graph.apply('Squeeze', [result, axis], {}, result.dtype, result.dims.slice(1));
}

function convolve(
  call: OperatorCall,
  input: TorchTensor,
  weight: TorchTensor,
  bias: TorchTensor | null,
  geometry: Geometry,
): TorchTensor {
  const kernel = kernelOf(call, weight);
  return batched(call, input, kernel.length, (one) => {
    const channels = weight.dims[1]?.times(SymbolicInt.of(geometry.groups)) ?? SymbolicInt.of(1);
    if (call.graph.unify(one.dims[1] ?? SymbolicInt.of(1), channels) === null)
      throw call.refuse(
        `its input has ${one.dims[1]?.text ?? 'no'} channels, the weight takes ${channels.text}`,
      );
    const spatial = one.dims.slice(2).map((size, index) =>
      slidSize(call, size, {
        kernel: kernel[index] ?? 1,
        stride: geometry.stride[index] ?? 1,
        padding: (geometry.before[index] ?? 0) + (geometry.behind[index] ?? 0),
        dilation: geometry.dilation[index] ?? 1,
      }),
    );
    return call.graph.apply(
      'Conv',
      [one, weight, bias],
      {
        kernel_shape: ints(kernel),
        strides: ints(geometry.stride),
        pads: ints([...geometry.before, ...geometry.behind]),
        dilations: ints(geometry.dilation),
        group: int(geometry.groups),
      },
      one.dtype,
      [...one.dims.slice(0, 1), ...weight.dims.slice(0, 1), ...spatial],
    );
  });
}

function convolveTransposed(
  call: OperatorCall,
  input: TorchTensor,
  weight: TorchTensor,
  bias: TorchTensor | null,
  geometry: Geometry,
  outputPadding: readonly number[],
): TorchTensor {
  const kernel = kernelOf(call, weight);
  return batched(call, input, kernel.length, (one) => {
    const [, given = SymbolicInt.of(1)] = one.dims;
    const taken = weight.dims[0] ?? SymbolicInt.of(1);
    if (call.graph.unify(given, taken) === null)
      throw call.refuse(`its input has ${given.text} channels, the weight takes ${taken.text}`);
    const spatial = one.dims.slice(2).map((size, index) => {
      const stride = geometry.stride[index] ?? 1;
      const reach = (geometry.dilation[index] ?? 1) * ((kernel[index] ?? 1) - 1) + 1;
      const extra = reach - stride + (outputPadding[index] ?? 0) - 2 * (geometry.before[index] ?? 0);
      return size.times(SymbolicInt.of(stride)).plus(SymbolicInt.of(extra));
    });
    const channels = (weight.dims[1] ?? SymbolicInt.of(1)).times(SymbolicInt.of(geometry.groups));
    return call.graph.apply(
      'ConvTranspose',
      [one, weight, bias],
      {
        kernel_shape: ints(kernel),
        strides: ints(geometry.stride),
        pads: ints([...geometry.before, ...geometry.behind]),
        dilations: ints(geometry.dilation),
        output_padding: ints(outputPadding),
        group: int(geometry.groups),
      },
      one.dtype,
      [...one.dims.slice(0, 1), channels, ...spatial],
    );
  });
}

function parts(call: OperatorCall): [TorchTensor, TorchTensor, TorchTensor | null] {
  return [call.tensor('input'), call.tensor('weight'), call.optionalTensor('bias')];
}

const plain: OperatorBody = (call) => {
  const [input, weight, bias] = parts(call);
  return convolve(call, input, weight, bias, geometryOf(call, kernelOf(call, weight)));
};

const transposedOnly: OperatorBody = (call) => {
  const [input, weight, bias] = parts(call);
  const kernel = kernelOf(call, weight);
  const outputPadding = spread(call.staticInts('output_padding'), kernel.length, 0);
  return convolveTransposed(call, input, weight, bias, geometryOf(call, kernel), outputPadding);
};

const either: OperatorBody = (call) => (call.bool('transposed') ? transposedOnly(call) : plain(call));

/** Convolutions of one to three spatial dims. */
export const CONVOLUTIONS: OperatorTable = {
  conv1d: plain,
  conv2d: plain,
  conv3d: plain,
  _convolution_mode: plain,
  _convolution: either,
  convolution: either,
  conv_transpose1d: transposedOnly,
  conv_transpose2d: transposedOnly,
  conv_transpose3d: transposedOnly,
};
