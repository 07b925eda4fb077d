import { fileURLToPath } from 'node:url';
import { app, BrowserWindow, dialog, ipcMain } from 'electron';
import { serveHost } from '../../app/contract/host-dispatch.ts';
import type { Host } from '../../app/host/create-host.ts';
import { findDataFolder } from '../data-folder.ts';
import { handOverPaths } from '../hand-over.ts';
import { readShellOptions } from '../shell-options.ts';
import { reportBug, startHost } from '../start-host.ts';
import { setMenu } from './menu.ts';
import { nativeServices } from './native-services.ts';
import { isPageUrl, registerPageScheme, servePage } from './page-protocol.ts';
import { portChannel } from './port-channel.ts';
import { utilityLauncher } from './utility-launcher.ts';
import { openWindow, restrictSession } from './window.ts';

const builtFolder = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const PRELOAD = fileURLToPath(new URL('./preload.cjs', import.meta.url));

const options = readShellOptions(process.argv.slice(app.isPackaged ? 1 : 2), process.cwd());
const dataFolder = options.dataFolder ?? findDataFolder();
/** Paths asked for before the host is there. */
const earlyPaths = [...options.paths];
let host: Host | null = null;
let window: BrowserWindow | null = null;

function openPaths(paths: readonly string[]): void {
  if (paths.length === 0) return;
  if (host) host.openPaths(paths).catch(reportBug);
  else earlyPaths.push(...paths);
}

function showWindow(): void {
  if (!window) {
    window = openWindow(PRELOAD);
    window.on('closed', () => {
      window = null;
    });
  }
  if (window.isMinimized()) window.restore();
  window.focus();
}

/** The preload's one message: a port that wants the host at its other end. */
function acceptPorts(running: Host): void {
  ipcMain.on('conch-port', ({ senderFrame, ports: [port] }) => {
    const isPage = senderFrame !== null && senderFrame.parent === null && isPageUrl(senderFrame.url);
    if (!isPage || !port) return;
    const channel = portChannel(port);
    channel.onClose(serveHost(channel, running.handlers, running.events, reportBug));
  });
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
  setMenu({
    openFiles: () => void services.openModels().then(openPaths),
    openFolder: () =>
      void services.chooseFolder('Open a folder').then((path) => openPaths(path === null ? [] : [path])),
  });
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
    void host.close().finally(() => app.exit(0));
  });
}

app.enableSandbox();
registerPageScheme();
app.setPath('userData', `${dataFolder}/window`);
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
  if (process.platform !== 'darwin') app.quit();
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
