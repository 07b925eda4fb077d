import type { MessagePortMain } from 'electron';
import type { Channel, HostMessage } from '../../app/contract/channel.ts';

/** The host's end of a MessagePort. Structured clone carries tensors as bytes. */
export function portChannel(port: MessagePortMain): Channel<HostMessage, unknown> {
  const listeners = new Set<(message: unknown) => void>();
  port.on('message', ({ data }) => {
    for (const listener of listeners) listener(data);
  });
  return {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => {
      listeners.add(listener);
      // Messages wait in the port until somebody listens.
      port.start();
      return () => listeners.delete(listener);
    },
    onClose: (listener) => {
      port.once('close', listener);
      return () => port.off('close', listener);
    },
  };
}
