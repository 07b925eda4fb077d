import { useMantineColorScheme } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useEffect } from 'react';
import { Home } from '../home/home.tsx';
import { useHost } from '../host/host-context.tsx';
import { useShellStore } from '../host/shell-store.ts';
import { ModelChoosers, chooseModels } from '../imports/add-models.tsx';
import { DropTarget } from '../imports/drop-target.tsx';
import { ImportReport } from '../imports/import-report.tsx';
import { RunningJobs } from '../jobs/running-jobs.tsx';
import { ModelPage } from '../models/model-page.tsx';
import { useModel } from '../models/models-store.ts';
import { watchServedModels } from '../models/serve-model.ts';
import { useNavigationStore } from '../navigation/navigation-store.ts';
import { Announcer } from '../notices/announcer.tsx';
import { Notices } from '../notices/notices.tsx';
import { raiseNotice } from '../notices/notices-store.ts';
import { RemotePage } from '../remote/remote-page.tsx';
import { useRemoteServer } from '../remote/remote-store.ts';
import { useSettings } from '../settings/settings-store.ts';
import { ConnectionBanner } from './connection-banner.tsx';
import { FirstRunWatcher } from './first-run-watcher.tsx';
import { Sidebar } from './sidebar.tsx';
import { TopBar } from './top-bar.tsx';
import classes from './workbench.module.css';

/** The whole window. */
export function Workbench() {
  const host = useHost();
  const hasSnapshot = useShellStore((state) => state.hasSnapshot);
  useFollowedColorScheme();
  useHotkeys(
    [
      ['mod+O', () => void chooseModels(host)],
      ['mod+S', () => void raiseNotice({ severity: 'info', text: 'Everything is saved automatically.' })],
    ],
    [],
  );
  return (
    <div className={classes.window}>
      <TopBar />
      <ConnectionBanner />
      <div className={classes.body}>
        {hasSnapshot && <Sidebar />}
        <main className={classes.main} id="main" tabIndex={-1}>
          {hasSnapshot ? <Content /> : <Connecting />}
        </main>
      </div>
      <ModelChoosers />
      <ImportReport />
      <DropTarget />
      <RunningJobs />
      <Notices />
      <Announcer />
      <FirstRunWatcher watch={watchServedModels} />
    </div>
  );
}

function Content() {
  const name = useNavigationStore((state) => state.model);
  const remote = useRemoteServer(useNavigationStore((state) => state.remote));
  const model = useModel(name ?? '');
  if (remote !== undefined) return <RemotePage key={remote.id} server={remote} />;
  return model === undefined ? <Home /> : <ModelPage key={model.name} model={model} />;
}

function Connecting() {
  return (
    <p className={classes.connecting} role="status">
      Connecting to Conch…
    </p>
  );
}

function useFollowedColorScheme(): void {
  const { setColorScheme } = useMantineColorScheme();
  const colorScheme = useSettings()?.colorScheme;
  useEffect(() => {
    if (colorScheme !== undefined) setColorScheme(colorScheme);
  }, [colorScheme, setColorScheme]);
}
