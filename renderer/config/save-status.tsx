import { Button, Popover, Text } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCheck,
  IconCloudOff,
  IconLoader,
  IconPencil,
  IconRefresh,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { useHost } from '../host/host-context.tsx';
import type { ConfigAnalysis } from './analyze-config.ts';
import { resolveConflict, type ConfigDraft } from './config-draft-store.ts';
import { useWorkspaceStore } from '../workspace/workspace-store.ts';
import classes from './config.module.css';

interface SaveStatusProps {
  readonly model: ModelEntry;
  readonly draft: ConfigDraft;
  readonly analysis: ConfigAnalysis;
}

/** Where the text is: saved, a draft with its first error, on the way, or in conflict with somebody else's. */
export function SaveStatus({ model, draft, analysis }: SaveStatusProps) {
  return (
    <span className={classes.save} role="status" aria-label="Config state">
      {statusOf({ model, draft, analysis })}
    </span>
  );
}

function statusOf({ model, draft, analysis }: SaveStatusProps): ReactNode {
  const { save } = draft;
  switch (save.kind) {
    case 'saving':
      return words(<IconLoader size={14} aria-hidden />, 'Saving…', 'quiet');
    case 'waiting':
      return words(<IconCloudOff size={14} aria-hidden />, 'Kept here until the connection is back', 'busy');
    case 'failed':
      return words(<IconAlertTriangle size={14} aria-hidden />, `Not saved: ${save.reason}`, 'bad');
    case 'conflict':
      return <Conflict model={model} theirs={save.theirs} />;
    case 'saved':
      return savedWords(model, analysis);
  }
}

function savedWords(model: ModelEntry, analysis: ConfigAnalysis): ReactNode {
  if (!model.config.isSaved) {
    return words(<IconPencil size={14} aria-hidden />, draftText(analysis), 'busy');
  }
  if (model.config.isReloadNeeded)
    return words(<IconRefresh size={14} aria-hidden />, 'Saved. Reload to apply', 'accent');
  return words(<IconCheck size={14} aria-hidden />, 'Saved', 'quiet');
}

function words(icon: ReactNode, text: string, tone: 'quiet' | 'busy' | 'bad' | 'accent') {
  return (
    <span className={classes.saveWords} data-tone={tone} title={text}>
      {icon}
      <span className="conch-truncate">{text}</span>
    </span>
  );
}

function Conflict({ model, theirs }: { readonly model: ModelEntry; readonly theirs: string }) {
  const host = useHost();
  return (
    <Popover width={440} withArrow shadow="md" trapFocus defaultOpened>
      <Popover.Target>
        <Button size="compact-xs" color="yellow" variant="light">
          Changed elsewhere
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="sm" mb={8}>
          config.pbtxt was changed outside while you were editing. Nothing is lost: the other text stays in
          undo.
        </Text>
        <pre className={classes.theirs} tabIndex={0} role="region" aria-label="The other text">
          {theirs}
        </pre>
        <Button.Group>
          <Button size="compact-sm" onClick={() => resolveConflict(host, model.name, 'mine')}>
            Keep mine
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => resolveConflict(host, model.name, 'theirs')}
          >
            Take the other
          </Button>
        </Button.Group>
      </Popover.Dropdown>
    </Popover>
  );
}

/** Why the text lives as a draft only: its first error, or a repository that cannot be written. */
function draftText({ firstError }: ConfigAnalysis): string {
  if (firstError !== null)
    return `Draft, not valid (line ${firstError.range.startLine}: ${firstError.message})`;
  const { readOnlyReason } = useWorkspaceStore.getState().workspace;
  return `Kept as a draft: ${readOnlyReason ?? 'config.pbtxt could not be written.'}`;
}
