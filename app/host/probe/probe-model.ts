import type { HostProcessLauncher } from '../processes/host-process-launcher.ts';
import type { OpenWorkspace } from '../workspace/workspace.ts';

export interface ModelProbe {
  start(workspace: OpenWorkspace, name: string): Promise<void>;
  cuda(): Promise<{ readonly kind: 'works' } | { readonly kind: 'fails'; readonly reason: string }>;
  close(): void;
}

export function createModelProbe(_launcher: HostProcessLauncher): ModelProbe {
  return {
    start: (workspace, name) =>
      workspace.setProbe(name, {
        kind: 'skipped',
        reason: 'It is opened for the first time when you serve it.',
      }),
    cuda: async () => ({ kind: 'fails', reason: 'it was not tried.' }),
    close: () => undefined,
  };
}
