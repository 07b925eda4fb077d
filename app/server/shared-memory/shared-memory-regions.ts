import type { SharedMemoryPlace, SharedMemoryPort } from '../../core/open-inference/shared-memory-port.ts';
import { StatusError } from '../../core/status.ts';
import { openSharedMemoryFile, type SharedMemoryFile } from './shared-memory-files.ts';

/** A system shared memory region as a client registered it; sizes in bytes. */
export interface SystemRegion {
  readonly name: string;
  readonly key: string;
  readonly offset: number;
  readonly byteSize: number;
}

/** What a client asks to register; unsigned 64-bit integers as they came. */
export interface RegionToRegister {
  readonly name: string;
  readonly key: string;
  readonly offset: bigint;
  readonly byteSize: bigint;
}

interface OpenRegion extends SystemRegion {
  readonly file: SharedMemoryFile;
  /** Requests that will write to it. */
  users: number;
  isAwaitingEnd: boolean;
}

const RESERVED_PREFIX = 'triton_python_backend_shm_region_';
const PAGE_BYTES = 4096n;
const UNSUPPORTED_SYSTEMS: Partial<Record<NodeJS.Platform, string>> = { win32: 'Windows', darwin: 'macOS' };

function invalid(text: string): StatusError {
  return new StatusError('invalid-argument', text);
}

function checkKey({ name, key }: RegionToRegister): void {
  const trimmed = key.replace(/^\/+/, '');
  if (trimmed === '')
    throw invalid(`cannot register shared memory region '${name}' - invalid shm key '${key}'`);
  if (!trimmed.startsWith(RESERVED_PREFIX)) return;
  throw invalid(
    `cannot register shared memory region '${name}' with key '${key}' as the key contains the reserved prefix '${RESERVED_PREFIX}'`,
  );
}

/** What `mmap` would say of a place that passed the size check; null: it maps. */
function mapFailure(offset: bigint, byteSize: bigint): string | null {
  if (byteSize === 0n || offset % PAGE_BYTES !== 0n) return 'Invalid argument';
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return 'Value too large for defined data type';
  return byteSize > BigInt(Number.MAX_SAFE_INTEGER) ? 'Cannot allocate memory' : null;
}

function checkPlace({ name, offset, byteSize }: RegionToRegister, fileBytes: number): void {
  const prefix = `failed to register shared memory region '${name}': `;
  // Triton adds in 64 bits without a look at the overflow; what slips through fails at mapping.
  if (BigInt.asUintN(64, offset + byteSize) > BigInt(fileBytes)) throw invalid(`${prefix}invalid args`);
  const failure = mapFailure(offset, byteSize);
  if (failure) throw invalid(`${prefix}unable to process address space${failure}`);
}

/** The shared memory regions of one server, whichever endpoint a client registers and uses them by. */
export class SharedMemoryRegions implements SharedMemoryPort {
  readonly #isAllowed: boolean;
  readonly #regions = new Map<string, OpenRegion>();

  /** @param isAllowed `--allow-client-shm` */
  constructor(isAllowed: boolean) {
    this.#isAllowed = isAllowed;
  }

  /** @throws StatusError `unsupported` if clients may not register or unregister regions. */
  checkAllowed(): void {
    if (this.#isAllowed) return;
    throw new StatusError(
      'unsupported',
      "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to enable.",
    );
  }

  /** Registers a system region. @throws StatusError in Triton's words. */
  registerSystem(wanted: RegionToRegister): void {
    this.checkAllowed();
    const { name, key, offset, byteSize } = wanted;
    const system = UNSUPPORTED_SYSTEMS[process.platform];
    if (system) {
      throw new StatusError('unsupported', `Shared memory feature is currently not supported on ${system}`);
    }
    checkKey(wanted);
    if (this.#regions.has(name)) {
      throw new StatusError('already-exists', `shared memory region '${name}' already in manager`);
    }
    const file = openSharedMemoryFile(key);
    try {
      checkPlace(wanted, file.byteLength);
    } catch (cause) {
      file.close();
      throw cause;
    }
    const place = { name, key, offset: Number(offset), byteSize: Number(byteSize) };
    this.#regions.set(name, { ...place, file, users: 0, isAwaitingEnd: false });
  }

  /** Registering CUDA memory is refused as a Triton without GPUs refuses it. */
  registerCuda(name: string): never {
    this.checkAllowed();
    throw invalid(`failed to register CUDA shared memory region: '${name}', GPUs not supported`);
  }

  /** Unregisters a region, or all for the empty name; an unknown one is fine. One in use goes after its requests. */
  unregisterSystem(name: string): void {
    this.checkAllowed();
    for (const region of this.#named(name)) {
      if (region.users > 0) region.isAwaitingEnd = true;
      else this.#end(region);
    }
  }

  /** There never is a CUDA region: nothing to do. */
  unregisterCuda(): void {
    this.checkAllowed();
  }

  /** The region of a name, or all for the empty name, sorted. @throws StatusError `not-found`. */
  systemStatus(name: string): SystemRegion[] {
    const found = this.#named(name);
    if (found.length === 0 && name !== '') {
      throw new StatusError('not-found', `Unable to find system shared memory region: '${name}'`);
    }
    return found.sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** No CUDA region is ever registered. @throws StatusError `not-found` for any name but the empty one. */
  cudaStatus(name: string): readonly [] {
    if (name === '') return [];
    if (this.#regions.has(name)) {
      throw new StatusError(
        'not-found',
        `The region named '${name}' is registered as system shared memory, not CUDA shared memory`,
      );
    }
    throw new StatusError('not-found', `Unable to find cuda shared memory region: '${name}'`);
  }

  sizeOf(region: string): number | null {
    return this.#regions.get(region)?.byteSize ?? null;
  }

  read({ region, offset, byteSize }: SharedMemoryPlace): Uint8Array {
    const { file, offset: start } = this.#get(region);
    return file.read(start + offset, byteSize);
  }

  /** Writes an output to its place. */
  write({ region, offset }: SharedMemoryPlace, bytes: Uint8Array): void {
    const { file, offset: start } = this.#get(region);
    file.write(start + offset, bytes);
  }

  /** Keeps regions registered while a request that writes to them runs. Returns the way to end that. */
  hold(places: readonly SharedMemoryPlace[]): () => void {
    const held = places.map(({ region }) => this.#get(region));
    for (const region of held) region.users += 1;
    return () => {
      for (const region of held) {
        region.users -= 1;
        if (region.users === 0 && region.isAwaitingEnd) this.#end(region);
      }
    };
  }

  /** Closes every region, at the end of the server. */
  close(): void {
    for (const region of this.#regions.values()) this.#end(region);
  }

  #get(name: string): OpenRegion {
    const region = this.#regions.get(name);
    if (region) return region;
    throw new StatusError('not-found', `Unable to find shared memory region: '${name}'`);
  }

  #named(name: string): OpenRegion[] {
    if (name === '') return [...this.#regions.values()];
    const region = this.#regions.get(name);
    return region ? [region] : [];
  }

  #end(region: OpenRegion): void {
    this.#regions.delete(region.name);
    region.file.close();
  }
}
