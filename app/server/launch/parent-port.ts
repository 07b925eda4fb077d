import type { ParentToServer, ServerToParent } from '../../core/server-events/server-event.ts';

/** The control channel to the process that started this one. */
export interface ParentPort {
  post(message: ServerToParent): void;
  onMessage(listener: (message: ParentToServer) => void): void;
  /** Called once when the parent is gone or has closed the channel. */
  onClose(listener: () => void): void;
}

/** Electron's `process.parentPort` in a utilityProcess. */
interface UtilityParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
}

function isParentMessage(message: unknown): message is ParentToServer {
  return typeof message === 'object' && message !== null && 'kind' in message;
}

function utilityPort(port: UtilityParentPort): ParentPort {
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => port.on('message', ({ data }) => isParentMessage(data) && listener(data)),
    onClose: (listener) => port.on('close', listener),
  };
}

function forkPort(send: (message: unknown) => unknown): ParentPort {
  return {
    post: (message) => {
      if (process.connected) send(message);
    },
    onMessage: (listener) =>
      process.on('message', (message: unknown) => isParentMessage(message) && listener(message)),
    onClose: (listener) => process.once('disconnect', listener),
  };
}

/** The channel to our parent: `process.parentPort` under Electron, `process.send` under fork, else null. */
export function connectParentPort(): ParentPort | null {
  const utility = (process as { parentPort?: UtilityParentPort }).parentPort;
  if (utility) return utilityPort(utility);
  if (typeof process.send === 'function') return forkPort(process.send.bind(process));
  return null;
}
