import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { StatusError } from '../../core/status.ts';

/** A POSIX shared memory object while it is open: on Linux a file of the memory file system, without a mapping. */
export interface SharedMemoryFile {
  readonly byteLength: number;
  read(position: number, byteLength: number): Uint8Array;
  write(position: number, bytes: Uint8Array): void;
  close(): void;
}

const DIRECTORY = '/dev/shm';
const MAX_NAME_BYTES = 255;

function cannotOpen(key: string): StatusError {
  return new StatusError('internal', `Unable to open shared memory region: '${key}'`);
}

/** The file of a key by `shm_open`'s rules: leading slashes do not count, no other slash, never out of the directory. */
function fileNameOf(key: string): string {
  const name = key.replace(/^\/+/, '');
  const isName = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
  if (!isName || Buffer.byteLength(name) > MAX_NAME_BYTES) throw cannotOpen(key);
  return join(DIRECTORY, name);
}

function openRegular(key: string): number {
  // A link would lead out of the directory: never followed.
  const flags = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let descriptor: number;
  try {
    descriptor = openSync(fileNameOf(key), flags);
  } catch {
    throw cannotOpen(key);
  }
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw cannotOpen(key);
}

/** Opens the shared memory object of a key. @throws StatusError `internal` in Triton's words if there is none. */
export function openSharedMemoryFile(key: string): SharedMemoryFile {
  const descriptor = openRegular(key);
  const checkEnd = (end: number): void => {
    if (end <= fstatSync(descriptor).size) return;
    throw new StatusError('internal', `shared memory '${key}' is smaller than when it was registered`);
  };
  return {
    byteLength: fstatSync(descriptor).size,
    read: (position, byteLength) => {
      checkEnd(position + byteLength);
      const bytes = Buffer.allocUnsafeSlow(byteLength);
      let filled = 0;
      while (filled < byteLength) {
        const count = readSync(descriptor, bytes, filled, byteLength - filled, position + filled);
        if (count === 0) checkEnd(Number.POSITIVE_INFINITY);
        filled += count;
      }
      return bytes;
    },
    write: (position, bytes) => {
      checkEnd(position + bytes.byteLength);
      let written = 0;
      while (written < bytes.byteLength) {
        written += writeSync(descriptor, bytes, written, bytes.byteLength - written, position + written);
      }
    },
    close: () => closeSync(descriptor),
  };
}
