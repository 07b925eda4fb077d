import type { ServerStatus } from '../../app/contract/server-status.ts';
import type { StateWords } from '../models/model-state.ts';

/** The server's state in words. */
export function describeServer(status: ServerStatus): StateWords {
  switch (status.kind) {
    case 'stopped':
      return { tone: 'idle', words: 'Server stopped' };
    case 'starting':
      return { tone: 'busy', words: 'Server starting' };
    case 'running':
      return { tone: 'ok', words: 'Server running' };
    case 'restarting':
      return { tone: 'busy', words: `Server restarting (attempt ${status.attempt})` };
    case 'failed':
      return { tone: 'bad', words: 'Server failed' };
  }
}
