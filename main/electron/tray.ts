import { Menu, nativeImage, Tray } from 'electron';
import { onEvent, type HostEventSource } from '../../app/contract/host-dispatch.ts';
import type { ServerStatus } from '../../app/contract/server-status.ts';

/** What the tray's menu does. */
export interface TrayActions {
  readonly show: () => void;
  readonly stopServer: () => void;
  readonly quit: () => void;
}

/** The tray icon: there while the server runs. */
export interface ServingTray {
  /** Whether models are served, so that closing the window must not end it. */
  isServing(): boolean;
  close(): void;
}

const ICON_PIXELS = process.platform === 'darwin' ? 18 : 32;

/** Shows the server's address in the tray for as long as it runs. */
export function showServingTray(
  events: HostEventSource,
  iconPath: string,
  { show, stopServer, quit }: TrayActions,
): ServingTray {
  let tray: Tray | null = null;
  const close = () => {
    tray?.destroy();
    tray = null;
  };
  const follow = (status: ServerStatus) => {
    if (status.kind !== 'running') {
      if (status.kind !== 'restarting') close();
      return;
    }
    if (!tray) {
      tray = new Tray(nativeImage.createFromPath(iconPath).resize({ width: ICON_PIXELS }));
      tray.on('click', show);
    }
    tray.setToolTip(`Conch serves at ${status.httpUrl}`);
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: `Serving at ${status.httpUrl}`, enabled: false },
        { type: 'separator' },
        { label: 'Open Conch', click: show },
        { label: 'Stop Server', click: stopServer },
        { type: 'separator' },
        { label: 'Quit Conch', click: quit },
      ]),
    );
  };
  onEvent(events, 'server.changed', follow);
  return { isServing: () => tray !== null, close };
}
