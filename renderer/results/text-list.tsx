import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { bytesText, decodeBytes } from '../../app/core/tensors/bytes-elements.ts';
import { elementText } from '../../app/core/tensors/elements.ts';
import type { NamedTensor } from '../../app/core/tensors/tensor.ts';
import { placeOf } from './slice.ts';
import './results.css';

const LONGEST_SHOWN = 10_000;

interface TextListProps {
  readonly tensor: NamedTensor;
  readonly maxHeight: number;
}

/** The elements of a BYTES tensor as text, one below the other; what is no UTF-8 is shown as hexadecimal. */
export function TextList({ tensor, maxHeight }: TextListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const elements = useMemo(() => decodeBytes(tensor.data), [tensor]);
  const rows = useVirtualizer({
    count: elements.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 32,
    overscan: 6,
  });
  if (elements.length === 0) return <p className="conch-muted">No elements: one of the dimensions is 0.</p>;
  return (
    // A long list is read by scrolling, also with the keyboard.
    <div
      ref={scroller}
      className="text-list"
      style={{ maxHeight }}
      tabIndex={0}
      role="region"
      aria-label={`Texts of ${tensor.name}`}
    >
      <div
        role="list"
        aria-label={`Texts of ${tensor.name}`}
        style={{ height: rows.getTotalSize(), position: 'relative' }}
      >
        {rows.getVirtualItems().map((row) => (
          <div
            key={row.key}
            ref={rows.measureElement}
            data-index={row.index}
            role="listitem"
            aria-setsize={elements.length}
            aria-posinset={row.index + 1}
            className="text-list-row"
            style={{ transform: `translateY(${row.start}px)` }}
          >
            <span className="text-list-place">{placeOf(tensor.shape, row.index)}</span>
            <ElementContent bytes={elements[row.index] ?? new Uint8Array()} />
          </div>
        ))}
      </div>
    </div>
  );
}

function ElementContent({ bytes }: { readonly bytes: Uint8Array }) {
  const cut = bytes.byteLength > LONGEST_SHOWN;
  const isText = bytesText(bytes) !== null;
  const text = isText
    ? (bytesText(bytes) ?? '').slice(0, LONGEST_SHOWN)
    : elementText(bytes.subarray(0, 256));
  if (bytes.byteLength === 0) return <span className="conch-muted">(empty text)</span>;
  return (
    <span className="text-list-content">
      {text}
      {!isText && <span className="text-list-note">not UTF-8, {bytes.byteLength} bytes</span>}
      {isText && cut && (
        <span className="text-list-note">cut here; saving keeps all {bytes.byteLength} bytes</span>
      )}
    </span>
  );
}
