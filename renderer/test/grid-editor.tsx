import { useMemo, useRef, useState, type ClipboardEvent, type KeyboardEvent } from 'react';
import { cellWidthFor } from '../results/cell-width.ts';
import { formatWhole } from '../results/format-number.ts';
import { SlicePicker } from '../results/slice-picker.tsx';
import { firstSlice, placeOf, sliceTable } from '../results/slice.ts';
import { VirtualGrid, type VirtualGridHandle } from '../results/virtual-grid.tsx';
import { resizedTexts } from './build-input.ts';
import { pasteCells } from './edit-draft.ts';
import { fitsGrid, MAX_GRID_ELEMENTS } from './input-draft.ts';
import { parseElement } from './parse-element.ts';
import { pastedCells } from './pasted-cells.ts';
import type { SourceProps } from './source-props.ts';
import './test.css';

/** The input's values as cells, a two-dimensional slice at a time; a block from a spreadsheet can be pasted. */
export function GridEditor(props: SourceProps) {
  const { shape } = props;
  if (!fitsGrid(shape)) {
    const count = formatWhole(shape.reduce((product, dim) => product * dim, 1));
    return (
      <p className="source-note">
        {count} values are too many for a grid (at most {formatWhole(MAX_GRID_ELEMENTS)}). Generate them,
        paste JSON or choose a file.
      </p>
    );
  }
  return <Cells key={shape.length} {...props} />;
}

function Cells({ field, shape, draft, onChange }: SourceProps) {
  const grid = useRef<VirtualGridHandle>(null);
  const root = useRef<HTMLDivElement>(null);
  const [slice, setSlice] = useState(() => firstSlice(shape));
  const [mistake, setMistake] = useState<string | null>(null);
  const table = useMemo(() => sliceTable(shape, withinShape(slice, shape)), [shape, slice]);
  const texts = useMemo(
    () => (draft.grid === null ? [] : resizedTexts(draft.grid, shape, field.datatype === 'BYTES' ? '' : '0')),
    [draft.grid, shape, field.datatype],
  );
  const put = (next: readonly string[]) => onChange({ ...draft, grid: { shape, texts: next } });
  const explain = (index: number, text: string) => {
    const parsed = parseElement(field.datatype, text);
    setMistake(parsed.kind === 'mistake' ? `${placeOf(shape, index)}: ${parsed.message}` : null);
  };
  const focusCell = (row: number, column: number) => {
    if (row < 0 || column < 0 || row >= table.rows || column >= table.columns) return;
    const index = table.indexAt(row, column);
    if (index < 0) return;
    grid.current?.scrollToCell(row, column);
    requestAnimationFrame(() => {
      const cell = root.current?.querySelector<HTMLInputElement>(`input[data-index="${index}"]`);
      cell?.focus();
      cell?.select();
    });
  };
  const move = (event: KeyboardEvent<HTMLInputElement>, row: number, column: number) => {
    const { selectionStart, selectionEnd, value } = event.currentTarget;
    const isWhole = selectionStart === 0 && selectionEnd === value.length;
    const step = stepOf(event, isWhole || selectionEnd === 0, isWhole || selectionStart === value.length);
    if (step === null) return;
    event.preventDefault();
    focusCell(row + step[0], column + step[1]);
  };
  const paste = (event: ClipboardEvent, row: number, column: number) => {
    const cells = pastedCells(event.clipboardData.getData('text/plain'), field.datatype !== 'BYTES');
    if (cells.length < 2 && (cells[0]?.length ?? 0) < 2) return;
    event.preventDefault();
    put(pasteCells(texts, table, { row, column }, cells));
  };
  return (
    <div ref={root} className="source-grid">
      <SlicePicker shape={shape} slice={slice} name={field.name} onChange={setSlice} />
      <VirtualGrid
        ref={grid}
        table={table}
        label={`Values of ${field.name}`}
        role="grid"
        cellWidth={field.datatype === 'BYTES' ? 160 : Math.max(54, cellWidthFor(texts.slice(0, 400)))}
        maxHeight={320}
        renderCell={(index, row, column) => {
          const text = texts[index] ?? '';
          const isWrong = parseElement(field.datatype, text).kind === 'mistake';
          return (
            <input
              className="grid-cell"
              data-index={index}
              aria-label={`${field.name} ${placeOf(shape, index)}`}
              aria-invalid={isWrong}
              value={text}
              spellCheck={false}
              autoComplete="off"
              inputMode={field.datatype === 'BYTES' || field.datatype === 'BOOL' ? 'text' : 'decimal'}
              onFocus={(event) => explain(index, event.currentTarget.value)}
              onBlur={() => setMistake(null)}
              onKeyDown={(event) => move(event, row, column)}
              onPaste={(event) => paste(event, row, column)}
              onChange={(event) => {
                explain(index, event.currentTarget.value);
                put(texts.with(index, event.currentTarget.value));
              }}
            />
          );
        }}
      />
      {mistake !== null && (
        <p className="source-mistake" role="alert">
          {mistake}
        </p>
      )}
    </div>
  );
}

function stepOf(
  event: KeyboardEvent,
  isAtStart: boolean,
  isAtEnd: boolean,
): readonly [number, number] | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  switch (event.key) {
    case 'ArrowUp':
      return [-1, 0];
    case 'ArrowDown':
      return [1, 0];
    case 'Enter':
      return event.shiftKey ? [-1, 0] : [1, 0];
    case 'ArrowLeft':
      return isAtStart && !event.shiftKey ? [0, -1] : null;
    case 'ArrowRight':
      return isAtEnd && !event.shiftKey ? [0, 1] : null;
    default:
      return null;
  }
}

/** The slice after sizes changed: axes that are one long now are not worth showing, indexes stay inside. */
function withinShape(
  slice: ReturnType<typeof firstSlice>,
  shape: readonly number[],
): ReturnType<typeof firstSlice> {
  const first = firstSlice(shape);
  const isStale = [slice.rowAxis, slice.columnAxis].some((axis) => axis === null || shape[axis] === 1);
  if (isStale) return first;
  return {
    ...slice,
    at: slice.at.map((index, axis) => Math.min(index, Math.max(0, (shape[axis] ?? 1) - 1))),
  };
}
