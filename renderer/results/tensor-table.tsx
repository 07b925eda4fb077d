import { useMemo, useState } from 'react';
import { elementReader, type ElementReader } from '../../app/core/tensors/elements.ts';
import type { NamedTensor } from '../../app/core/tensors/tensor.ts';
import { formatElement } from './format-number.ts';
import { SlicePicker } from './slice-picker.tsx';
import { firstSlice, sliceTable } from './slice.ts';
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
  const cellWidth = useMemo(() => cellWidthOf(reader, tensor), [reader, tensor]);
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

/** Wide enough for the longest of the first few hundred elements. */
function cellWidthOf(reader: ElementReader, { datatype }: NamedTensor): number {
  let longest = 4;
  for (let index = 0; index < Math.min(reader.length, 400); index++)
    longest = Math.max(longest, formatElement(reader.at(index) ?? 0, datatype).length);
  return Math.min(220, 18 + longest * 7.4);
}
