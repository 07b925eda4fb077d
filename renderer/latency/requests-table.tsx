import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useMemo, useRef, useState } from 'react';
import { durationUnit, formatClock, formatIn, formatWhole } from '../results/format-number.ts';
import './latency.css';
import type { RequestRing } from './request-ring.ts';
import { restOf, sortRequests, type SortKey, type SortOrder } from './sort-requests.ts';
import type { RequestRange } from './window-summary.ts';

const ROW_HEIGHT = 28;

const COLUMNS: readonly { readonly key: SortKey | 'time'; readonly title: string; readonly hint: string }[] =
  [
    { key: 'number', title: '#', hint: 'Counts the requests of this model from 1' },
    { key: 'time', title: 'Completed', hint: 'When the request was completed' },
    { key: 'status', title: 'Result', hint: 'Answered or failed' },
    { key: 'total', title: 'Total', hint: 'Received to answered, server clock' },
    { key: 'queue', title: 'Queue', hint: 'Waiting for an instance, server clock' },
    { key: 'compute', title: 'Compute', hint: 'Input + inference + output on the instance, server clock' },
    { key: 'rest', title: 'Rest', hint: 'total − queue − compute' },
  ];

interface RequestsTableProps {
  readonly ring: RequestRing;
  readonly range: RequestRange;
  readonly selected: number | null;
  readonly onOpen: (number: number) => void;
}

/** The requests of the chart as a table of any length, sorted by any column. */
export function RequestsTable({ ring, range, selected, onOpen }: RequestsTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [order, setOrder] = useState<SortOrder>({ key: 'number', isDescending: true });
  const numbers = useMemo(() => sortRequests(ring, range, order), [ring, range, order]);
  const rows = useVirtualizer({
    count: numbers.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 6,
    getItemKey: (place) => numbers[place] ?? place,
    scrollPaddingStart: ROW_HEIGHT,
  });
  return (
    // A long table is read by scrolling, also with the keyboard.
    <div
      ref={scroller}
      className="requests-table"
      tabIndex={0}
      role="region"
      aria-label="Requests, scrollable"
    >
      <div role="table" aria-label="Requests" aria-rowcount={numbers.length + 1}>
        <div role="row" aria-rowindex={1} className="requests-row requests-head">
          {COLUMNS.map(({ key, title, hint }) => (
            <ColumnHeader key={key} column={key} title={title} hint={hint} order={order} onOrder={setOrder} />
          ))}
        </div>
        <div role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map((row) => (
            <RequestRow
              key={row.key}
              ring={ring}
              number={numbers[row.index] ?? 0}
              rowIndex={row.index + 2}
              top={row.start}
              isSelected={numbers[row.index] === selected}
              onOpen={onOpen}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

interface ColumnHeaderProps {
  readonly column: SortKey | 'time';
  readonly title: string;
  readonly hint: string;
  readonly order: SortOrder;
  readonly onOrder: (order: SortOrder) => void;
}

function ColumnHeader({ column, title, hint, order, onOrder }: ColumnHeaderProps) {
  if (column === 'time')
    return (
      <span role="columnheader" title={hint}>
        {title}
      </span>
    );
  const isActive = order.key === column;
  const direction = order.isDescending ? 'descending' : 'ascending';
  return (
    <span role="columnheader" aria-sort={isActive ? direction : 'none'} title={hint}>
      <button
        type="button"
        onClick={() => onOrder({ key: column, isDescending: isActive ? !order.isDescending : true })}
      >
        {title}
        {isActive && <span aria-hidden>{order.isDescending ? ' ↓' : ' ↑'}</span>}
      </button>
    </span>
  );
}

interface RequestRowProps {
  readonly ring: RequestRing;
  readonly number: number;
  readonly rowIndex: number;
  readonly top: number;
  readonly isSelected: boolean;
  readonly onOpen: (number: number) => void;
}

const RequestRow = memo(function RequestRow({
  ring,
  number,
  rowIndex,
  top,
  isSelected,
  onOpen,
}: RequestRowProps) {
  const isOk = ring.isOk(number);
  const status = ring.label(number)?.httpStatus ?? 0;
  const names = ['requests-row', 'requests-body', isSelected ? 'is-selected' : '', isOk ? '' : 'is-failed'];
  return (
    <div role="row" aria-rowindex={rowIndex} className={names.join(' ')} style={{ top, height: ROW_HEIGHT }}>
      <span role="cell">
        <button type="button" aria-label={`Open request ${number + 1}`} onClick={() => onOpen(number)}>
          {formatWhole(number + 1)}
        </button>
      </span>
      <span role="cell">{formatClock(ring.value('at', number))}</span>
      <span role="cell">{isOk ? 'answered' : `✕ failed${status > 0 ? ` ${status}` : ''}`}</span>
      <Duration microseconds={ring.value('total', number)} />
      <Duration microseconds={ring.value('queue', number)} />
      <Duration microseconds={ring.value('compute', number)} />
      <Duration microseconds={restOf(ring, number)} />
    </div>
  );
});

function Duration({ microseconds }: { readonly microseconds: number }) {
  const unit = durationUnit(microseconds);
  return (
    <span role="cell">
      {formatIn(unit, microseconds)} <small>{unit.name}</small>
    </span>
  );
}
