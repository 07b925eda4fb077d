import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { HistoryEntry } from '../../app/contract/inference.ts';
import type { NamedTensor } from '../../app/core/tensors/tensor.ts';
import { raiseFailure } from '../notices/notices-store.ts';
import { FailureCard } from './failure-card.tsx';
import { formatClock } from './format-number.ts';
import { OutputCard } from './output-card.tsx';
import './results.css';
import { saveFile, saveNpz, tensorsJson } from './save-file.ts';
import { TimingBar } from './timing-bar.tsx';

interface EntryOutcomeProps {
  readonly entry: HistoryEntry;
  /** Labels of an output by its name; empty where it has none. */
  readonly labelsOf: (output: string) => readonly string[];
}

/** What became of a request: its outputs, or why it failed. */
export function EntryOutcome({ entry, labelsOf }: EntryOutcomeProps) {
  const { outcome } = entry;
  return (
    <div className="entry-outcome">
      <div className="entry-outcome-head">
        <div className="entry-outcome-facts">
          <TimingBar timing={entry.timing} />
          <span className="conch-muted">
            {formatClock(entry.at)}
            {outcome.kind === 'answered' && ` · version ${outcome.modelVersion}`}
            {entry.server && ` · from ${entry.server.name}`}
            {` · ${entry.protocol === 'json' ? 'JSON' : 'binary'}`}
          </span>
        </div>
        {outcome.kind === 'answered' && outcome.outputs.length > 0 && (
          <SaveAllMenu outputs={outcome.outputs} model={entry.model} />
        )}
      </div>
      {outcome.kind === 'failed' ? (
        <FailureCard failure={outcome.failure} />
      ) : (
        outcome.outputs.map((tensor) => (
          <OutputCard key={tensor.name} tensor={tensor} labels={labelsOf(tensor.name)} />
        ))
      )}
    </div>
  );
}

function SaveAllMenu({
  outputs,
  model,
}: {
  readonly outputs: readonly NamedTensor[];
  readonly model: string;
}) {
  const saveArchive = () => {
    try {
      saveNpz(`${model}-outputs.npz`, outputs);
    } catch (cause) {
      raiseFailure('Could not save', cause);
    }
  };
  return (
    <Menu>
      <Menu.Target>
        <Button size="compact-sm" variant="default" leftSection={<IconDownload size={13} aria-hidden />}>
          Save all outputs
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={saveArchive}>All outputs as .npz</Menu.Item>
        <Menu.Item
          onClick={() => saveFile(`${model}-outputs.json`, tensorsJson(outputs), 'application/json')}
        >
          All outputs as JSON
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
