import type { CallMessage, Channel, HostMessage } from '../../app/contract/channel.ts';
import { decodeMessage, encodeMessage } from '../../app/contract/codec.ts';

/** Opens a channel over a WebSocket that carries MessagePack. Rejects where it cannot be opened. */
export function openWebSocketChannel(url: string): Promise<Channel<CallMessage, HostMessage>> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('error', () => reject(new Error(`No connection to ${url}.`)), { once: true });
    socket.addEventListener('open', () => resolve(webSocketChannel(socket)), { once: true });
  });
}

function webSocketChannel(socket: WebSocket): Channel<CallMessage, HostMessage> {
  return {
    send: (message) => socket.send(encodeMessage(message) as Uint8Array<ArrayBuffer>),
    onMessage: (listener) => {
      const receive = (event: MessageEvent) => {
        if (event.data instanceof ArrayBuffer)
          listener(decodeMessage(new Uint8Array(event.data)) as HostMessage);
      };
      socket.addEventListener('message', receive);
      return () => socket.removeEventListener('message', receive);
    },
    onClose: (listener) => {
      socket.addEventListener('close', listener, { once: true });
      return () => socket.removeEventListener('close', listener);
    },
  };
}
