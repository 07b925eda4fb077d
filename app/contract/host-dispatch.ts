import { StatusError, statusOf } from '../core/status.ts';
import type { CallName, HostCalls } from './calls.ts';
import type { CallMessage, Channel, HostMessage } from './channel.ts';
import type { EventName, HostEvents } from './events.ts';

/** A body for every call of the contract. */
export type HostHandlers = HostCalls;

/** A source of events; {@link serveHost} forwards them to its channel. */
export interface HostEventSource {
  onAny(listener: <Name extends EventName>(name: Name, payload: HostEvents[Name]) => void): () => void;
}

/** Hears one event of a source; the returned function stops it. */
export function onEvent<Name extends EventName>(
  source: HostEventSource,
  name: Name,
  listener: (payload: HostEvents[Name]) => void,
): () => void {
  const wanted: EventName = name;
  return source.onAny((told, payload) => {
    // The source pairs every name with its payload, which a generic listener cannot be told.
    if (told === wanted) listener(payload as unknown as HostEvents[Name]);
  });
}

/**
 * Answers a channel's calls with `handlers` and forwards every event. Failures cross by code; a call that is not in
 * the contract is `unsupported`, a malformed message is dropped. The returned function stops it.
 */
export function serveHost(
  channel: Channel<HostMessage, unknown>,
  handlers: HostHandlers,
  events: HostEventSource,
  reportBug: (cause: unknown, call: string) => void,
): () => void {
  const stopEvents = events.onAny((name, payload) => channel.send({ kind: 'event', name, payload }));
  const answer = async ({ id, name, argument }: CallMessage) => {
    try {
      if (!Object.hasOwn(handlers, name)) throw new StatusError('unsupported', `There is no call ${name}.`);
      const handler = handlers[name as CallName] as (argument: unknown) => Promise<unknown>;
      channel.send({ kind: 'result', id, value: await handler(argument) });
    } catch (cause) {
      if (!(cause instanceof StatusError)) reportBug(cause, name);
      channel.send({ kind: 'failure', id, failure: statusOf(cause) });
    }
  };
  const stopCalls = channel.onMessage((message) => {
    if (isCall(message)) void answer(message);
  });
  return () => {
    stopEvents();
    stopCalls();
  };
}

function isCall(message: unknown): message is CallMessage {
  if (typeof message !== 'object' || message === null) return false;
  const { kind, id, name } = message as Partial<CallMessage>;
  return kind === 'call' && typeof id === 'number' && typeof name === 'string';
}
