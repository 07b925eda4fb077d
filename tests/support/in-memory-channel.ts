import type { CallMessage, Channel, HostMessage } from '../../app/contract/channel.ts';
import { decodeMessage, encodeMessage } from '../../app/contract/codec.ts';

/** Two ends of one connection; everything crosses as bytes, as it does on a WebSocket. */
export interface InMemoryChannel {
  readonly ui: Channel<CallMessage, HostMessage>;
  readonly host: Channel<HostMessage, unknown>;
  /** Ends the connection, as a lost network would. */
  drop(): void;
}

function end<Out, In>(
  deliver: (bytes: Uint8Array) => void,
  isOpen: () => boolean,
): Channel<Out, In> & { receive(bytes: Uint8Array): void; close(): void } {
  const listeners = new Set<(message: In) => void>();
  const closers = new Set<() => void>();
  return {
    send: (message) => {
      const bytes = encodeMessage(message);
      queueMicrotask(() => {
        if (isOpen()) deliver(bytes);
      });
    },
    onMessage: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onClose: (listener) => {
      closers.add(listener);
      return () => closers.delete(listener);
    },
    receive: (bytes) => {
      const message = decodeMessage(bytes) as In;
      for (const listener of listeners) listener(message);
    },
    close: () => {
      for (const closer of closers) closer();
    },
  };
}

export function createInMemoryChannel(): InMemoryChannel {
  let isOpen = true;
  const ui = end<CallMessage, HostMessage>(
    (bytes) => host.receive(bytes),
    () => isOpen,
  );
  const host = end<HostMessage, unknown>(
    (bytes) => ui.receive(bytes),
    () => isOpen,
  );
  return {
    ui,
    host,
    drop: () => {
      isOpen = false;
      ui.close();
      host.close();
    },
  };
}
