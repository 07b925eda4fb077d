import { releaseWarnings } from '../deployment/triton-releases.ts';
import { imageOf, type ContainerChoices } from './container-choices.ts';

/** One thing that a Triton container needs: whether it is there, why not, and what to do. */
export interface PreflightCheck {
  readonly id:
    | 'engine'
    | 'release'
    | 'image'
    | 'disk'
    | 'memory'
    | 'shared-memory'
    | 'gpu'
    | 'driver'
    | 'ports'
    | 'network';
  readonly title: string;
  /** `blocked`: the container cannot start before this is mended. */
  readonly state: 'ok' | 'warning' | 'blocked';
  readonly reason: string;
  readonly fix?: string;
}

/** Why no Engine can be reached, and what to do about it. */
export interface EngineAbsence {
  readonly reason: string;
  readonly fix: string;
}

/** What was found out about the machine and its Engine. */
export interface PreflightFacts {
  readonly choices: ContainerChoices;
  /** Platforms of the models, as `torch_aoti`. */
  readonly platforms: readonly string[];
  readonly engine:
    | {
        readonly version: string;
        readonly place: string;
        readonly memoryBytes: number;
        readonly hasBridge: boolean;
        readonly hasNvidiaRuntime: boolean;
      }
    | { readonly absence: EngineAbsence };
  /** Of the image on this machine; null where it is not there. */
  readonly imageBytes: number | null;
  /** Free bytes where the Engine keeps images; null where that is not known (an Engine on another machine). */
  readonly freeBytes: number | null;
  /** Driver of the NVIDIA GPU, as `580.65`; null where there is none. */
  readonly driver: string | null;
  readonly ports: readonly number[];
  /** First choices that other programs hold. */
  readonly takenPorts: readonly number[];
}

/** What a pull needs on the disk: the image of 24.06 takes 15.5 GB, and its layers are unpacked from another copy. */
const IMAGE_BYTES = 16e9;
const GIB = 1024 ** 3;
/** The drivers that releases were built for, from NVIDIA's support matrix. Data-centre GPUs may use older LTS drivers. */
const DRIVERS: readonly { readonly since: string; readonly driver: number }[] = [
  { since: '26.07', driver: 610 },
  { since: '25.08', driver: 580 },
  { since: '25.02', driver: 570 },
];

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

function releaseCheck({ choices, platforms }: PreflightFacts): PreflightCheck {
  const title = 'Release suits the models';
  if (!/^\d{2}\.\d{2}$/.test(choices.release))
    return { id: 'release', title, state: 'ok', reason: `Your own image, ${choices.release}.` };
  const warnings = releaseWarnings(choices.release, platforms);
  if (warnings.length === 0) return { id: 'release', title, state: 'ok', reason: `${choices.release} does.` };
  return {
    id: 'release',
    title,
    state: 'warning',
    reason: warnings.join(' '),
    fix: 'Choose another release.',
  };
}

function imageCheck({ choices, imageBytes }: PreflightFacts): PreflightCheck {
  const title = 'Image is on this machine';
  const image = imageOf(choices);
  return imageBytes === null
    ? {
        id: 'image',
        title,
        state: 'blocked',
        reason: `${image} is not downloaded yet.`,
        fix: 'Pull the image. It is large: NVIDIA’s take about 16 GB on disk.',
      }
    : { id: 'image', title, state: 'ok', reason: `${image}, ${gigabytes(imageBytes)}.` };
}

function diskCheck({ imageBytes, freeBytes }: PreflightFacts): PreflightCheck {
  const title = 'Disk has room for the image';
  if (imageBytes !== null) return { id: 'disk', title, state: 'ok', reason: 'The image is there already.' };
  if (freeBytes === null)
    return {
      id: 'disk',
      title,
      state: 'warning',
      reason: `The Engine’s disk cannot be seen from here; the image takes about ${gigabytes(IMAGE_BYTES)}.`,
    };
  return freeBytes < IMAGE_BYTES
    ? {
        id: 'disk',
        title,
        state: 'warning',
        reason: `${gigabytes(freeBytes)} are free; NVIDIA’s images take about ${gigabytes(IMAGE_BYTES)}.`,
        fix: 'Free some space: docker system df shows what takes it.',
      }
    : { id: 'disk', title, state: 'ok', reason: `${gigabytes(freeBytes)} are free.` };
}

