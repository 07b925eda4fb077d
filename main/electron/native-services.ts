import { dialog, safeStorage, shell, type BrowserWindow, type OpenDialogOptions } from 'electron';
import type { Keychain, ShellServices } from '../../app/host/shell-services.ts';

/** Null without a keychain: on a Linux without one, Chromium's `basic_text` only hides what it should encrypt. */
function systemKeychain(): Keychain | null {
  const isReal =
    safeStorage.isEncryptionAvailable() &&
    (process.platform !== 'linux' || safeStorage.getSelectedStorageBackend() !== 'basic_text');
  if (!isReal) return null;
  return {
    encrypt: (text) => safeStorage.encryptString(text).toString('base64'),
    decrypt: (encrypted) => safeStorage.decryptString(Buffer.from(encrypted, 'base64')),
  };
}

/** Dialogs and file manager of the system. `currentWindow`: what dialogs are sheets of. */
export function nativeServices(currentWindow: () => BrowserWindow | null): ShellServices {
  const ask = async (options: OpenDialogOptions) => {
    const window = currentWindow();
    const { canceled, filePaths } = await (window
      ? dialog.showOpenDialog(window, options)
      : dialog.showOpenDialog(options));
    return canceled ? [] : filePaths;
  };
  return {
    capabilities: {
      nativeDialogs: true,
      droppedFilesHavePaths: true,
      downloads: false,
      downloadPath: '',
      revealInFolder: true,
      dragsFilesOut: true,
    },
    keychain: systemKeychain,
    openModels: () =>
      ask({
        title: 'Open models',
        // Windows and Linux offer files or folders, not both; files are the commoner case.
        properties:
          process.platform === 'darwin'
            ? ['openFile', 'openDirectory', 'multiSelections']
            : ['openFile', 'multiSelections'],
        filters: [
          {
            name: 'Models and archives',
            extensions: ['onnx', 'pt', 'pt2', 'pth', 'zip', 'tar', 'gz', 'tgz'],
          },
          { name: 'All files', extensions: ['*'] },
        ],
      }),
    chooseFolder: async (title) =>
      (await ask({ title, properties: ['openDirectory', 'createDirectory'] }))[0] ?? null,
    revealInFolder: async (path) => shell.showItemInFolder(path),
  };
}
