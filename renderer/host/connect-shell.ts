import type { CallMessage, Channel, HostMessage } from '../../app/contract/channel.ts';
import { messagePortChannel } from './message-port-channel.ts';
import { createReconnectingHost, type ReconnectingHost } from './reconnecting-host.ts';
import { openWebSocketChannel } from './web-socket-channel.ts';

declare global {
  interface Window {
    /** What a shell's preload offers beside the channel; absent where the shell is a web server. */
    readonly conch?: {
      pathForFile(file: File): string;
      /** Hands a drag that began on a finished export over to the system. */
      dragFile(path: string): void;
    };
  }
}

/**
 * Connects to whatever shell shows this page: a preload that posts a MessagePort, else the `/channel` WebSocket of the
 * server that the page came from. A preload is known by what it exposes before the page's scripts run.
 */
export function connectShell(): ReconnectingHost {
  return createReconnectingHost(window.conch === undefined ? openServerChannel : receivePortChannel);
}

function openServerChannel(): Promise<Channel<CallMessage, HostMessage>> {
  const url = new URL('/channel', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return openWebSocketChannel(url.href);
}

const receivedPorts: MessagePort[] = [];
const portWaiters: ((port: MessagePort) => void)[] = [];
addPortListener();

function addPortListener(): void {
  globalThis.addEventListener?.('message', (event: MessageEvent) => {
    const [port] = event.ports;
    if (event.source !== window || port === undefined) return;
    if ((event.data as { type?: unknown } | null)?.type !== 'conch-port') return;
    const waiter = portWaiters.shift();
    if (waiter === undefined) receivedPorts.push(port);
    else waiter(port);
  });
}

function receivePortChannel(): Promise<Channel<CallMessage, HostMessage>> {
  const port = receivedPorts.shift();
  if (port !== undefined) return Promise.resolve(messagePortChannel(port));
  return new Promise((resolve) => portWaiters.push((next) => resolve(messagePortChannel(next))));
}
