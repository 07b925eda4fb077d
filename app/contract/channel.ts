import type { StatusCode } from '../core/status.ts';

/** One end of a connection: Electron's MessagePort, a WebSocket, or an array in a test. */
export interface Channel<Out, In> {
  send(message: Out): void;
  /** Adds a listener; the returned function removes it. */
  onMessage(listener: (message: In) => void): () => void;
  /** Called once when the other end is gone; calls in flight fail as `unavailable`. */
  onClose(listener: () => void): () => void;
}

/** A failure as it crosses the channel: by code, never by class. */
export interface Failure {
  readonly code: StatusCode;
  readonly message: string;
}

/** What the UI sends. */
export interface CallMessage {
  readonly kind: 'call';
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

/** What the host sends: one reply a call, and events at any time. */
export type HostMessage =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'event'; readonly name: string; readonly payload: unknown };
