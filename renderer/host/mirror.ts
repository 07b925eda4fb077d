import type { HostClient } from '../../app/contract/host-client.ts';
import type { HostSnapshot } from '../../app/contract/snapshot.ts';

/** How a feature's store is kept equal to the host's facts. Every feature that mirrors some exports one. */
export interface Mirror {
  /** Replaces everything by the snapshot, which is asked after every (re)connect. */
  reset(snapshot: HostSnapshot): void;
  /** Applies events from now on; the returned function stops it. */
  follow(host: HostClient): () => void;
}
