import type Docker from 'dockerode';
import type { ContainerInspectInfo } from 'dockerode';
import {
  checkContainerChoices,
  type ContainerChoices,
} from '../../core/triton-container/container-choices.ts';
import type { ContainerPorts } from '../../core/triton-container/container-options.ts';
import { isRecord } from '../files/json-file.ts';
import { answeredStatus } from './engine-failure.ts';

const OWNER = 'conch.data-folder';
const RECORD = 'conch.container';

/** What a container carries in its labels, so that the next Conch knows it again. */
export interface ContainerRecord {
  readonly choices: ContainerChoices;
  readonly ports: ContainerPorts;
  readonly repository: string;
}

/** The labels of a container of the Conch with this data folder. */
export function labelsOf(dataFolder: string, record: ContainerRecord): Record<string, string> {
  return { [OWNER]: dataFolder, [RECORD]: JSON.stringify(record) };
}

function isPorts(value: unknown): value is ContainerPorts {
  return (
    isRecord(value) && ['http', 'grpc', 'metrics'].every((protocol) => Number.isInteger(value[protocol]))
  );
}

/** What the labels say; null where they are none of ours. */
export function recordOf(labels: Readonly<Record<string, string>>): ContainerRecord | null {
  try {
    const record: unknown = JSON.parse(labels[RECORD] ?? 'null');
    if (!isRecord(record) || !isPorts(record['ports']) || typeof record['repository'] !== 'string')
      return null;
    const choices = checkContainerChoices(record['choices'] as ContainerChoices);
    return { choices, ports: record['ports'], repository: record['repository'] };
  } catch {
    return null;
  }
}

/** A container of ours that the Engine knows. */
export interface OwnContainer {
  readonly id: string;
  readonly isRunning: boolean;
  readonly record: ContainerRecord | null;
}

/** Every container of the Conch with this data folder, the newest first. */
export async function ownContainers(docker: Docker, dataFolder: string): Promise<readonly OwnContainer[]> {
  const found = await docker.listContainers({
    all: true,
    filters: { label: [`${OWNER}=${dataFolder}`] },
  });
  return found
    .toSorted((left, right) => right.Created - left.Created)
    .map(({ Id: id, State: state, Labels: labels }) => ({
      id,
      isRunning: state === 'running',
      record: recordOf(labels),
    }));
}

/** What the Engine knows of a container; null where it is gone. */
export async function inspectContainer(docker: Docker, id: string): Promise<ContainerInspectInfo | null> {
  try {
    return await docker.getContainer(id).inspect();
  } catch (cause) {
    if (answeredStatus(cause) === 404) return null;
    throw cause;
  }
}

/** Ends and removes a container; false where it is gone already, or just being removed by someone else. */
export async function removeContainer(docker: Docker, id: string): Promise<boolean> {
  try {
    await docker.getContainer(id).remove({ force: true, v: true });
    return true;
  } catch (cause) {
    const status = answeredStatus(cause);
    if (status !== 404 && status !== 409) throw cause;
    return false;
  }
}

const STOP_SECONDS = 10;

/** Asks Triton to end (SIGTERM; it finishes its requests), then removes the container. */
export async function stopContainer(docker: Docker, id: string): Promise<void> {
  try {
    await docker.getContainer(id).stop({ t: STOP_SECONDS });
  } catch (cause) {
    const status = answeredStatus(cause);
    if (status !== 304 && status !== 404) throw cause;
  }
  await removeContainer(docker, id);
}
