import type { HostClient } from '../../app/contract/host-client.ts';
import type { RemoteServer } from '../../app/contract/remote-server.ts';
import { openHome, openRemote } from '../navigation/navigation-store.ts';
import { raiseFailure, raiseNotice } from '../notices/notices-store.ts';

const UNDO_MILLISECONDS = 10_000;

/** Forgets a remote server at once and offers to undo it for ten seconds. */
export async function removeRemote(host: HostClient, { id, name }: RemoteServer): Promise<void> {
  try {
    await host.call('remote.remove', { id });
    openHome();
    raiseNotice({
      severity: 'info',
      text: `Removed ${name}.`,
      lifetimeMilliseconds: UNDO_MILLISECONDS,
      action: { label: 'Undo', run: () => void restoreRemote(host, id, name) },
    });
  } catch (cause) {
    raiseFailure(`Could not remove ${name}`, cause);
  }
}

async function restoreRemote(host: HostClient, id: string, name: string): Promise<void> {
  try {
    await host.call('remote.restore', { id });
    openRemote(id);
  } catch (cause) {
    raiseFailure(`Could not bring ${name} back`, cause);
  }
}
