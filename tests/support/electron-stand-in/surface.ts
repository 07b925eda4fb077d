import type * as Electron from 'electron';

/**
 * The part of `electron` that the main code uses. Every member is picked from electron's own types, so a name or
 * signature that electron does not have does not compile here.
 */
export interface ElectronSurface {
  readonly app: Pick<
    Electron.App,
    | 'enableSandbox'
    | 'exit'
    | 'focus'
    | 'isPackaged'
    | 'quit'
    | 'requestSingleInstanceLock'
    | 'setPath'
    | 'whenReady'
    | 'on'
  >;
  readonly BrowserWindow: {
    new (options?: Electron.BrowserWindowConstructorOptions): WindowSurface;
    getAllWindows(): WindowSurface[];
    getFocusedWindow(): WindowSurface | null;
  };
  readonly dialog: Pick<typeof Electron.dialog, 'showOpenDialog' | 'showErrorBox'>;
  readonly ipcMain: Pick<Electron.IpcMain, 'on'>;
  readonly Menu: Pick<typeof Electron.Menu, 'buildFromTemplate' | 'setApplicationMenu'>;
  readonly protocol: Pick<Electron.Protocol, 'handle' | 'registerSchemesAsPrivileged'>;
  readonly session: { readonly defaultSession: SessionSurface };
  readonly shell: Pick<Electron.Shell, 'openExternal' | 'showItemInFolder'>;
  readonly utilityProcess: {
    fork(modulePath: string, args?: string[], options?: Electron.ForkOptions): UtilityProcessSurface;
  };
}

/** What the main code uses of a session. */
export type SessionSurface = Pick<
  Electron.Session,
  'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler' | 'on'
>;

/** What the main code uses of a window. */
export type WindowSurface = Pick<
  Electron.BrowserWindow,
  'focus' | 'isMinimized' | 'loadURL' | 'once' | 'on' | 'restore' | 'show'
> & { readonly webContents: ContentsSurface };

/** What the main code uses of a window's contents. */
export type ContentsSurface = Pick<Electron.WebContents, 'getURL' | 'on' | 'reload' | 'setWindowOpenHandler'>;

/** What the main code uses of a utility process. */
export type UtilityProcessSurface = Pick<
  Electron.UtilityProcess,
  'kill' | 'on' | 'once' | 'pid' | 'postMessage' | 'stderr' | 'stdout'
>;

/** What the preload uses of `electron`. */
export interface PreloadSurface {
  readonly contextBridge: Pick<Electron.ContextBridge, 'exposeInMainWorld'>;
  readonly ipcRenderer: Pick<Electron.IpcRenderer, 'postMessage'>;
  readonly webUtils: Pick<Electron.WebUtils, 'getPathForFile'>;
}
