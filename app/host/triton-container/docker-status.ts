import type { MachineStatus } from '../../contract/machine.ts';
import { isRecord } from '../files/json-file.ts';
import { absenceReason } from './engine-failure.ts';
import { findEnginePlace } from './engine-place.ts';
import { openEngine } from './open-engine.ts';

/** Where the Docker Engine is asked, and how long; where one listens when absent. */
export interface DockerPlace {
  readonly socketPath?: string;
  readonly timeoutMilliseconds?: number;
}

async function askVersion({ socketPath, timeoutMilliseconds }: DockerPlace): Promise<string> {
  const place = socketPath === undefined ? await findEnginePlace() : { label: socketPath, socketPath };
  const docker = await openEngine(place, timeoutMilliseconds);
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
