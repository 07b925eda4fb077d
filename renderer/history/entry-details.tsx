import { Button, Loader } from '@mantine/core';
import { IconArrowBackUp, IconArrowsDiff, IconTrash } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { HistoryEntry } from '../../app/contract/inference.ts';
import { statusOf } from '../../app/core/status.ts';
import { CompareDialog } from '../comparison/compare-dialog.tsx';
import { useHost } from '../host/host-context.tsx';
import { EntryOutcome } from '../results/entry-outcome.tsx';
import { OutputCard } from '../results/output-card.tsx';
import './history.css';

const NO_LABELS: readonly string[] = [];

interface EntryDetailsProps {
  readonly id: string;
  readonly labelsOf: (output: string) => readonly string[];
  readonly onOpen: (id: string) => void;
  readonly onDelete: (id: string) => void;
}

/** One request of the history with everything that was sent and answered. */
export function EntryDetails({ id, labelsOf, onOpen, onDelete }: EntryDetailsProps) {
  const entry = useEntry(id);
  const [isComparing, setComparing] = useState(false);
  if (entry === null) return <Loader size="sm" aria-label="Reading the request" />;
  if (typeof entry === 'string') return <p className="conch-muted">{entry}</p>;
  return (
    <article className="entry-details" aria-label="Request">
      <header className="entry-details-head">
        <h2>{new Date(entry.at).toLocaleString()}</h2>
        <span className="output-card-space" />
        <Button
          size="compact-sm"
          leftSection={<IconArrowBackUp size={14} aria-hidden />}
          onClick={() => onOpen(id)}
        >
          Open in Test
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconArrowsDiff size={14} aria-hidden />}
          onClick={() => setComparing(true)}
        >
          Compare…
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconTrash size={14} aria-hidden />}
          onClick={() => onDelete(id)}
        >
          Delete
        </Button>
      </header>
      <CompareDialog id={id} model={entry.model} isOpened={isComparing} onClose={() => setComparing(false)} />
      <EntryOutcome entry={entry} labelsOf={labelsOf} />
      <h3 className="entry-details-title">Inputs</h3>
      {entry.inputs.map((tensor) => (
        <OutputCard key={tensor.name} tensor={tensor} labels={NO_LABELS} isInput />
      ))}
    </article>
  );
}

/** The entry with its body; a sentence where it cannot be had, null while it is read. */
function useEntry(id: string): HistoryEntry | string | null {
  const host = useHost();
  const [entry, setEntry] = useState<HistoryEntry | string | null>(null);
  useEffect(() => {
    let isStale = false;
    const put = (next: HistoryEntry | string) => isStale || setEntry(next);
    host.call('history.get', { id }).then(put, (cause: unknown) => put(statusOf(cause).message));
    return () => {
      isStale = true;
    };
  }, [host, id]);
  return entry;
}
