import type { CallMessage, Channel, HostMessage } from '../../app/contract/channel.ts';
import type { EventName } from '../../app/contract/events.ts';
import { connectHost, type HostClient } from '../../app/contract/host-client.ts';
import { StatusError } from '../../app/core/status.ts';

/** Whether the host can be asked right now. */
export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected'; readonly attempt: number };

/** A host whose connection comes back by itself. */
export interface ReconnectingHost {
  /** Calls reject with `unavailable` while there is no connection; subscriptions outlive a lost one. */
  readonly host: HostClient;
  /** Called with the present state at once, then at every change. */
  onState(listener: (state: ConnectionState) => void): () => void;
  close(): void;
}

const FIRST_DELAY_MILLISECONDS = 250;
const LONGEST_DELAY_MILLISECONDS = 5_000;

/** Milliseconds to wait before the nth (from 1) attempt to reconnect. */
export function reconnectDelayMilliseconds(attempt: number): number {
  return Math.min(FIRST_DELAY_MILLISECONDS * 2 ** (attempt - 1), LONGEST_DELAY_MILLISECONDS);
}

/** Keeps one {@link HostClient} usable over channels that come and go. */
export function createReconnectingHost(
  open: () => Promise<Channel<CallMessage, HostMessage>>,
  wait: (milliseconds: number) => Promise<void> = sleep,
): ReconnectingHost {
  const subscriptions = new Set<(client: HostClient) => void>();
  const closeListeners = new Set<() => void>();
  const stateListeners = new Set<(state: ConnectionState) => void>();
  let client: HostClient | null = null;
  let state: ConnectionState = { kind: 'connecting' };
  const stopping = new AbortController();

  const become = (next: ConnectionState) => {
    state = next;
    for (const listener of stateListeners) listener(next);
  };
  const connect = async () => {
    for (let attempt = 1; !stopping.signal.aborted; attempt += 1) {
      try {
        adopt(await open());
        return;
      } catch {
        become({ kind: 'disconnected', attempt });
        await wait(reconnectDelayMilliseconds(attempt));
      }
    }
  };
  const adopt = (channel: Channel<CallMessage, HostMessage>) => {
    const connected = connectHost(channel);
    client = connected;
    for (const subscribe of subscriptions) subscribe(connected);
    connected.onClose(() => {
      client = null;
      for (const listener of closeListeners) listener();
      become({ kind: 'disconnected', attempt: 0 });
      void connect();
    });
    become({ kind: 'connected' });
  };
  void connect();

  return {
    host: {
      call: (name, argument) =>
        client === null
          ? Promise.reject(new StatusError('unavailable', 'There is no connection to Conch right now.'))
          : client.call(name, argument),
      on: (name, listener) => {
        let stop = client?.on(name, listener);
        const subscribe = (next: HostClient) => {
          stop = next.on<EventName>(name, listener as never);
        };
        subscriptions.add(subscribe);
        return () => {
          subscriptions.delete(subscribe);
          stop?.();
        };
      },
      onClose: (listener) => {
        closeListeners.add(listener);
        return () => closeListeners.delete(listener);
      },
    },
    onState: (listener) => {
      stateListeners.add(listener);
      listener(state);
      return () => stateListeners.delete(listener);
    },
    close: () => stopping.abort(),
  };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
