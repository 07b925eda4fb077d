/** Which two axes of a tensor are laid out as rows and columns, and where the others stand. */
export interface Slice {
  /** Axis shown as rows; null for a scalar or vector, which is wrapped. */
  readonly rowAxis: number | null;
  /** Axis shown as columns; null for a scalar. */
  readonly columnAxis: number | null;
  /** One index an axis; those of the two shown axes are unused. */
  readonly at: readonly number[];
}

/** A tensor's slice as a table: how many rows and columns, and which element stands where. */
export interface SliceTable {
  readonly rows: number;
  readonly columns: number;
  /** Flat, row-major index of a cell; −1 where a wrapped vector has ended. */
  indexAt(row: number, column: number): number;
  rowLabel(row: number): string;
  columnLabel(column: number): string;
  /** A vector that is laid out in several rows; row labels are then the index of the row's first element. */
  readonly isWrapped: boolean;
}

/** Columns of a wrapped vector. */
export const WRAPPED_COLUMNS = 8;

/** The slice shown first: the last two axes longer than one, everything else at index 0. */
export function firstSlice(shape: readonly number[]): Slice {
  const at = shape.map(() => 0);
  const long = shape.flatMap((dim, axis) => (dim === 1 ? [] : [axis]));
  const columnAxis = long.at(-1) ?? (shape.length > 0 ? shape.length - 1 : null);
  return { rowAxis: long.at(-2) ?? null, columnAxis, at };
}

/** The axes whose index has to be chosen: neither shown nor of length one. */
export function chosenAxes(shape: readonly number[], slice: Slice): readonly number[] {
  return shape.flatMap((dim, axis) =>
    axis === slice.rowAxis || axis === slice.columnAxis || dim <= 1 ? [] : [axis],
  );
}

/** Lays a slice out as a table. Vectors longer than {@link WRAPPED_COLUMNS} are wrapped. */
export function sliceTable(shape: readonly number[], slice: Slice): SliceTable {
  const strides = stridesOf(shape);
  const { rowAxis, columnAxis } = slice;
  const base = slice.at.reduce(
    (sum, index, axis) =>
      axis === rowAxis || axis === columnAxis ? sum : sum + index * (strides[axis] ?? 0),
    0,
  );
  const columnStride = columnAxis === null ? 0 : (strides[columnAxis] ?? 0);
  const length = columnAxis === null ? 1 : (shape[columnAxis] ?? 0);
  if (rowAxis === null) return vectorTable(base, length, columnStride);
  const rowStride = strides[rowAxis] ?? 0;
  return {
    rows: shape[rowAxis] ?? 0,
    columns: length,
    indexAt: (row, column) => base + row * rowStride + column * columnStride,
    rowLabel: String,
    columnLabel: String,
    isWrapped: false,
  };
}

function vectorTable(base: number, length: number, stride: number): SliceTable {
  const columns = Math.min(length, WRAPPED_COLUMNS);
  const rows = columns === 0 ? 0 : Math.ceil(length / columns);
  return {
    rows,
    columns,
    indexAt: (row, column) => {
      const place = row * columns + column;
      return place < length ? base + place * stride : -1;
    },
    rowLabel: (row) => String(row * columns),
    columnLabel: (column) => (rows > 1 ? `+${column}` : String(column)),
    isWrapped: rows > 1,
  };
}

function stridesOf(shape: readonly number[]): readonly number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const dim of shape.toReversed()) {
    strides.unshift(stride);
    stride *= dim;
  }
  return strides;
}

/** The index of an element along every axis, as text: `[0, 3, 7]`. */
export function placeOf(shape: readonly number[], flatIndex: number): string {
  const place: number[] = [];
  let rest = flatIndex;
  for (const dim of shape.toReversed()) {
    place.unshift(dim === 0 ? 0 : rest % dim);
    rest = dim === 0 ? 0 : Math.floor(rest / dim);
  }
  return `[${place.join(', ')}]`;
}
