import type * as Electron from 'electron';

/**
 * The part of `electron` that the main code uses. Every member is picked from electron's own types, so a name or
 * signature that electron does not have does not compile here.
 */
export interface ElectronSurface {
  readonly app: Pick<
    Electron.App,
    | 'addRecentDocument'
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
  readonly crashReporter: Pick<Electron.CrashReporter, 'start'>;
  readonly nativeImage: { createFromPath(path: string): Pick<Electron.NativeImage, 'resize'> };
  readonly Notification: {
    new (options?: Electron.NotificationConstructorOptions): Pick<Electron.Notification, 'on' | 'show'>;
    isSupported(): boolean;
  };
  readonly powerMonitor: Pick<Electron.PowerMonitor, 'on'>;
  readonly powerSaveBlocker: Pick<Electron.PowerSaveBlocker, 'start' | 'stop'>;
  readonly screen: { getAllDisplays(): Pick<Electron.Display, 'workArea'>[] };
  readonly Tray: new (image: Electron.NativeImage) => TraySurface;
  readonly BrowserWindow: {
    new (options?: Electron.BrowserWindowConstructorOptions): WindowSurface;
    getAllWindows(): WindowSurface[];
    getFocusedWindow(): WindowSurface | null;
  };
  readonly safeStorage: Pick<
    typeof Electron.safeStorage,
    'isEncryptionAvailable' | 'getSelectedStorageBackend' | 'encryptString' | 'decryptString'
  >;
  readonly dialog: Pick<typeof Electron.dialog, 'showOpenDialog' | 'showErrorBox'>;
  readonly ipcMain: Pick<Electron.IpcMain, 'on'>;
  readonly Menu: Pick<typeof Electron.Menu, 'buildFromTemplate' | 'setApplicationMenu'>;
  readonly protocol: Pick<Electron.Protocol, 'handle' | 'registerSchemesAsPrivileged'>;
  readonly session: { readonly defaultSession: SessionSurface };
  readonly shell: Pick<Electron.Shell, 'openExternal' | 'openPath' | 'showItemInFolder'>;
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
  | 'focus'
  | 'getNormalBounds'
  | 'isFocused'
  | 'isMaximized'
  | 'isMinimized'
  | 'loadURL'
  | 'maximize'
  | 'once'
  | 'on'
  | 'restore'
  | 'show'
> & { readonly webContents: ContentsSurface };

/** What the main code uses of a tray icon. */
export type TraySurface = Pick<Electron.Tray, 'destroy' | 'on' | 'setContextMenu' | 'setToolTip'>;

/** What the main code uses of a window's contents. */
export type ContentsSurface = Pick<
  Electron.WebContents,
  'getURL' | 'on' | 'reload' | 'setWindowOpenHandler' | 'startDrag'
>;

/** What the main code uses of a utility process. */
export type UtilityProcessSurface = Pick<
  Electron.UtilityProcess,
  'kill' | 'on' | 'once' | 'pid' | 'postMessage' | 'stderr' | 'stdout'
>;

/** What the preload uses of `electron`. */
export interface PreloadSurface {
  readonly contextBridge: Pick<Electron.ContextBridge, 'exposeInMainWorld'>;
  readonly ipcRenderer: Pick<Electron.IpcRenderer, 'postMessage' | 'send'>;
  readonly webUtils: Pick<Electron.WebUtils, 'getPathForFile'>;
}
