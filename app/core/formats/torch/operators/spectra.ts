import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { SymbolicInt } from '../symbolic-int.ts';
import { int, ints, text } from '../tensor-graph.ts';
import type { TorchTensor } from '../torch-tensor.ts';
import { TorchComplex } from '../torch-values.ts';
import { reshaped } from './shapes.ts';

const ONE = SymbolicInt.of(1);
const PAD_MODES: Readonly<Record<string, string>> = {
  reflect: 'reflect',
  constant: 'constant',
  replicate: 'edge',
};

/** How a signal is cut into windows, all in samples. */
interface Framing {
  readonly size: number;
  readonly hop: number;
  readonly bins: number;
}

function framingOf(call: OperatorCall): Framing {
  const size = call.staticInt('n_fft');
  const hop = call.has('hop_length') ? call.staticInt('hop_length') : Math.floor(size / 4);
  const isOneSided = !call.has('onesided') || call.bool('onesided');
  if (size < 1 || hop < 1) throw call.refuse(`windows of ${size} every ${hop}`);
  return { size, hop, bins: isOneSided ? Math.floor(size / 2) + 1 : size };
}

/** Cosines and negative sines, a row for each frequency: `[2 * bins, 1, size]`. */
function fourierBasis(call: OperatorCall, { size, bins }: Framing): string {
  const scale = call.bool('normalized') ? 1 / Math.sqrt(size) : 1;
  const values = call.many(2 * bins * size, (at) => {
    const row = Math.floor(at / size);
    // The turn is taken apart before it is multiplied: large angles are not exact.
    const turn = (((row % bins) * (at % size)) % size) / size;
    const angle = 2 * Math.PI * turn;
    return scale * (row < bins ? Math.cos(angle) : -Math.sin(angle));
  });
  return call.graph.constant(values, 'float32', [2 * bins, 1, size]);
}

/** The basis under the window, which lies in the middle of each frame. */
function kernelOf(call: OperatorCall, framing: Framing): string {
  const { graph } = call;
  const basis = fourierBasis(call, framing);
  const length = call.has('win_length') ? call.staticInt('win_length') : framing.size;
  const window = call.optionalTensor('window');
  if (length > framing.size || length < 1)
    throw call.refuse(`a window of ${length} in frames of ${framing.size}`);
  if (window === null && length === framing.size) return basis;
  if (window !== null && (window.rank !== 1 || call.known(window.dims[0] ?? ONE, 'the window') !== length))
    throw call.refuse('a window of another length than win_length');
  const given =
    window === null
      ? graph.constant(
          call.many(length, () => 1),
          'float32',
          [length],
        )
      : graph.cast(window, 'float32').name;
  const before = Math.floor((framing.size - length) / 2);
  const padded =
    length === framing.size
      ? given
      : graph.emit('Pad', [given, graph.int64s([before, framing.size - length - before])]);
  return graph.emit('Mul', [basis, padded]);
}

/** The signal as `[batch, 1, samples]`, longer by half a frame at both ends where frames are centred. */
function signalOf(call: OperatorCall, { size }: Framing): TorchTensor {
  const { graph } = call;
  const self = call.tensor('self');
  if (self.dtype !== 'float32') throw call.refuse(`a signal of ${self.dtype}`);
  if (self.rank !== 1 && self.rank !== 2) throw call.refuse(`a signal with ${self.rank} dims`);
  const [batch = ONE, samples = ONE] = self.rank === 1 ? [ONE, self.dims[0]] : self.dims;
  const signal = reshaped(call, self, [batch, ONE, samples]);
  if (!call.takes('center') || !call.bool('center')) return signal;
  const half = Math.floor(size / 2);
  const mode = PAD_MODES[call.text('pad_mode')];
  if (mode === undefined) throw call.refuse(`padding by ${call.text('pad_mode')}`);
  if (mode === 'reflect' && !graph.holds(SymbolicInt.of(half), '<', samples))
    throw call.refuse(`${half} samples are reflected of ${samples.text}`);
  const pads = graph.int64s([0, 0, half, 0, 0, half]);
  return graph.apply('Pad', [signal, pads], { mode: text(mode) }, 'float32', [
    batch,
    ONE,
    samples.plus(SymbolicInt.of(2 * half)),
  ]);
}

/**
 * The spectrum of each window of a signal (`torch.stft`): a convolution with sines and cosines under the window, which
 * is what a Fourier transform of short windows is.
 */
const stft: OperatorBody = (call) => {
  const { graph } = call;
  const framing = framingOf(call);
  const { size, hop, bins } = framing;
  const signal = signalOf(call, framing);
  const [batch = ONE, , samples = ONE] = signal.dims;
  if (!graph.holds(samples, '>=', SymbolicInt.of(size)))
    throw call.refuse(`frames of ${size} in ${samples.text} samples`);
  const frames = samples.minus(SymbolicInt.of(size)).floorDividedBy(SymbolicInt.of(hop)).plus(ONE);
  const both = graph.emit('Conv', [signal, kernelOf(call, framing)], {
    strides: ints([hop]),
    kernel_shape: ints([size]),
  });
  const [real, imaginary] = [0, bins].map((from) => {
    const range = [from, from + bins, 1].map((value) => graph.int64s([value]));
    const part = graph.apply('Slice', [both, ...range], {}, 'float32', [batch, SymbolicInt.of(bins), frames]);
    return call.tensor('self').rank === 2 ? part : reshaped(call, part, [SymbolicInt.of(bins), frames]);
  }) as [TorchTensor, TorchTensor];
  const spectrum = new TorchComplex(real, imaginary);
  if (!call.has('return_complex')) throw call.refuse('whether it gives complex numbers is not said');
  return call.bool('return_complex') ? spectrum : pairs(call, spectrum);
};

/** Complex numbers as pairs in a last dim of 2. */
function pairs({ graph }: Pick<OperatorCall, 'graph'>, { real, imaginary }: TorchComplex): TorchTensor {
  const last = graph.int64s([-1]);
  const parts = [real, imaginary].map((part) => graph.emit('Unsqueeze', [part, last]));
  const dims = [...real.dims, SymbolicInt.of(2)];
  return graph.tensor(graph.emit('Concat', parts, { axis: int(-1) }), real.dtype, dims);
}

function magnitude({ graph }: Pick<OperatorCall, 'graph'>, { real, imaginary }: TorchComplex): TorchTensor {
  const [first, second] = [real, imaginary].map((part) => graph.emit('Mul', [part, part]));
  const sum = graph.emit('Add', [first ?? null, second ?? null]);
  return graph.apply('Sqrt', [sum], {}, real.dtype, real.dims);
}

/** Operators that make complex numbers. */
export const SPECTRA: OperatorTable = {
  stft,
  complex: (call) => new TorchComplex(call.tensor('real'), call.tensor('imag')),
};

/** What can be done with complex numbers here; by the operator's name. */
export const COMPLEX_OPERATORS: Readonly<
  Record<string, (call: Pick<OperatorCall, 'graph'>, value: TorchComplex) => TorchTensor>
> = {
  abs: magnitude,
  absolute: magnitude,
  real: (_, { real }) => real,
  imag: (_, { imaginary }) => imaginary,
  view_as_real: pairs,
};
