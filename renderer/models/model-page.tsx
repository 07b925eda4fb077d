import { Tabs } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { ConfigPanel } from '../config/config-panel.tsx';
import { HistoryPanel } from '../history/history-panel.tsx';
import { MODEL_TABS, openTab, useNavigationStore } from '../navigation/navigation-store.ts';
import { EndpointStrip } from '../server/endpoint-strip.tsx';
import { LogPanel } from '../server/log-panel.tsx';
import { ModelCard } from './model-card.tsx';
import { ModelHeader } from './model-header.tsx';
import { UnavailablePanel } from './unavailable-panel.tsx';
import classes from './models.module.css';

const TestPanel = lazy(async () => ({ default: (await import('../test/test-panel.tsx')).TestPanel }));

const TAB_NAMES = { model: 'Model', test: 'Test', history: 'History', log: 'Log' } as const;

/** Everything about one model. */
export function ModelPage({ model }: { readonly model: ModelEntry }) {
  const tab = useNavigationStore((state) => state.tab);
  return (
    <div className={classes.page}>
      <ModelHeader model={model} />
      <UnavailablePanel model={model} />
      <EndpointStrip model={model} />
      <Tabs
        value={tab}
        onChange={(value) => openTab(MODEL_TABS.find((known) => known === value) ?? 'model')}
        className={classes.tabs}
        keepMounted={false}
      >
        <Tabs.List aria-label="Model page" className={classes.tabList}>
          {MODEL_TABS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {TAB_NAMES[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="model" className={classes.tabPanel}>
          <div className={classes.columns}>
            <ModelCard model={model} />
            {hasConfig(model) && <ConfigPanel model={model} />}
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="test" className={classes.tabPanel}>
          <Suspense fallback={<p className="conch-muted">Opening the test form…</p>}>
            <TestPanel model={model} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="history" className={classes.tabPanel}>
          <HistoryPanel model={model} />
        </Tabs.Panel>
        <Tabs.Panel value="log" className={classes.tabPanel}>
          <LogPanel model={model} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

/** What cannot be served gets no config; one that is there anyway is shown. */
function hasConfig({ problem, description, config }: ModelEntry): boolean {
  return config.text !== '' || (problem === undefined && description?.verdict.kind !== 'cannot-be-served');
}
