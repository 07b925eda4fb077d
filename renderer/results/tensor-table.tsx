import { useMemo, useState } from 'react';
import { elementReader, type ElementReader } from '../../app/core/tensors/elements.ts';
import type { NamedTensor } from '../../app/core/tensors/tensor.ts';
import { formatElement } from './format-number.ts';
import { SlicePicker } from './slice-picker.tsx';
import { firstSlice, sliceTable } from './slice.ts';
import { cellWidthFor } from './cell-width.ts';
import { VirtualGrid } from './virtual-grid.tsx';

interface TensorTableProps {
  readonly tensor: NamedTensor;
  readonly maxHeight: number;
}

/** All values of a tensor of numbers, a two-dimensional slice at a time. */
export function TensorTable({ tensor, maxHeight }: TensorTableProps) {
  const reader = useMemo(() => elementReader(tensor), [tensor]);
  const [slice, setSlice] = useState(() => firstSlice(tensor.shape));
  const table = useMemo(() => sliceTable(tensor.shape, slice), [tensor.shape, slice]);
  const cellWidth = useMemo(() => widthOf(reader, tensor), [reader, tensor]);
  if (reader.length === 0) return <p className="conch-muted">No elements: one of the dimensions is 0.</p>;
  return (
    <>
      <SlicePicker shape={tensor.shape} slice={slice} name={tensor.name} onChange={setSlice} />
      <VirtualGrid
        table={table}
        label={`Values of ${tensor.name}`}
        role="table"
        cellWidth={cellWidth}
        maxHeight={maxHeight}
        renderCell={(index) => formatElement(reader.at(index) ?? 0, tensor.datatype)}
      />
    </>
  );
}

function widthOf(reader: ElementReader, { datatype }: NamedTensor): number {
  const length = Math.min(reader.length, 400);
  return cellWidthFor(Array.from({ length }, (_, index) => formatElement(reader.at(index) ?? 0, datatype)));
}
