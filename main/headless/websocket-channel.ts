import type { WebSocket } from 'ws';
import type { Channel, HostMessage } from '../../app/contract/channel.ts';
import { decodeMessage, encodeMessage } from '../../app/contract/codec.ts';

/** Unsent bytes at which a client counts as gone: a few of the largest results. */
const UNSENT_BYTES_LIMIT = 256 * 1024 * 1024;
const HEARTBEAT_MILLISECONDS = 20_000;
/** WebSocket close code: the data are not what the contract says. */
const INVALID_DATA = 1007;

/**
 * The host's end of a WebSocket. Nothing is dropped on the way; a client that neither reads nor answers pings is
 * closed, so that one sleeping laptop cannot fill the memory.
 */
export function websocketChannel(socket: WebSocket): Channel<HostMessage, unknown> {
  const listeners = new Set<(message: unknown) => void>();
  endDeadConnection(socket);
  socket.on('message', (data: Buffer, isBinary) => {
    let message: unknown;
    try {
      if (!isBinary) throw new TypeError('text frame');
      message = decodeMessage(data);
    } catch {
      socket.close(INVALID_DATA, 'not a message of the contract');
      return;
    }
    for (const listener of listeners) listener(message);
  });
  return {
    send: (message) => {
      const bytes = encodeMessage(message);
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > UNSENT_BYTES_LIMIT) socket.terminate();
      else socket.send(bytes);
    },
    onMessage: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onClose: (listener) => {
      socket.once('close', listener);
      return () => socket.off('close', listener);
    },
  };
}

function endDeadConnection(socket: WebSocket): void {
  let isAlive = true;
  let unsentBytes = 0;
  const timer = setInterval(() => {
    const isReading = socket.bufferedAmount < unsentBytes;
    if (!isAlive && !isReading) socket.terminate();
    isAlive = false;
    unsentBytes = socket.bufferedAmount;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, HEARTBEAT_MILLISECONDS);
  timer.unref();
  socket.on('pong', () => {
    isAlive = true;
  });
  socket.on('message', () => {
    isAlive = true;
  });
  socket.once('close', () => clearInterval(timer));
}
