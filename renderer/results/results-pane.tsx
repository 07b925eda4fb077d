import { Loader } from '@mantine/core';
import { useEffect } from 'react';
import { IconCircleCheck, IconMoodEmpty } from '@tabler/icons-react';
import type { HistoryEntry } from '../../app/contract/inference.ts';
import { useNow } from '../format/use-now.ts';
import { useHost } from '../host/host-context.tsx';
import { useWorkspaceStore } from '../workspace/workspace-store.ts';
import { EntryOutcome } from './entry-outcome.tsx';
import { formatDuration } from './format-number.ts';
import { restoreLastRun, useRun, type RunState } from './results-store.ts';
import './results.css';

interface ResultsPaneProps {
  readonly model: string;
  readonly labelsOf: (output: string) => readonly string[];
}

/** The outcome of the last request of a model; brings it back after a reload. */
export function ResultsPane({ model, labelsOf }: ResultsPaneProps) {
  const host = useHost();
  const run = useRun(model);
  const repository = useWorkspaceStore(({ workspace }) => workspace.path);
  useEffect(() => {
    // Without history there is nothing to bring back, and nothing to complain about.
    restoreLastRun(host, model, repository).catch(() => undefined);
  }, [host, model, repository]);
  const entry = shownEntry(run);
  return (
    <section className="results-pane" aria-label="Result" aria-busy={run.kind === 'running'}>
      <RunStatus run={run} />
      {run.kind === 'none' && (
        <div className="results-empty">
          <IconMoodEmpty size={28} stroke={1.4} aria-hidden />
          <p>Nothing was sent yet. Press Run to see what the model answers.</p>
        </div>
      )}
      {run.kind === 'not-sent' && (
        <div className="failure-card" role="alert">
          <header className="failure-card-head">
            <h3>The request was not sent</h3>
          </header>
          <p className="failure-card-why">{run.message}</p>
        </div>
      )}
      {entry !== null && (
        <div className={run.kind === 'running' ? 'is-stale' : undefined}>
          <EntryOutcome entry={entry} labelsOf={labelsOf} />
        </div>
      )}
    </section>
  );
}

/** Says in words what became of the request, also to screen readers. */
function RunStatus({ run }: { readonly run: RunState }) {
  const now = useNow(run.kind === 'running');
  const elapsed = run.kind === 'running' ? Math.max(0, now - run.startedAt) : 0;
  const isFirst =
    run.kind === 'finished' && run.entry.origin === 'first-run' && run.entry.outcome.kind === 'answered';
  return (
    <div className="results-status">
      <div role="status" aria-live="polite" className="results-headline">
        {isFirst && (
          <h2>
            <IconCircleCheck size={20} aria-hidden /> Your model answered. Now try real data.
          </h2>
        )}
        {run.kind === 'finished' && !isFirst && <h2>{headline(run.entry)}</h2>}
        {run.kind === 'running' && elapsed > 400 && (
          <h2>
            <Loader size={14} aria-hidden /> Waiting for the answer
          </h2>
        )}
        {run.kind === 'running' && elapsed <= 400 && <h2 className="conch-muted">Result</h2>}
        {(run.kind === 'none' || run.kind === 'not-sent') && <h2>Result</h2>}
      </div>
      {run.kind === 'running' && elapsed > 400 && (
        <span className="conch-muted">{(elapsed / 1000).toFixed(1)} s</span>
      )}
    </div>
  );
}

function headline(entry: HistoryEntry): string {
  return entry.outcome.kind === 'answered'
    ? `Answered in ${formatDuration(entry.timing.totalMicroseconds)}`
    : 'The request failed';
}

function shownEntry(run: RunState): HistoryEntry | null {
  switch (run.kind) {
    case 'finished':
      return run.entry;
    case 'running':
      return run.previous;
    case 'none':
    case 'not-sent':
      return null;
  }
}
