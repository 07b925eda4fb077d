import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { SymbolicInt } from '../symbolic-int.ts';
import { int, ints } from '../tensor-graph.ts';
import { spread } from './convolutions.ts';
import { reshaped } from './shapes.ts';

const ONE = SymbolicInt.of(1);

/** Two numbers of an argument that may be given as one. */
function pair(call: OperatorCall, name: string): readonly [number, number] {
  const [first = 1, second = 1] = spread(call.staticInts(name), 2);
  return [first, second];
}

/** Where the elements of windows lie along one dim: of each place in the window, in each window. */
function placesAlong(
  call: OperatorCall,
  size: number,
  kernel: number,
  dilation: number,
  padding: number,
  stride: number,
): readonly (readonly number[])[] {
  const count = Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
  return call.many(kernel, (place) => call.many(count, (window) => window * stride + place * dilation));
}

/** The windows of an image as columns (`torch.nn.functional.unfold`). */
const im2col: OperatorBody = (call) => {
  const self = call.tensor('self');
  if (self.rank !== 4) throw call.refuse('an image without a batch');
  const { graph } = call;
  const [kernel, dilation, padding, stride] = [
    pair(call, 'kernel_size'),
    pair(call, 'dilation'),
    pair(call, 'padding'),
    pair(call, 'stride'),
  ];
  const [batch = ONE, channels = ONE, ...sides] = self.dims;
  const [height = 0, width = 0] = sides.map((side) => call.known(side, 'the size of the image'));
  const rows = placesAlong(call, height, kernel[0], dilation[0], padding[0], stride[0]);
  const columns = placesAlong(call, width, kernel[1], dilation[1], padding[1], stride[1]);
  const padded = graph.emit('Pad', [
    self,
    graph.int64s([0, 0, padding[0], padding[1], 0, 0, padding[0], padding[1]]),
  ]);
  const [paddedHeight, paddedWidth] = [height + 2 * padding[0], width + 2 * padding[1]];
  const flat = reshaped(
    call,
    graph.tensor(padded, self.dtype, [
      batch,
      channels,
      SymbolicInt.of(paddedHeight),
      SymbolicInt.of(paddedWidth),
    ]),
    [batch, channels, SymbolicInt.of(paddedHeight * paddedWidth)],
  );
  const places = rows.flatMap((row) =>
    columns.map((column) => row.flatMap((y) => column.map((x) => y * paddedWidth + x))),
  );
  const windows = places[0]?.length ?? 0;
  const indices = graph.constant(places.flat(), 'int64', [places.length, windows]);
  const gathered = graph.apply('Gather', [flat, indices], { axis: int(2) }, self.dtype, [
    batch,
    channels,
    SymbolicInt.of(places.length),
    SymbolicInt.of(windows),
  ]);
  return reshaped(call, gathered, [
    batch,
    channels.times(SymbolicInt.of(places.length)),
    SymbolicInt.of(windows),
  ]);
};

/** Columns put back as windows of an image, where they overlap as their sum (`torch.nn.functional.fold`). */
const col2im: OperatorBody = (call) => {
  const self = call.tensor('self');
  if (self.rank !== 3) throw call.refuse('columns without a batch');
  const { graph } = call;
  const [kernel, size, padding] = [
    pair(call, 'kernel_size'),
    pair(call, 'output_size'),
    pair(call, 'padding'),
  ];
  const attributes = {
    dilations: ints(pair(call, 'dilation')),
    pads: ints([...padding, ...padding]),
    strides: ints(pair(call, 'stride')),
  };
  const [batch = ONE, rows = ONE] = self.dims;
  return graph.apply('Col2Im', [self, graph.int64s(size), graph.int64s(kernel)], attributes, self.dtype, [
    batch,
    rows.floorDividedBy(SymbolicInt.of(kernel[0] * kernel[1])),
    SymbolicInt.of(size[0]),
    SymbolicInt.of(size[1]),
  ]);
};

/** Operators that take images apart into windows, and put them together. */
export const SLIDING_WINDOWS: OperatorTable = { im2col, col2im };
