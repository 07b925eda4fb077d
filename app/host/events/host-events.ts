import type { EventName, HostEvents } from '../../contract/events.ts';
import type { HostEventSource } from '../../contract/host-dispatch.ts';

/** Tells every listener one event of the contract. */
export type EmitEvent = <Name extends EventName>(name: Name, payload: HostEvents[Name]) => void;

/** The one place from which the host's events leave. */
export function createHostEvents(): { readonly source: HostEventSource; readonly emit: EmitEvent } {
  const listeners = new Set<Parameters<HostEventSource['onAny']>[0]>();
  return {
    source: {
      onAny: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    emit: (name, payload) => {
      for (const listener of listeners) listener(name, payload);
    },
  };
}
