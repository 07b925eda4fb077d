import type { CallMessage, Channel, HostMessage } from '../../app/contract/channel.ts';

/** A channel over a MessagePort, as a shell with a preload hands it over. Structured clone carries tensors as bytes. */
export function messagePortChannel(port: MessagePort): Channel<CallMessage, HostMessage> {
  port.start();
  return {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => {
      const receive = (event: MessageEvent) => listener(event.data as HostMessage);
      port.addEventListener('message', receive);
      return () => port.removeEventListener('message', receive);
    },
    onClose: (listener) => {
      port.addEventListener('close', listener, { once: true });
      return () => port.removeEventListener('close', listener);
    },
  };
}
