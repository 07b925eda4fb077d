import type { HostClient } from '../../app/contract/host-client.ts';
import { openHome } from '../navigation/navigation-store.ts';
import { raiseFailure } from '../notices/notices-store.ts';

/** Opens a directory as the model repository. */
export async function openRepository(host: HostClient, path: string): Promise<void> {
  try {
    await host.call('workspace.open', { path });
    openHome();
  } catch (cause) {
    raiseFailure(`Could not open ${path}`, cause);
  }
}

/** Asks for a directory in the shell's own dialog and opens it. */
export async function chooseRepository(host: HostClient): Promise<void> {
  try {
    const { path } = await host.call('dialog.chooseFolder', { title: 'Open a model repository' });
    if (path !== null) await openRepository(host, path);
  } catch (cause) {
    raiseFailure('Could not open the dialog', cause);
  }
}

/** Goes back to Conch's own repository. */
export async function openDefaultRepository(host: HostClient): Promise<void> {
  try {
    await host.call('workspace.openDefault', null);
    openHome();
  } catch (cause) {
    raiseFailure('Could not open your own models', cause);
  }
}
