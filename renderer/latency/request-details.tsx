import { Drawer, Loader } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { HistoryEntry } from '../../app/contract/inference.ts';
import { statusOf } from '../../app/core/status.ts';
import { formatBytes } from '../format/format-quantity.ts';
import { useHost } from '../host/host-context.tsx';
import { EntryOutcome } from '../results/entry-outcome.tsx';
import { formatClock, formatDuration } from '../results/format-number.ts';
import './latency.css';
import type { RequestRing } from './request-ring.ts';
import { restOf } from './sort-requests.ts';

interface RequestDetailsProps {
  readonly ring: RequestRing;
  readonly number: number;
  readonly labelsOf: (output: string) => readonly string[];
  readonly onClose: () => void;
}

/** One request of the chart: with its whole body where it came from Conch, else what the server said of it. */
export function RequestDetails({ ring, number, labelsOf, onClose }: RequestDetailsProps) {
  const label = ring.label(number);
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={`Request ${number + 1}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {label === undefined && <p>This request is no longer kept.</p>}
      {label !== undefined && (
        <div className="request-details">
          <Facts ring={ring} number={number} />
          {label.historyId !== undefined && <Body id={label.historyId} labelsOf={labelsOf} />}
          {label.historyId === undefined && (
            <p className="conch-muted">
              Sent by another client: only requests from Conch are kept with their inputs and outputs.
            </p>
          )}
        </div>
      )}
    </Drawer>
  );
}

function Facts({ ring, number }: { readonly ring: RequestRing; readonly number: number }) {
  const label = ring.label(number);
  if (label === undefined) return null;
  const clock = `${label.clock} clock`;
  const rows: readonly (readonly [string, string])[] = [
    ['Completed', formatClock(ring.value('at', number))],
    ['Total', `${formatDuration(ring.value('total', number))} (${clock})`],
    ['Queue', formatDuration(ring.value('queue', number))],
    ['Compute', formatDuration(ring.value('compute', number))],
    ['Rest', formatDuration(restOf(ring, number))],
    ['Inputs', label.inputs],
    ...(label.version === '' ? [] : [['Version', label.version] as const]),
    ...(label.httpStatus === 0 ? [] : [['HTTP status', String(label.httpStatus)] as const]),
    ...(label.requestBytes === 0
      ? []
      : [
          [
            'Bytes',
            `${formatBytes(label.requestBytes)} in, ${formatBytes(label.responseBytes)} out`,
          ] as const,
        ]),
    ...(label.requestId === '' ? [] : [['Request id', label.requestId] as const]),
    ...(label.error === undefined ? [] : [['Error', label.error] as const]),
  ];
  return (
    <dl className="request-facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Body({ id, labelsOf }: { readonly id: string; readonly labelsOf: RequestDetailsProps['labelsOf'] }) {
  const host = useHost();
  const [body, setBody] = useState<HistoryEntry | string | null>(null);
  useEffect(() => {
    let isStale = false;
    const put = (next: HistoryEntry | string) => isStale || setBody(next);
    host.call('history.get', { id }).then(put, (cause: unknown) => put(statusOf(cause).message));
    return () => {
      isStale = true;
    };
  }, [host, id]);
  if (body === null) return <Loader size="sm" aria-label="Reading the request" />;
  if (typeof body === 'string') return <p className="conch-muted">Its body is not kept: {body}</p>;
  return <EntryOutcome entry={body} labelsOf={labelsOf} />;
}
