import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { app, BrowserWindow, dialog, shell } from 'electron';
import { onEvent, serveHost } from '../../app/contract/host-dispatch.ts';
import type { Host } from '../../app/host/create-host.ts';
import type { ShellServices } from '../../app/host/shell-services.ts';
import { findDataFolder } from '../data-folder.ts';
import { handOverPaths } from '../hand-over.ts';
import { readShellOptions } from '../shell-options.ts';
import { reportBug, startHost } from '../start-host.ts';
import { keepCrashReports } from './crash-reports.ts';
import { allowDragOut } from './drag-out.ts';
import { setMenu } from './menu.ts';
import { nativeServices } from './native-services.ts';
import { notifyOutside } from './notifications.ts';
import { onPageMessage } from './page-messages.ts';
import { registerPageScheme, servePage } from './page-protocol.ts';
import { portChannel } from './port-channel.ts';
import { followPower } from './power.ts';
import { showServingTray, type ServingTray } from './tray.ts';
import { checkForUpdate, readUpdateUrl } from './updates.ts';
import { utilityLauncher } from './utility-launcher.ts';
import { openWindow, restrictSession } from './window.ts';

const builtFolder = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const ICON = fileURLToPath(new URL('../../resources/icons/icon.png', import.meta.url));
const PRELOAD = fileURLToPath(new URL('./preload.cjs', import.meta.url));

const options = readShellOptions(process.argv.slice(app.isPackaged ? 1 : 2), process.cwd());
const dataFolder = options.dataFolder ?? findDataFolder();
const windowFolder = `${dataFolder}/window`;
/** Paths asked for before the host is there. */
const earlyPaths = [...options.paths];
let host: Host | null = null;
let window: BrowserWindow | null = null;
let tray: ServingTray | null = null;

function openPaths(paths: readonly string[]): void {
  if (paths.length === 0) return;
  for (const path of paths) app.addRecentDocument(path);
  if (host) host.openPaths(paths).catch(reportBug);
  else earlyPaths.push(...paths);
}

function showWindow(): void {
  if (!window) {
    window = openWindow(PRELOAD, windowFolder);
    window.on('closed', () => {
      window = null;
    });
    return;
  }
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

/** The preload's port: it wants the host at its other end. */
function acceptPorts(running: Host): void {
  onPageMessage('conch-port', ({ ports: [port] }) => {
    if (!port) return;
    const channel = portChannel(port);
    channel.onClose(serveHost(channel, running.handlers, running.events, reportBug));
  });
}

/** The menu, rebuilt as the list of recent repositories changes. */
function followRecents(running: Host, services: ShellServices): void {
  const actions = {
    openFiles: () => void services.openModels().then(openPaths),
    openFolder: () =>
      void services.chooseFolder('Open a folder').then((path) => openPaths(path === null ? [] : [path])),
    openPath: (path: string) => openPaths([path]),
    showDataFolder: () => void shell.openPath(dataFolder),
  };
  onEvent(running.events, 'workspace.changed', ({ recents }) => setMenu(recents, actions));
  setMenu(running.recentRepositories(), actions);
}

/** What goes on outside of the window: tray, notifications, power, updates. */
function joinDesktop(running: Host): void {
  const { events, handlers } = running;
  tray = showServingTray(events, ICON, {
    show: showWindow,
    stopServer: () => void handlers['server.stop'](null).catch(reportBug),
    quit: () => app.quit(),
  });
  const tell = notifyOutside(events, { isLookedAt: () => window?.isFocused() ?? false, show: showWindow });
  followPower(events);
  allowDragOut(events, ICON);
  const updateUrl = app.isPackaged ? readUpdateUrl(process.env) : null;
  if (updateUrl !== null) checkForUpdate(updateUrl, tell).catch(reportBug);
}

async function start(): Promise<void> {
  const other = await handOverPaths(dataFolder, earlyPaths);
  if (other.kind === 'took-over') {
    dialog.showErrorBox('Conch is already open', `It runs in a browser: ${other.url}`);
    app.exit(0);
    return;
  }
  await app.whenReady();
  restrictSession();
  servePage(builtFolder('renderer'));
  const services = nativeServices(() => window);
  const started = await startHost({ dataFolder, services, launcher: utilityLauncher(builtFolder('node')) });
  host = started;
  acceptPorts(started);
  joinDesktop(started);
  followRecents(started, services);
  openPaths(earlyPaths.splice(0));
  showWindow();
}

/** Children end with the host; quitting waits for them. */
function endWithHost(): void {
  let isEnding = false;
  app.on('will-quit', (event) => {
    if (!host) return;
    event.preventDefault();
    if (isEnding) return;
    isEnding = true;
    tray?.close();
    void host.close().finally(() => app.exit(0));
  });
}

app.enableSandbox();
registerPageScheme();
mkdirSync(windowFolder, { recursive: true });
app.setPath('userData', windowFolder);
keepCrashReports(`${dataFolder}/crashes`);
app.on('open-file', (event, path) => {
  event.preventDefault();
  openPaths([path]);
});
app.on('second-instance', (_event, _argv, _folder, facts) => {
  const { paths } = facts as { readonly paths?: readonly string[] };
  openPaths(paths ?? []);
  showWindow();
});
app.on('activate', () => {
  if (host) showWindow();
});
app.on('window-all-closed', () => {
  // Whoever serves goes on serving from the tray.
  if (process.platform !== 'darwin' && !tray?.isServing()) app.quit();
});
endWithHost();

if (app.requestSingleInstanceLock({ paths: options.paths })) {
  start().catch((cause: unknown) => {
    dialog.showErrorBox('Conch could not start', cause instanceof Error ? cause.message : String(cause));
    app.exit(1);
  });
} else {
  app.quit();
}
