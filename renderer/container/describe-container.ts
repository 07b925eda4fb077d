import type { ContainerStatus } from '../../app/contract/container-status.ts';
import type { StateWords } from '../models/model-state.ts';

/** The container's state in words. */
export function describeContainer(status: ContainerStatus): StateWords {
  switch (status.kind) {
    case 'stopped':
      return { tone: 'idle', words: 'Container stopped' };
    case 'starting':
      return { tone: 'busy', words: 'Container starting' };
    case 'running':
      return status.isReady
        ? { tone: 'ok', words: status.isAdopted ? 'Container running, found again' : 'Container running' }
        : { tone: 'busy', words: 'Container running, not every model is ready' };
    case 'restarting':
      return { tone: 'busy', words: `Container restarting (attempt ${status.attempt})` };
    case 'unreachable':
      return { tone: 'bad', words: 'Docker Engine does not answer' };
    case 'failed':
      return { tone: 'bad', words: 'Container failed' };
  }
}
