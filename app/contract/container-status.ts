import type { EndpointAddress } from './server-status.ts';

/** The Triton container that Conch started, or found again after its own restart. There is never more than one. */
export type ContainerStatus =
  | { readonly kind: 'stopped' }
  | {
      readonly kind: 'starting';
      readonly image: string;
      /** Epoch milliseconds. */
      readonly since: number;
    }
  | {
      readonly kind: 'running';
      readonly image: string;
      readonly containerId: string;
      /** Whether Triton says that it is ready: not while models load, nor where one failed. */
      readonly isReady: boolean;
      /** Whether it ran already when Conch started. */
      readonly isAdopted: boolean;
      /** Base URL of the HTTP endpoint: `http://127.0.0.1:8010`. */
      readonly httpUrl: string;
      /** Every port that is served, HTTP first. */
      readonly endpoints: readonly EndpointAddress[];
    }
  | { readonly kind: 'restarting'; readonly reason: string; readonly attempt: number }
  /** The Docker Engine does not answer; the container is looked for again when it does. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };
