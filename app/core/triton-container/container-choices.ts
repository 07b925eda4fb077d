import { NEWEST_RELEASE, tritonImage } from '../deployment/triton-releases.ts';
import { StatusError } from '../status.ts';

/** How the container's Triton takes models: all at start, on request, or by looking at the repository again and again. */
export const CONTROL_MODES = ['none', 'explicit', 'poll'] as const;

/** What a person chooses about the Triton container. */
export interface ContainerChoices {
  /** Triton's release, as `26.07`, or the whole name of an image. */
  readonly release: string;
  readonly usesGpu: boolean;
  readonly controlMode: (typeof CONTROL_MODES)[number];
  /** The most memory that the container may take, in GiB. */
  readonly memoryGibibytes: number;
  /** Shared memory for Python models and clients, in MiB. */
  readonly sharedMemoryMebibytes: number;
  /** Whether the container goes on when Conch quits. */
  readonly keepsRunning: boolean;
}

/** What is chosen where nobody chose. */
export const USUAL_CHOICES: ContainerChoices = {
  release: NEWEST_RELEASE,
  usesGpu: false,
  controlMode: 'explicit',
  memoryGibibytes: 8,
  sharedMemoryMebibytes: 1024,
  keepsRunning: false,
};

/** An image by its whole name: registry, path, tag or digest, without blanks. */
const IMAGE = /^[a-z0-9][a-z0-9._:/-]*(?:@sha256:[0-9a-f]{64})?$/;
const RELEASE = /^\d{2}\.\d{2}$/;

/** The image that the choice of a release names. */
export function imageOf({ release }: Pick<ContainerChoices, 'release'>): string {
  return RELEASE.test(release) ? tritonImage(release) : release;
}

function isWholeNumber(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** @throws StatusError `invalid-argument` that names the choice which is wrong. */
export function checkContainerChoices(choices: ContainerChoices): ContainerChoices {
  const { release, usesGpu, controlMode, memoryGibibytes, sharedMemoryMebibytes, keepsRunning } =
    choices as Partial<ContainerChoices>;
  const refuse = (text: string) => new StatusError('invalid-argument', text);
  if (typeof release !== 'string' || release.length > 255 || !(RELEASE.test(release) || IMAGE.test(release)))
    throw refuse(`A release is called like ${NEWEST_RELEASE}, an image like registry.example/triton:tag.`);
  if (controlMode === undefined || !CONTROL_MODES.includes(controlMode))
    throw refuse(`The model control mode is one of ${CONTROL_MODES.join(', ')}.`);
  if (!isWholeNumber(memoryGibibytes, 1, 4096)) throw refuse('The memory limit is 1 to 4096 GiB.');
  if (!isWholeNumber(sharedMemoryMebibytes, 64, 1024 * 1024))
    throw refuse('The shared memory is 64 MiB to 1 TiB.');
  if (typeof usesGpu !== 'boolean' || typeof keepsRunning !== 'boolean')
    throw refuse('Whether the GPU is used and whether the container keeps running is true or false.');
  return { release, usesGpu, controlMode, memoryGibibytes, sharedMemoryMebibytes, keepsRunning };
}
