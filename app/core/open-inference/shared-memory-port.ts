import { StatusError } from '../status.ts';

/** Where in a registered region a tensor lies; bytes from the region's start. */
export interface SharedMemoryPlace {
  readonly region: string;
  readonly offset: number;
  readonly byteSize: number;
}

/** What reading a request needs of the regions that clients have registered. */
export interface SharedMemoryPort {
  /** The size of a region in bytes; null: there is none of that name. */
  sizeOf(region: string): number | null;
  /** A copy of the bytes of a place that was found by {@link findPlace}. @throws StatusError if the client took it away. */
  read(place: SharedMemoryPlace): Uint8Array;
}

/** The port of a server that has no regions. */
export const NO_SHARED_MEMORY: SharedMemoryPort = {
  sizeOf: () => null,
  read: ({ region }) => {
    throw unknownRegion(region);
  },
};

const SIZE_MAX = 0xffff_ffff_ffff_ffffn;

function unknownRegion(region: string): StatusError {
  return new StatusError('not-found', `Unable to find shared memory region: '${region}'`);
}

/**
 * Checks that a place lies within its region (`SharedMemoryManager::GetMemoryInfo`). `offset` and `byteSize` are
 * unsigned 64-bit integers: a negative one of gRPC comes as its two's complement.
 * @throws StatusError `not-found` for an unknown region, `invalid-argument` outside of it.
 */
export function findPlace(
  port: SharedMemoryPort,
  region: string,
  offset: bigint,
  byteSize: bigint,
): SharedMemoryPlace {
  const size = port.sizeOf(region);
  if (size === null) throw unknownRegion(region);
  if (offset >= BigInt(size)) {
    throw new StatusError('invalid-argument', `Invalid offset for shared memory region: '${region}'`);
  }
  if (byteSize > SIZE_MAX - offset) {
    throw new StatusError(
      'invalid-argument',
      `Integer overflow detected: byte_size (${byteSize}) + offset (${offset}) exceeds maximum value (${SIZE_MAX}) for region '${region}'`,
    );
  }
  if (offset + byteSize > BigInt(size)) {
    throw new StatusError(
      'invalid-argument',
      `Invalid offset + byte size for shared memory region: '${region}'`,
    );
  }
  return { region, offset: Number(offset), byteSize: Number(byteSize) };
}

/** @throws StatusError `internal` if an output does not fit the place that the request names for it. */
export function checkFitsPlace(output: string, byteLength: number, place: SharedMemoryPlace): void {
  if (byteLength <= place.byteSize) return;
  throw new StatusError(
    'internal',
    `shared memory size specified with the request for output '${output}' (${place.byteSize} bytes) should be at least ${byteLength} bytes to hold the results`,
  );
}