function gpuChecks({ choices, engine, driver }: PreflightFacts): readonly PreflightCheck[] {
  const title = 'GPU for containers';
  if (!choices.usesGpu)
    return [{ id: 'gpu', title, state: 'ok', reason: 'Not asked for: models run on the CPU.' }];
  if (driver === null)
    return [
      {
        id: 'gpu',
        title,
        state: 'blocked',
        reason: 'No NVIDIA GPU was found.',
        fix: 'Serve on the CPU, or install the NVIDIA driver.',
      },
    ];
  const hasRuntime = 'version' in engine && engine.hasNvidiaRuntime;
  const runtime: PreflightCheck = hasRuntime
    ? { id: 'gpu', title, state: 'ok', reason: 'The Engine has the NVIDIA runtime.' }
    : {
        id: 'gpu',
        title,
        state: 'blocked',
        reason: 'The Engine has no NVIDIA runtime.',
        fix: 'Install the NVIDIA Container Toolkit: sudo nvidia-ctk runtime configure, then restart the Engine.',
      };
  const need = DRIVERS.find(({ since }) => choices.release >= since)?.driver;
  if (need === undefined || !/^\d{2}\.\d{2}$/.test(choices.release)) return [runtime];
  const isEnough = Number.parseInt(driver, 10) >= need;
  return [
    runtime,
    {
      id: 'driver',
      title: 'NVIDIA driver is new enough',
      state: isEnough ? 'ok' : 'warning',
      reason: isEnough
        ? `Driver ${driver}.`
        : `Driver ${driver} is there; ${choices.release} was built for ${need}. Data-centre GPUs may still do.`,
      ...(!isEnough && { fix: `Update the driver to ${need}, or choose an older release.` }),
    },
  ];
}

function memoryChecks({ choices, engine }: PreflightFacts): readonly PreflightCheck[] {
  if (!('version' in engine)) return [];
  const limit = choices.memoryGibibytes * GIB;
  const shared = choices.sharedMemoryMebibytes * 1024 * 1024;
  const has = `The Engine’s machine has ${(engine.memoryBytes / GIB).toFixed(1)} GiB`;
  return [
    limit > engine.memoryBytes
      ? {
          id: 'memory',
          title: 'Memory limit',
          state: 'warning',
          reason: `${has}, and the limit is ${choices.memoryGibibytes} GiB: the machine can run out first.`,
          fix: 'Lower the limit.',
        }
      : {
          id: 'memory',
          title: 'Memory limit',
          state: 'ok',
          reason: `${choices.memoryGibibytes} GiB. ${has}.`,
        },
    shared > limit
      ? {
          id: 'shared-memory',
          title: 'Shared memory',
          state: 'blocked',
          reason: 'It counts towards the memory limit, and is larger.',
          fix: 'Lower it, or raise the memory limit.',
        }
      : {
          id: 'shared-memory',
          title: 'Shared memory',
          state: 'ok',
          reason: `${choices.sharedMemoryMebibytes} MiB, for Python models and clients that share it.`,
        },
  ];
}

function portChecks({ engine, ports, takenPorts }: PreflightFacts): readonly PreflightCheck[] {
  if (!('version' in engine)) return [];
  const others = takenPorts.length === 0 ? '' : ` ${takenPorts.join(', ')} are taken by other programs.`;
  return [
    {
      id: 'ports',
      title: 'Ports',
      state: 'ok',
      reason: `${ports.join(', ')} on loopback are free.${others}`,
    },
    engine.hasBridge
      ? {
          id: 'network',
          title: 'Network',
          state: 'ok',
          reason: 'A network of its own; only loopback reaches it.',
        }
      : {
          id: 'network',
          title: 'Network',
          state: 'warning',
          reason: 'The Engine has no bridge network: the container shares the machine’s, bound to loopback.',
        },
  ];
}

/** The list of checks, in the order in which they can be mended. Only the first where the Engine cannot be reached. */
export function preflightChecks(facts: PreflightFacts): readonly PreflightCheck[] {
  const { engine } = facts;
  const title = 'Docker or Podman answers';
  if ('absence' in engine)
    return [
      {
        id: 'engine',
        title,
        state: 'blocked',
        ...engine.absence,
      },
    ];
  return [
    { id: 'engine', title, state: 'ok', reason: `Version ${engine.version} at ${engine.place}.` },
    releaseCheck(facts),
    imageCheck(facts),
    diskCheck(facts),
    ...memoryChecks(facts),
    ...gpuChecks(facts),
    ...portChecks(facts),
  ];
}
