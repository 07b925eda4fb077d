import type { OperatorBody, OperatorCall, OperatorTable } from '../operator-call.ts';
import { SymbolicInt } from '../symbolic-int.ts';
import { float, int, text } from '../tensor-graph.ts';
import { TorchList } from '../torch-values.ts';

const ONE = SymbolicInt.of(1);

/** Scales that are given, one for each spatial dim; null where a size is. */
function scalesOf(call: OperatorCall, spatial: number): number[] | null {
  if (call.takes('scale_factors') && call.has('scale_factors')) {
    const list = call.value('scale_factors');
    const items = list instanceof TorchList ? list.items : [];
    return items.map((item) => (item instanceof SymbolicInt ? call.known(item, 'the scale') : Number(item)));
  }
  const names =
    spatial === 1
      ? ['scales']
      : spatial === 2
        ? ['scales_h', 'scales_w']
        : ['scales_d', 'scales_h', 'scales_w'];
  if (!names.every((name) => call.takes(name) && call.has(name))) return null;
  return names.map((name) => call.float(name));
}

/** Resizing by PyTorch's rules (`UpSample.h`): nearest looks to the floor, the others to half pixels or to the corners. */
function upsample(
  mode: 'nearest' | 'nearest-exact' | 'linear' | 'cubic',
  spatial: number,
  isAntialiased = false,
): OperatorBody {
  return (call) => {
    const input = call.tensor(call.takes('input') ? 'input' : 'self');
    const { graph } = call;
    const alignsCorners = call.takes('align_corners') && call.bool('align_corners');
    const scales = scalesOf(call, spatial);
    const sizes = call.has('output_size')
      ? call.ints('output_size')
      : input.dims.slice(2).map((dim, index) => scaledSize(call, dim, scales?.[index] ?? 1));
    const dims = [...input.dims.slice(0, 2), ...sizes];
    const attributes = {
      mode: text(mode.startsWith('nearest') ? 'nearest' : mode),
      coordinate_transformation_mode: text(
        alignsCorners ? 'align_corners' : mode === 'nearest' ? 'asymmetric' : 'half_pixel',
      ),
      ...(mode === 'nearest' ? { nearest_mode: text('floor') } : {}),
      ...(mode === 'nearest-exact' ? { nearest_mode: text('round_prefer_ceil') } : {}),
      ...(mode === 'cubic' ? { cubic_coeff_a: float(isAntialiased ? -0.5 : -0.75) } : {}),
      ...(isAntialiased ? { antialias: int(1), exclude_outside: int(1) } : {}),
    };
    return graph.apply('Resize', [input, null, null, graph.shape(dims)], attributes, input.dtype, dims);
  };
}

function scaledSize(call: OperatorCall, dim: SymbolicInt, scale: number): SymbolicInt {
  if (Number.isInteger(scale)) return dim.times(SymbolicInt.of(scale));
  if (Number.isInteger(1 / scale)) return dim.floorDividedBy(SymbolicInt.of(1 / scale));
  return SymbolicInt.of(Math.floor(call.known(dim, 'the size') * scale));
}

const gridSample: OperatorBody = (call) => {
  const [input, grid] = [call.tensor('input'), call.tensor('grid')];
  if (input.rank !== 4) throw call.refuse('an input that is no stack of images');
  const mode = ['linear', 'nearest', 'cubic'][call.staticInt('interpolation_mode')];
  const padding = ['zeros', 'border', 'reflection'][call.staticInt('padding_mode')];
  if (mode === undefined || padding === undefined) throw call.refuse('an unknown mode');
  const attributes = {
    mode: text(mode === 'linear' ? 'bilinear' : mode === 'cubic' ? 'bicubic' : mode),
    padding_mode: text(padding),
    align_corners: int(call.bool('align_corners') ? 1 : 0),
  };
  const dims = [input.dims[0] ?? ONE, input.dims[1] ?? ONE, grid.dims[1] ?? ONE, grid.dims[2] ?? ONE];
  return call.graph.apply('GridSample', [input, grid], attributes, input.dtype, dims);
};

/** Operators that resize or resample images. */
export const RESIZING: OperatorTable = {
  upsample_nearest1d: upsample('nearest', 1),
  upsample_nearest2d: upsample('nearest', 2),
  upsample_nearest3d: upsample('nearest', 3),
  _upsample_nearest_exact1d: upsample('nearest-exact', 1),
  _upsample_nearest_exact2d: upsample('nearest-exact', 2),
  upsample_linear1d: upsample('linear', 1),
  upsample_bilinear2d: upsample('linear', 2),
  upsample_trilinear3d: upsample('linear', 3),
  upsample_bicubic2d: upsample('cubic', 2),
  _upsample_bilinear2d_aa: upsample('linear', 2, true),
  _upsample_bicubic2d_aa: upsample('cubic', 2, true),
  grid_sampler: gridSample,
  grid_sampler_2d: gridSample,
};
