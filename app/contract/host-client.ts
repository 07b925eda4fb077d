import { StatusError } from '../core/status.ts';
import type { CallArgument, CallName, CallResult } from './calls.ts';
import type { CallMessage, Channel, HostMessage } from './channel.ts';
import type { EventName, HostEvents } from './events.ts';

/** The UI's end of the contract. */
export interface HostClient {
  /** Rejects with a {@link StatusError}; `unavailable` when the channel closed before the reply. */
  call<Name extends CallName>(name: Name, argument: CallArgument<Name>): Promise<CallResult<Name>>;
  /** The returned function ends the subscription. */
  on<Name extends EventName>(name: Name, listener: (payload: HostEvents[Name]) => void): () => void;
  onClose(listener: () => void): () => void;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (cause: StatusError) => void;
}

/** Speaks the contract over any channel. */
export function connectHost(channel: Channel<CallMessage, HostMessage>): HostClient {
  const waiting = new Map<number, Waiting>();
  const listeners = new Map<string, Set<(payload: never) => void>>();
  let lastId = 0;
  let isClosed = false;

  channel.onMessage((message) => {
    if (message.kind === 'event') {
      for (const listener of listeners.get(message.name) ?? []) listener(message.payload as never);
      return;
    }
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === 'result') call?.resolve(message.value as never);
    else call?.reject(new StatusError(message.failure.code, message.failure.message));
  });
  channel.onClose(() => {
    isClosed = true;
    for (const call of waiting.values())
      call.reject(new StatusError('unavailable', 'The connection to Conch was lost.'));
    waiting.clear();
  });

  return {
    call: (name, argument) =>
      new Promise((resolve, reject) => {
        if (isClosed) {
          reject(new StatusError('unavailable', 'The connection to Conch was lost.'));
          return;
        }
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        channel.send({ kind: 'call', id: lastId, name, argument });
      }),
    on: (name, listener) => {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      set.add(listener);
      return () => set.delete(listener);
    },
    onClose: (listener) => channel.onClose(listener),
  };
}
