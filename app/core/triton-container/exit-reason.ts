/** How a container ended, as the Engine tells it. */
export interface ContainerExit {
  readonly exitCode: number;
  readonly isOutOfMemory: boolean;
  /** The Engine's own words, where it could not start the container. */
  readonly error: string;
  /** The memory limit, in GiB. */
  readonly memoryGibibytes: number;
  /** The last lines of the log, oldest first. */
  readonly lastLines: readonly string[];
}

interface KnownEnd {
  readonly pattern: RegExp;
  readonly words: string;
}

/** What the Engine or Triton says, and what it means; the more telling first. `$1` is the first group. */
const KNOWN_ENDS: readonly KnownEnd[] = [
  {
    pattern: /port is already allocated|address already in use|already in use/i,
    words: 'One of its ports was taken by another program. Start it again: other ports are chosen.',
  },
  {
    pattern:
      /could not select device driver "?nvidia|nvidia-container-cli|unknown or invalid runtime name: nvidia/i,
    words:
      'The Engine cannot give a GPU to containers. Install the NVIDIA Container Toolkit and restart the Engine, or serve on the CPU.',
  },
  {
    pattern: /driver version is insufficient|unsatisfied condition: cuda|CUDA driver version/i,
    words:
      'The NVIDIA driver is too old for this release of Triton. Update the driver, or choose an older release.',
  },
  {
    pattern: /exec(?:utable file)?:? .*tritonserver.*not found|no such file or directory: .*tritonserver/i,
    words: 'The image has no tritonserver. Choose an image of Triton.',
  },
  { pattern: /no such image/i, words: 'The image was deleted. Pull it again.' },
  {
    pattern: /no space left on device/i,
    words: 'The disk of the Docker Engine is full. Free some: docker system df shows what takes it.',
  },
  {
    pattern: /failed to stat file \/models|Permission denied.*\/models|\/models.*Permission denied/i,
    words:
      'Triton cannot read the model repository. Give other users the right to read it: chmod -R a+rX on the repository.',
  },
  {
    pattern: /error while loading shared libraries: ([^:]+)/i,
    words: 'The image misses the library $1: it is damaged or made for another processor.',
  },
  {
    pattern: /exec format error/i,
    words: 'The image is made for another kind of processor. Choose one for this machine.',
  },
  {
    pattern: /failed to load all models|error: creating server/i,
    words: 'Triton ended because of its models or its options; the log above says which.',
  },
];

function knownEnd(text: string): string | null {
  for (const { pattern, words } of KNOWN_ENDS) {
    const found = pattern.exec(text);
    if (found) return words.replace('$1', found[1] ?? '');
  }
  return null;
}

const SIGNALS: Readonly<Record<number, string>> = {
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

/** Why a container ended, in words, with what to do. */
export function exitReason(exit: ContainerExit): string {
  const { exitCode, isOutOfMemory, error, memoryGibibytes, lastLines } = exit;
  if (isOutOfMemory)
    return `The container was killed because it took more than its ${memoryGibibytes} GiB of memory (OOM-killed). Raise the memory limit, or serve fewer models or instances.`;
  const known = knownEnd([error, ...lastLines.toReversed()].join('\n'));
  if (known !== null) return known;
  if (error !== '') return `The Engine could not run the container: ${error}`;
  const said = lastLines.at(-1);
  const lastWords = said === undefined ? '' : ` Its last words: ${said}`;
  if (exitCode === 137)
    return 'The container was killed (SIGKILL), by hand or by the system when memory ran out.';
  const signal = SIGNALS[exitCode - 128];
  if (signal !== undefined) return `Triton ended by ${signal}.${lastWords}`;
  return `Triton ended with exit code ${exitCode}.${lastWords}`;
}

/** What the Engine's refusal to create or start a container means; the Engine's own words where it is not known. */
export function refusalReason(message: string): string {
  return knownEnd(message) ?? `The Engine refused to run the container: ${message}`;
}
