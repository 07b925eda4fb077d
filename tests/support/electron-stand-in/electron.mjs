/** What `import … from 'electron'` gives to the real main code: the surface of the run in our own query. */
const run = new URL(import.meta.url).searchParams.get('run');
const surface = globalThis[Symbol.for('conch.electron-stand-in')].get(run);

export const {
  app,
  BrowserWindow,
  crashReporter,
  dialog,
  ipcMain,
  Menu,
  nativeImage,
  Notification,
  powerMonitor,
  powerSaveBlocker,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  Tray,
  utilityProcess,
} = surface;
