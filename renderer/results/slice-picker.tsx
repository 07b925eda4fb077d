import { NativeSelect, NumberInput } from '@mantine/core';
import { chosenAxes, type Slice } from './slice.ts';
import './results.css';

interface SlicePickerProps {
  readonly shape: readonly number[];
  readonly slice: Slice;
  /** The tensor's name, for screen readers. */
  readonly name: string;
  readonly onChange: (slice: Slice) => void;
}

/** Chooses which two axes of a tensor are the rows and columns, and where the others stand. Nothing for a flat tensor. */
export function SlicePicker({ shape, slice, name, onChange }: SlicePickerProps) {
  const chosen = chosenAxes(shape, slice);
  const long = shape.flatMap((dim, axis) => (dim > 1 ? [axis] : []));
  if (chosen.length === 0) return null;
  const options = long.map((axis) => ({ value: String(axis), label: `axis ${axis} (${shape[axis]})` }));
  const choose = (role: 'rowAxis' | 'columnAxis', axis: number) => {
    const other = role === 'rowAxis' ? 'columnAxis' : 'rowAxis';
    onChange({ ...slice, [role]: axis, ...(slice[other] === axis ? { [other]: slice[role] } : {}) });
  };
  return (
    <div className="slice-picker" role="group" aria-label={`Slice of ${name}`}>
      <NativeSelect
        size="xs"
        label="Rows"
        value={String(slice.rowAxis)}
        data={options}
        onChange={(event) => choose('rowAxis', Number(event.currentTarget.value))}
      />
      <NativeSelect
        size="xs"
        label="Columns"
        value={String(slice.columnAxis)}
        data={options}
        onChange={(event) => choose('columnAxis', Number(event.currentTarget.value))}
      />
      {chosen.map((axis) => (
        <NumberInput
          key={axis}
          size="xs"
          w={96}
          label={`Axis ${axis} of ${shape[axis]}`}
          aria-label={`Index on axis ${axis}`}
          min={0}
          max={(shape[axis] ?? 1) - 1}
          clampBehavior="strict"
          allowDecimal={false}
          value={slice.at[axis] ?? 0}
          onChange={(value) =>
            typeof value === 'number' && onChange({ ...slice, at: slice.at.with(axis, value) })
          }
        />
      ))}
    </div>
  );
}
