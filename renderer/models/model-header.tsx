import { ActionIcon, Badge, Button, Menu, Title } from '@mantine/core';
import {
  IconDots,
  IconFolder,
  IconPackageExport,
  IconPencil,
  IconPlayerPause,
  IconRefresh,
  IconTrash,
} from '@tabler/icons-react';
import { useState } from 'react';
import type { ModelEntry, VersionState } from '../../app/contract/model-entry.ts';
import { ExportDialog } from '../exports/export-dialog.tsx';
import { useHasRequests } from '../history/history-store.ts';
import { useHost } from '../host/host-context.tsx';
import { useCapabilities } from '../host/shell-store.ts';
import { openTab, useNavigationStore } from '../navigation/navigation-store.ts';
import { raiseFailure } from '../notices/notices-store.ts';
import { deleteModel } from './delete-model.ts';
import { readyVersion } from './model-state.ts';
import { RenameDialog } from './rename-dialog.tsx';
import { serveModel, unloadModel } from './serve-model.ts';
import { ModelStateLabel } from './state-chip.tsx';
import classes from './models.module.css';

/** Name, format, state in words, the next thing to do, and what else can be done. */
export function ModelHeader({ model }: { readonly model: ModelEntry }) {
  const [dialog, setDialog] = useState<'rename' | 'export' | null>(null);
  const close = () => setDialog(null);
  return (
    <header className={classes.header}>
      <div className={classes.headerText}>
        <Title order={1} className={`${classes.name ?? ''} conch-truncate`} title={model.name}>
          {model.name}
        </Title>
        {model.description !== null && (
          <Badge variant="default" radius="sm" tt="none" fw={500}>
            {model.description.formatName}
          </Badge>
        )}
        <span className={classes.state} role="status" aria-label="Model state">
          <ModelStateLabel model={model} />
        </span>
        <ExecutionProvider model={model} />
      </div>
      <div className={classes.actions}>
        <PrimaryAction model={model} onExport={() => setDialog('export')} />
        {canExportBeside(model) && (
          <Button
            variant="default"
            leftSection={<IconPackageExport size={16} aria-hidden />}
            onClick={() => setDialog('export')}
          >
            Export…
          </Button>
        )}
        <MoreActions model={model} onRename={() => setDialog('rename')} />
      </div>
      <RenameDialog model={model} isOpened={dialog === 'rename'} onClose={close} />
      <ExportDialog model={model} isOpened={dialog === 'export'} onClose={close} />
    </header>
  );
}

/** Where export is the one thing to do next, the primary action is it. */
function canExportBeside({ problem, description }: ModelEntry): boolean {
  return problem !== undefined || description?.verdict.kind !== 'needs-container';
}

type ReadyState = Extract<VersionState, { readonly kind: 'ready' }>;

/** How the cores are shared between the instances, in a sentence. */
function threadsText({ instanceCount, threadsPerInstance }: ReadyState): string {
  if (threadsPerInstance === undefined) return '';
  const each = instanceCount === 1 ? 'The instance computes' : 'Each instance computes';
  const threads = threadsPerInstance === 1 ? 'one thread' : `${threadsPerInstance} threads`;
  return ` ${each} with ${threads} (intra_op_thread_count of the config changes that).`;
}

function ExecutionProvider({ model }: { readonly model: ModelEntry }) {
  const state = readyVersion(model)?.state;
  // An ensemble has no instances of its own.
  if (state?.kind !== 'ready' || state.instanceCount === 0) return null;
  return (
    <span className={classes.quiet} title={`${state.executionProviderReason}${threadsText(state)}`}>
      {state.instanceCount} × {state.executionProvider}
    </span>
  );
}

/**
 * The one thing to do next: serve, reload after a change, test, or export what cannot run here. It steps back where the
 * tab has a filled button of its own: Run, or "Open in Test" of a request.
 */
function PrimaryAction({ model, onExport }: { readonly model: ModelEntry; readonly onExport: () => void }) {
  const host = useHost();
  const tab = useNavigationStore((state) => state.tab);
  const isReady = readyVersion(model) !== null;
  const hasRequests = useHasRequests(model.name);
  const variant =
    (tab === 'test' && isReady) || (tab === 'history' && hasRequests)
      ? ('light' as const)
      : ('filled' as const);
  const verdict = model.description?.verdict.kind;
  const isLoading = model.versions.some(({ state }) => state.kind === 'loading');
  if (model.problem !== undefined || verdict === 'cannot-be-served') return null;
  if (verdict === 'needs-container')
    return (
      <Button variant={variant} onClick={onExport}>
        Export…
      </Button>
    );
  if (!isReady)
    return (
      <Button variant={variant} onClick={() => void serveModel(host, model.name)} disabled={isLoading}>
        {isLoading ? 'Loading…' : 'Serve model'}
      </Button>
    );
  if (model.config.isReloadNeeded)
    return (
      <Button
        variant={variant}
        leftSection={<IconRefresh size={16} aria-hidden />}
        onClick={() => void serveModel(host, model.name)}
      >
        Reload
      </Button>
    );
  return tab === 'test' ? null : (
    <Button variant={variant} onClick={() => openTab('test')}>
      Test model
    </Button>
  );
}

function MoreActions({ model, onRename }: { readonly model: ModelEntry; readonly onRename: () => void }) {
  const host = useHost();
  const { revealInFolder } = useCapabilities();
  const isLoaded = model.versions.some(({ state }) => state.kind !== 'unloaded');
  const reveal = () => {
    host
      .call('folder.reveal', { path: model.path })
      .catch((cause: unknown) => raiseFailure('Could not open the folder', cause));
  };
  return (
    <Menu width={220}>
      <Menu.Target>
        <ActionIcon size={34} variant="default" aria-label="More actions">
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {isLoaded && (
          <>
            <Menu.Item
              leftSection={<IconRefresh size={16} aria-hidden />}
              onClick={() => void serveModel(host, model.name)}
            >
              Reload
            </Menu.Item>
            <Menu.Item
              leftSection={<IconPlayerPause size={16} aria-hidden />}
              onClick={() => void unloadModel(host, model.name)}
            >
              Unload
            </Menu.Item>
            <Menu.Divider />
          </>
        )}
        <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={onRename}>
          Rename…
        </Menu.Item>
        {revealInFolder && (
          <Menu.Item leftSection={<IconFolder size={16} aria-hidden />} onClick={reveal}>
            Show in folder
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item
          color="red"
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={() => void deleteModel(host, model.name)}
        >
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
