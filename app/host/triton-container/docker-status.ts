import type { MachineStatus } from '../../contract/machine.ts';
import { fileErrorCode } from '../files/file-failure.ts';
import { isRecord } from '../files/json-file.ts';

const TIMEOUT_MILLISECONDS = 3000;

function absenceReason(cause: unknown): string {
  const path = cause instanceof Error && 'address' in cause ? String(cause.address) : 'its socket';
  switch (fileErrorCode(cause) ?? '') {
    case 'ENOENT':
      return `Docker is not installed or not running: there is no ${path}.`;
    case 'EACCES':
    case 'EPERM':
      return `Docker is there, but you have no permission for ${path}. Add yourself to its group: sudo usermod -aG docker $USER, then log in again.`;
    case 'ECONNREFUSED':
      return `Docker is installed but not running: nothing answers at ${path}.`;
    case 'ETIMEDOUT':
    case 'ECONNRESET':
      return 'Docker does not answer.';
    default:
      return `Docker cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}.`;
  }
}

/** Where the Docker Engine is asked, and how long; its usual place when absent. */
export interface DockerPlace {
  readonly socketPath?: string;
  readonly timeoutMilliseconds?: number;
}

async function askVersion({ socketPath, timeoutMilliseconds }: DockerPlace): Promise<string> {
  const { default: Docker } = await import('dockerode');
  const docker = new Docker({
    timeout: timeoutMilliseconds ?? TIMEOUT_MILLISECONDS,
    ...(socketPath !== undefined && { socketPath }),
  });
  await docker.ping();
  const answer: unknown = await docker.version();
  if (!isRecord(answer) || typeof answer['Version'] !== 'string')
    throw new Error('what answers does not say its version');
  return answer['Version'];
}

/** Whether the Docker Engine answers, and its version; else why not, in a sentence. */
export async function checkDocker(place: DockerPlace = {}): Promise<MachineStatus['docker']> {
  try {
    return { kind: 'available', version: await askVersion(place) };
  } catch (cause) {
    return { kind: 'absent', reason: absenceReason(cause) };
  }
}
