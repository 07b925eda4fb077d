import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { imageOf, type ContainerChoices } from '../../core/triton-container/container-choices.ts';
import {
  preflightChecks,
  type PreflightCheck,
  type PreflightFacts,
} from '../../core/triton-container/preflight.ts';
import { isRecord } from '../files/json-file.ts';
import { answeredStatus, engineAbsence } from './engine-failure.ts';
import type { EnginePlace } from './engine-place.ts';
import { findFreePorts } from './free-ports.ts';

const SMI_MILLISECONDS = 3000;

async function driverVersion(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      ['--query-gpu=driver_version', '--format=csv,noheader'],
      { timeout: SMI_MILLISECONDS },
    );
    return stdout.trim().split('\n')[0] ?? null;
  } catch {
    return null;
  }
}

async function freeBytesAt(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** Bytes of an image on the Engine's machine; null where it is not there. */
export async function imageBytes(docker: Docker, image: string): Promise<number | null> {
  try {
    return (await docker.getImage(image).inspect()).Size;
  } catch (cause) {
    if (answeredStatus(cause) === 404) return null;
    throw cause;
  }
}

/** Whether the Engine has a bridge network: one that is started without cannot publish ports. */
export async function hasBridgeNetwork(docker: Docker): Promise<boolean> {
  const networks = await docker.listNetworks();
  return networks.some(({ Driver: driver }) => driver === 'bridge' || driver === 'nat');
}

async function engineFacts(
  docker: Docker,
  place: EnginePlace,
): Promise<PreflightFacts['engine'] & { root?: string }> {
  const info: unknown = await docker.info();
  if (!isRecord(info)) throw new Error('what answers is no Docker Engine');
  const { ServerVersion: version, MemTotal: memoryBytes, Runtimes: runtimes, DockerRootDir: root } = info;
  return {
    version: String(version),
    place: place.label,
    memoryBytes: Number(memoryBytes),
    hasBridge: await hasBridgeNetwork(docker),
    hasNvidiaRuntime: isRecord(runtimes) && 'nvidia' in runtimes,
    ...(typeof root === 'string' && place.socketPath !== undefined && { root }),
  };
}

/** Looks at the Engine and the machine; every check comes with its reason, an Engine that is not there too. */
export async function checkContainer(
  docker: Docker,
  place: EnginePlace,
  choices: ContainerChoices,
  platforms: readonly string[],
): Promise<readonly PreflightCheck[]> {
  const nothing = {
    choices,
    platforms,
    imageBytes: null,
    freeBytes: null,
    driver: null,
    ports: [],
    takenPorts: [],
  };
  try {
    const { root, ...engine } = await engineFacts(docker, place);
    const { ports, taken } = await findFreePorts();
    return preflightChecks({
      ...nothing,
      engine,
      imageBytes: await imageBytes(docker, imageOf(choices)),
      freeBytes: root === undefined ? null : await freeBytesAt(root),
      driver: choices.usesGpu ? await driverVersion() : null,
      ports: Object.values(ports),
      takenPorts: taken,
    });
  } catch (cause) {
    return preflightChecks({ ...nothing, engine: { absence: engineAbsence(cause) } });
  }
}
