import { ActionIcon, Button, Collapse, Menu, SegmentedControl, Title, Tooltip } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconArrowBackUp, IconArrowForwardUp, IconChevronDown, IconDots } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import type { CallName } from '../../app/contract/calls.ts';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { useHost } from '../host/host-context.tsx';
import { useShellStore } from '../host/shell-store.ts';
import { raiseFailure } from '../notices/notices-store.ts';
import { flushDrafts, redoDraft, undoDraft } from './config-draft-store.ts';
import { ConfigForm } from './config-form.tsx';
import { EffectiveView } from './effective-view.tsx';
import { SaveStatus } from './save-status.tsx';
import { useConfigAnalysis, useConfigDraft } from './use-config-draft.ts';
import classes from './config.module.css';

const TextView = lazy(async () => ({ default: (await import('../config-editor/text-view.tsx')).TextView }));

type View = 'form' | 'text';

/** config.pbtxt as a form and as text: two views of one document with one undo. */
export function ConfigPanel({ model }: { readonly model: ModelEntry }) {
  const host = useHost();
  const [view, setView] = useState<View>('form');
  const [isEffectiveShown, setEffectiveShown] = useState(false);
  const draft = useConfigDraft(model);
  const { now, lastGood } = useConfigAnalysis(model, draft.history.text);
  useFlushes();
  const undo = () => undoDraft(host, model.name);
  const redo = () => redoDraft(host, model.name);
  useHotkeys([
    ['mod+Z', undo],
    ['mod+shift+Z', redo],
    ['mod+Y', redo],
  ]);
  return (
    <section className={classes.panel} aria-labelledby="config-title">
      <div className={classes.head}>
        <Title order={2} id="config-title" className={classes.title}>
          config.pbtxt
        </Title>
        <SegmentedControl
          size="xs"
          aria-label="View of the config"
          value={view}
          onChange={(value) => setView(value === 'text' ? 'text' : 'form')}
          data={[
            { value: 'form', label: 'Form' },
            { value: 'text', label: 'Text' },
          ]}
        />
        <SaveStatus model={model} draft={draft} analysis={now} />
        <Tooltip label="Undo">
          <ActionIcon aria-label="Undo" disabled={draft.history.past.length === 0} onClick={undo}>
            <IconArrowBackUp size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Redo">
          <ActionIcon aria-label="Redo" disabled={draft.history.future.length === 0} onClick={redo}>
            <IconArrowForwardUp size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <ConfigMenu model={model} />
      </div>
      {view === 'form' ? (
        <ConfigForm model={model} text={draft.history.text} analysis={now} lastGood={lastGood} />
      ) : (
        <Suspense fallback={<p className="conch-muted">Opening the editor…</p>}>
          <TextView model={model} text={draft.history.text} analysis={now} />
        </Suspense>
      )}
      <Refusal analysis={now} />
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        className={classes.effectiveToggle}
        aria-expanded={isEffectiveShown}
        leftSection={
          <IconChevronDown size={14} aria-hidden className={classes.chevron} data-open={isEffectiveShown} />
        }
        onClick={() => setEffectiveShown(!isEffectiveShown)}
      >
        What the server will use
      </Button>
      <Collapse expanded={isEffectiveShown}>
        {isEffectiveShown && <EffectiveView analysis={lastGood} />}
      </Collapse>
    </section>
  );
}

function Refusal({ analysis }: { readonly analysis: ReturnType<typeof useConfigAnalysis>['now'] }) {
  const { effective } = analysis;
  if (effective.kind !== 'refused') return <div role="status" aria-label="Config check" />;
  return (
    <div role="status" aria-label="Config check">
      <p className={classes.refusal}>
        <strong>The server would refuse this config:</strong> {effective.reason}
      </p>
    </div>
  );
}

function ConfigMenu({ model }: { readonly model: ModelEntry }) {
  const host = useHost();
  const ask = (call: CallName & ('config.regenerate' | 'config.discardDraft')) => {
    host
      .call(call, { model: model.name })
      .catch((cause: unknown) => raiseFailure('The config was not changed', cause));
  };
  return (
    <Menu width={260}>
      <Menu.Target>
        <ActionIcon aria-label="More for the config">
          <IconDots size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => ask('config.regenerate')}>Generate again from the model</Menu.Item>
        <Menu.Item disabled={model.config.isSaved} onClick={() => ask('config.discardDraft')}>
          Discard the draft
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Sends what is not saved yet when the connection is back and when the page is left. */
function useFlushes(): void {
  const host = useHost();
  const connection = useShellStore((state) => state.connection.kind);
  useEffect(() => {
    if (connection === 'connected') flushDrafts(host);
  }, [connection, host]);
  useEffect(() => {
    const flush = () => flushDrafts(host);
    window.addEventListener('pagehide', flush);
    return () => window.removeEventListener('pagehide', flush);
  }, [host]);
}
