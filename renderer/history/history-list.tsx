import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type KeyboardEvent } from 'react';
import type { HistorySummary } from '../../app/contract/inference.ts';
import { formatDuration } from '../results/format-number.ts';
import './history.css';

const ROW_HEIGHT = 52;
const PAGE_STEP = 8;

interface HistoryListProps {
  readonly entries: readonly HistorySummary[];
  readonly selected: string | null;
  readonly onSelect: (id: string) => void;
  readonly onOpen: (id: string) => void;
  readonly onDelete: (id: string) => void;
  /** The end of the list came into view. */
  readonly onEnd: () => void;
}

/** Requests, newest first. Arrows move, Enter opens in Test, Delete deletes. */
export function HistoryList({ entries, selected, onSelect, onOpen, onDelete, onEnd }: HistoryListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 6,
    getItemKey: (place) => entries[place]?.id ?? place,
  });
  const shown = rows.getVirtualItems();
  const isAtEnd = (shown.at(-1)?.index ?? -1) >= entries.length - 1;
  useEffect(() => {
    if (isAtEnd) onEnd();
  }, [isAtEnd, onEnd, entries.length]);
  const place = entries.findIndex(({ id }) => id === selected);
  const go = (event: KeyboardEvent) => {
    const current = entries[place];
    if (event.key === 'Enter' && current !== undefined && !event.ctrlKey && !event.metaKey)
      onOpen(current.id);
    if (event.key === 'Delete' && current !== undefined) onDelete(current.id);
    const next = nextPlace(event.key, place, entries.length);
    const target = next === null ? undefined : entries[next];
    if (next === null || target === undefined) return;
    event.preventDefault();
    onSelect(target.id);
    rows.scrollToIndex(next);
  };
  return (
    <div
      ref={scroller}
      className="history-list"
      role="listbox"
      tabIndex={0}
      aria-label="Requests"
      aria-keyshortcuts="Enter Delete"
      {...(place < 0 ? {} : { 'aria-activedescendant': `history-${entries[place]?.id}` })}
      onKeyDown={go}
    >
      <div style={{ height: rows.getTotalSize(), position: 'relative' }} role="presentation">
        {shown.map((row) => {
          const entry = entries[row.index];
          return entry === undefined ? null : (
            <HistoryRow
              key={row.key}
              entry={entry}
              top={row.start}
              position={row.index + 1}
              total={entries.length}
              isSelected={entry.id === selected}
              onSelect={onSelect}
            />
          );
        })}
      </div>
    </div>
  );
}

function nextPlace(key: string, place: number, count: number): number | null {
  const goal = {
    ArrowDown: place + 1,
    ArrowUp: place - 1,
    PageDown: place + PAGE_STEP,
    PageUp: place - PAGE_STEP,
    Home: 0,
    End: count - 1,
  }[key];
  return goal === undefined ? null : Math.min(count - 1, Math.max(0, goal));
}

interface HistoryRowProps {
  readonly entry: HistorySummary;
  readonly top: number;
  readonly position: number;
  readonly total: number;
  readonly isSelected: boolean;
  readonly onSelect: (id: string) => void;
}

function HistoryRow({ entry, top, position, total, isSelected, onSelect }: HistoryRowProps) {
  return (
    // The list box has the focus and handles every key; its options are only pointed at.
    <div
      id={`history-${entry.id}`}
      role="option"
      aria-selected={isSelected}
      aria-posinset={position}
      aria-setsize={total}
      className={isSelected ? 'history-row is-selected' : 'history-row'}
      style={{ top, height: ROW_HEIGHT }}
      tabIndex={-1}
      onClick={() => onSelect(entry.id)}
      onKeyDown={(event) => event.key === ' ' && onSelect(entry.id)}
    >
      <span className="history-row-main">
        <span className={entry.isAnswered ? 'history-mark' : 'history-mark is-failed'} aria-hidden>
          {entry.isAnswered ? '✓' : '✕'}
        </span>
        <span>{entry.isAnswered ? 'Answered' : 'Failed'}</span>
        {entry.origin === 'first-run' && <span className="history-badge">first request</span>}
        {entry.server && (
          <span className="history-badge conch-truncate" title={`Sent to ${entry.server.name}`}>
            {entry.server.name}
          </span>
        )}
        <span className="history-row-time">{formatDuration(entry.timing.totalMicroseconds)}</span>
      </span>
      <span className="history-row-sub">
        <span className="conch-truncate">{entry.inputsSummary}</span>
        <time dateTime={new Date(entry.at).toISOString()}>{whenText(entry.at)}</time>
      </span>
    </div>
  );
}

function whenText(at: number): string {
  const time = new Date(at);
  const isToday = time.toDateString() === new Date().toDateString();
  return isToday ? time.toLocaleTimeString() : time.toLocaleString();
}
