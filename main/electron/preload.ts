import { contextBridge, ipcRenderer, webUtils } from 'electron';

/** Its port is the channel to the host. */
const PORT_MESSAGE = 'conch-port';
/** A drag began on a finished export. */
const DRAG_MESSAGE = 'conch-drag';

contextBridge.exposeInMainWorld('conch', {
  pathForFile: (file: File) => webUtils.getPathForFile(file),
  dragFile: (path: string) => ipcRenderer.send(DRAG_MESSAGE, path),
});

// Module scripts have run by then, so somebody listens; a reloaded page gets a new port in the same way.
window.addEventListener('DOMContentLoaded', () => {
  const { port1, port2 } = new MessageChannel();
  ipcRenderer.postMessage(PORT_MESSAGE, null, [port2]);
  window.postMessage({ type: PORT_MESSAGE }, location.origin, [port1]);
});
