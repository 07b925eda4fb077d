import { MantineProvider } from '@mantine/core';
import '@mantine/core/styles.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './theme/base.css';
import { Workbench } from './app-frame/workbench.tsx';
import { containerMirror } from './container/container-store.ts';
import { followHost } from './host/follow-host.ts';
import { historyMirror } from './history/history-store.ts';
import { HostProvider } from './host/host-context.tsx';
import type { Mirror } from './host/mirror.ts';
import type { ReconnectingHost } from './host/reconnecting-host.ts';
import { shellMirror } from './host/shell-store.ts';
import { jobsMirror } from './jobs/jobs-store.ts';
import { latencyMirror } from './latency/latency-store.ts';
import { machineMirror } from './machine/machine-store.ts';
import { modelsMirror } from './models/models-store.ts';
import { remoteMirror } from './remote/remote-store.ts';
import { rememberedDimsMirror } from './models/remembered-dims-store.ts';
import { noticesMirror, raiseFailure } from './notices/notices-store.ts';
import { serverMirror } from './server/server-store.ts';
import { settingsMirror } from './settings/settings-store.ts';
import { giveStylesNonce, styleNonce } from './theme/style-nonce.ts';
import { cssVariablesResolver, theme } from './theme/theme.ts';
import { workspaceMirror } from './workspace/workspace-store.ts';

/** Every feature's mirror of the host's facts. */
const MIRRORS: readonly Mirror[] = [
  modelsMirror,
  serverMirror,
  containerMirror,
  remoteMirror,
  workspaceMirror,
  jobsMirror,
  settingsMirror,
  machineMirror,
  rememberedDimsMirror,
  noticesMirror,
  historyMirror,
  latencyMirror,
  shellMirror,
];

/** Draws the workbench into the page and keeps it equal to the host. */
export function startWorkbench(connection: ReconnectingHost): void {
  const nonce = styleNonce();
  giveStylesNonce(nonce);
  followHost(connection, MIRRORS, (cause) => raiseFailure('Conch did not tell its state', cause));
  const root = document.getElementById('root');
  if (root === null) throw new Error('The page has no #root.');
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariablesResolver}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <HostProvider host={connection.host}>
          <Workbench />
        </HostProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
