import type { EndpointProtocol } from '../core/server-events/server-event.ts';
import type { Explanation } from './model-entry.ts';

/** Where clients reach one port of the server. */
export interface EndpointAddress {
  readonly protocol: EndpointProtocol;
  /** As clients take it: `http://127.0.0.1:8000`, `127.0.0.1:8001`, `http://127.0.0.1:8002/metrics`. */
  readonly address: string;
}

/** The embedded server (the twin) as a whole. */
export type ServerStatus =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting'; /** Epoch milliseconds. */ readonly since: number }
  | {
      readonly kind: 'running';
      readonly pid: number;
      /** Base URL of the HTTP endpoint: `http://127.0.0.1:8000`. */
      readonly httpUrl: string;
      /** Every port that is served, HTTP first. */
      readonly endpoints: readonly EndpointAddress[];
      /** Sentences about what differs from the wish: "Port 8000 is taken by python3 (pid 12); using 8003." */
      readonly notices: readonly string[];
    }
  | { readonly kind: 'restarting'; readonly reason: string; readonly attempt: number }
  | { readonly kind: 'failed'; readonly reason: string; readonly explanation?: Explanation };

/** One line of the server's log. */
export interface LogLine {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly level: 'info' | 'warning' | 'error';
  readonly source: 'server' | 'engine' | 'host' | 'container';
  readonly text: string;
}
