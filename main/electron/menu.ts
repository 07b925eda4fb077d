import { Menu, type MenuItemConstructorOptions } from 'electron';
import { openExternal } from './open-external.ts';

/** What the menu's own items do; everything else is Electron's roles. */
export interface MenuActions {
  readonly openFiles: () => void;
  readonly openFolder: () => void;
}

const TRITON_DOCS = 'https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/';

/** Sets the application menu. */
export function setMenu({ openFiles, openFolder }: MenuActions): void {
  const isMac = process.platform === 'darwin';
  const template: MenuItemConstructorOptions[] = [
    ...(isMac ? [{ role: 'appMenu' as const }] : []),
    {
      label: '&File',
      submenu: [
        { label: 'Open Models…', accelerator: 'CmdOrCtrl+O', click: openFiles },
        { label: 'Open Folder…', accelerator: 'CmdOrCtrl+Shift+O', click: openFolder },
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
    {
      role: 'help',
      submenu: [{ label: 'Triton Documentation', click: () => openExternal(TRITON_DOCS) }],
    },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
