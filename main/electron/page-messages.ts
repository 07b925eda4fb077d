import { ipcMain, type IpcMainEvent } from 'electron';
import { isPageUrl } from './page-protocol.ts';

/** Everything that the preload may say to the main process. */
export type PageMessage = 'conch-port' | 'conch-drag';

/** Hears a message of our page's top frame; one of any other frame, or of a frame that is gone, is dropped. */
export function onPageMessage(
  message: PageMessage,
  listener: (event: IpcMainEvent, content: unknown) => void,
): void {
  ipcMain.on(message, (event, content: unknown) => {
    const { senderFrame } = event;
    if (senderFrame !== null && senderFrame.parent === null && isPageUrl(senderFrame.url))
      listener(event, content);
  });
}
