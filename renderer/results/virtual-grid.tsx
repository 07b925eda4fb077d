import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useImperativeHandle, useRef, type ReactNode, type Ref } from 'react';
import type { SliceTable } from './slice.ts';
import './virtual-grid.css';

const ROW_HEIGHT = 26;
const MOST_ROWS = 1_000_000;

/** What a parent may ask of the grid. */
export interface VirtualGridHandle {
  scrollToCell(row: number, column: number): void;
}

interface VirtualGridProps {
  readonly table: SliceTable;
  /** Name for screen readers. */
  readonly label: string;
  /** `grid` where cells can be edited. */
  readonly role: 'table' | 'grid';
  readonly cellWidth: number;
  readonly maxHeight: number;
  /** Draws the content of one cell; `index` is its flat index. */
  readonly renderCell: (index: number, row: number, column: number) => ReactNode;
  readonly ref?: Ref<VirtualGridHandle>;
}

/** A table of any size with row and column headers, of which only what is seen is in the page. */
export function VirtualGrid({ table, label, role, cellWidth, maxHeight, renderCell, ref }: VirtualGridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const shownRows = Math.min(table.rows, MOST_ROWS);
  const headerWidth = Math.max(44, 16 + 8 * table.rowLabel(Math.max(0, shownRows - 1)).length);
  const rows = useVirtualizer({
    count: shownRows,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    scrollPaddingStart: ROW_HEIGHT,
  });
  const columns = useVirtualizer({
    horizontal: true,
    count: table.columns,
    getScrollElement: () => scroller.current,
    estimateSize: () => cellWidth,
    overscan: 4,
    scrollPaddingStart: headerWidth,
  });
  useEffect(() => columns.measure(), [columns, cellWidth]);
  useImperativeHandle(ref, () => ({
    scrollToCell: (row, column) => {
      rows.scrollToIndex(row);
      columns.scrollToIndex(column);
    },
  }));
  const width = headerWidth + columns.getTotalSize();
  const height = ROW_HEIGHT + rows.getTotalSize();
  const shownColumns = columns.getVirtualItems();
  return (
    <>
      {/* A long table is read by scrolling, also with the keyboard. */}
      <div
        ref={scroller}
        className="virtual-grid"
        style={{ maxHeight }}
        tabIndex={0}
        role="region"
        aria-label={label}
      >
        <div
          role={role}
          aria-label={label}
          aria-rowcount={table.rows + 1}
          aria-colcount={table.columns + 1}
          style={{ width, minWidth: '100%', height, position: 'relative' }}
        >
          <div
            role="row"
            aria-rowindex={1}
            className="virtual-grid-head"
            style={{ width, height: ROW_HEIGHT }}
          >
            <div role="columnheader" className="virtual-grid-corner" style={{ width: headerWidth }}>
              {table.isWrapped ? 'index' : ''}
            </div>
            {shownColumns.map((column) => (
              <div
                key={column.key}
                role="columnheader"
                aria-colindex={column.index + 2}
                className="virtual-grid-label"
                style={{ left: headerWidth + column.start, width: column.size }}
              >
                {table.columnLabel(column.index)}
              </div>
            ))}
          </div>
          {rows.getVirtualItems().map((row) => (
            <div
              key={row.key}
              role="row"
              aria-rowindex={row.index + 2}
              className="virtual-grid-row"
              style={{ top: ROW_HEIGHT + row.start, width, height: row.size }}
            >
              <div role="rowheader" className="virtual-grid-side" style={{ width: headerWidth }}>
                {table.rowLabel(row.index)}
              </div>
              {shownColumns.map((column) => {
                const index = table.indexAt(row.index, column.index);
                return index < 0 ? null : (
                  <div
                    key={column.key}
                    role={role === 'grid' ? 'gridcell' : 'cell'}
                    aria-colindex={column.index + 2}
                    className="virtual-grid-cell"
                    style={{ left: headerWidth + column.start, width: column.size }}
                  >
                    {renderCell(index, row.index, column.index)}
                  </div>
                );
              })}
            </div>
          ))}
        </div>
      </div>
      {table.rows > MOST_ROWS && (
        <p className="virtual-grid-note">Only the first 1,000,000 rows are shown; saving keeps all.</p>
      )}
    </>
  );
}
