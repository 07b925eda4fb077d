import { BrowserWindow, session, type WebContents } from 'electron';
import { openExternal } from './open-external.ts';
import { isPageUrl, PAGE_URL } from './page-protocol.ts';
import { DEFAULT_SIZE, keepWindowState, readWindowState, SMALLEST_SIZE } from './window-state.ts';

/** The only permission that the page ever needs: its copy buttons. */
const ALLOWED_PERMISSION = 'clipboard-sanitized-write';

/** Denies every permission and device but the one above, and every download but the page's own files. Once a start. */
export function restrictSession(): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((contents, permission, answer) =>
    answer(permission === ALLOWED_PERMISSION && isPageUrl(contents.getURL())),
  );
  defaultSession.setPermissionCheckHandler(
    (_contents, permission, origin) => permission === ALLOWED_PERMISSION && isPageUrl(origin),
  );
  defaultSession.setDevicePermissionHandler(() => false);
  defaultSession.on('will-download', (event, item) => {
    if (!item.getURL().startsWith(`blob:${PAGE_URL.slice(0, -1)}`)) event.preventDefault();
  });
}

/**
 * Opens a window on the page, where the last one was. The only place that makes one, so that none can be less hardened.
 * @param stateFolder where its place is kept.
 */
export function openWindow(preloadPath: string, stateFolder: string): BrowserWindow {
  const state = readWindowState(stateFolder);
  const window = new BrowserWindow({
    ...(state?.bounds ?? DEFAULT_SIZE),
    ...SMALLEST_SIZE,
    title: 'Conch',
    show: false,
    webPreferences: {
      preload: preloadPath,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
  confine(window.webContents);
  keepWindowState(window, stateFolder);
  window.once('ready-to-show', () => {
    if (state?.isMaximized) window.maximize();
    window.show();
  });
  void window.loadURL(PAGE_URL);
  return window;
}

/** The window shows our page or nothing: links open in the browser, a crashed page is loaded again. */
function confine(contents: WebContents): void {
  const stay = (event: { preventDefault(): void; readonly url: string }) => {
    if (event.url !== PAGE_URL) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    openExternal(url);
    return { action: 'deny' };
  });
  contents.on('render-process-gone', (_event, { reason }) => {
    if (reason !== 'clean-exit') contents.reload();
  });
}
