import { Menu, type MenuItemConstructorOptions } from 'electron';
import { openExternal } from './open-external.ts';

/** What the menu's own items do; everything else is Electron's roles. */
export interface MenuActions {
  readonly openFiles: () => void;
  readonly openFolder: () => void;
  readonly openPath: (path: string) => void;
  readonly showDataFolder: () => void;
}

const TRITON_DOCS = 'https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/';

/** One repository that was open before; `&` is a mark of the menu and is doubled. */
function recentItem(path: string, open: (path: string) => void): MenuItemConstructorOptions {
  return { label: path.replaceAll('&', '&&'), click: () => open(path) };
}

/** Sets the application menu. `recents`: repositories that were open before, newest first. */
export function setMenu(recents: readonly string[], actions: MenuActions): void {
  const { openFiles, openFolder, openPath, showDataFolder } = actions;
  const isMac = process.platform === 'darwin';
  const template: MenuItemConstructorOptions[] = [
    ...(isMac ? [{ role: 'appMenu' as const }] : []),
    {
      label: '&File',
      submenu: [
        { label: 'Open Models…', accelerator: 'CmdOrCtrl+O', click: openFiles },
        { label: 'Open Folder…', accelerator: 'CmdOrCtrl+Shift+O', click: openFolder },
        {
          label: 'Open Recent',
          enabled: recents.length > 0,
          submenu: recents.map((path) => recentItem(path, openPath)),
        },
        { type: 'separator' },
        isMac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        { role: 'reload' },
        { role: 'toggleDevTools' },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      label: 'Help',
      submenu: [
        { label: 'Triton Documentation', click: () => openExternal(TRITON_DOCS) },
        { type: 'separator' },
        { label: 'Show Logs and Crash Reports', click: showDataFolder },
      ],
    },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
