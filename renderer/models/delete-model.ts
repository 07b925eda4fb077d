import type { HostClient } from '../../app/contract/host-client.ts';
import { openModel } from '../navigation/navigation-store.ts';
import { raiseFailure, raiseNotice } from '../notices/notices-store.ts';

const UNDO_MILLISECONDS = 10_000;

/** Deletes at once and offers to undo it for ten seconds. */
export async function deleteModel(host: HostClient, name: string): Promise<void> {
  try {
    const { trashId } = await host.call('model.delete', { name });
    raiseNotice({
      severity: 'info',
      text: `Deleted ${name}.`,
      lifetimeMilliseconds: UNDO_MILLISECONDS,
      action: { label: 'Undo', run: () => void restoreModel(host, name, trashId) },
    });
  } catch (cause) {
    raiseFailure(`Could not delete ${name}`, cause);
  }
}

async function restoreModel(host: HostClient, name: string, trashId: string): Promise<void> {
  try {
    const restored = await host.call('model.restore', { trashId });
    openModel(restored.name);
  } catch (cause) {
    raiseFailure(`Could not bring ${name} back`, cause);
  }
}
