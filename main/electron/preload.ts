import { contextBridge, ipcRenderer, webUtils } from 'electron';

/** The one message that the preload ever sends to the main process; its port is the channel to the host. */
const PORT_MESSAGE = 'conch-port';

contextBridge.exposeInMainWorld('conch', {
  pathForFile: (file: File) => webUtils.getPathForFile(file),
});

// Module scripts have run by then, so somebody listens; a reloaded page gets a new port in the same way.
window.addEventListener('DOMContentLoaded', () => {
  const { port1, port2 } = new MessageChannel();
  ipcRenderer.postMessage(PORT_MESSAGE, null, [port2]);
  window.postMessage({ type: PORT_MESSAGE }, location.origin, [port1]);
});
