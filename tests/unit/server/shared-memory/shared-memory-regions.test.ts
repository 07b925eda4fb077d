import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { findPlace } from '../../../../app/core/open-inference/shared-memory-port.ts';
import { SharedMemoryRegions } from '../../../../app/server/shared-memory/shared-memory-regions.ts';

const created: string[] = [];

function createObject(bytes: Uint8Array): string {
  const key = `/conch-test-${randomUUID()}`;
  writeFileSync(join('/dev/shm', key), bytes);
  created.push(join('/dev/shm', key));
  return key;
}

afterEach(() => {
  for (const path of created.splice(0)) rmSync(path, { force: true });
});

const count = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index % 251);

describe.runIf(process.platform === 'linux')('shared memory regions', () => {
  test('give the bytes of a place, counted from the start of the region', () => {
    const regions = new SharedMemoryRegions(true);
    const key = createObject(count(8192));
    regions.registerSystem({ name: 'r', key, offset: 4096n, byteSize: 4096n });
    const place = findPlace(regions, 'r', 10n, 4n);
    expect([...regions.read(place)]).toEqual([...count(8192).subarray(4106, 4110)]);
    expect(regions.systemStatus('')).toEqual([
      expect.objectContaining({ name: 'r', key, offset: 4096, byteSize: 4096 }),
    ]);
    regions.close();
  });

  test('take the bytes of an output at its place and nowhere else', () => {
    const regions = new SharedMemoryRegions(true);
    const key = createObject(new Uint8Array(16));
    regions.registerSystem({ name: 'r', key, offset: 0n, byteSize: 16n });
    regions.write(findPlace(regions, 'r', 4n, 8n), Uint8Array.of(1, 2, 3));
    expect([...readFileSync(join('/dev/shm', key))]).toEqual([
      0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    regions.close();
  });

  test.each([
    [16n, 1n, "Invalid offset for shared memory region: 'r'"],
    [0n, 17n, "Invalid offset + byte size for shared memory region: 'r'"],
    [
      1n,
      0xffff_ffff_ffff_ffffn,
      "Integer overflow detected: byte_size (18446744073709551615) + offset (1) exceeds maximum value (18446744073709551615) for region 'r'",
    ],
  ])('have no place at offset %s of size %s', (offset, byteSize, text) => {
    const regions = new SharedMemoryRegions(true);
    regions.registerSystem({ name: 'r', key: createObject(new Uint8Array(16)), offset: 0n, byteSize: 16n });
    expect(() => findPlace(regions, 'r', offset, byteSize)).toThrow(text);
    regions.close();
  });

  test.each(['/../etc/passwd', '/.', '..', '/a/b', 'nul\0', `/${'x'.repeat(300)}`])(
    'never leave their directory: %j',
    (key) => {
      const regions = new SharedMemoryRegions(true);
      expect(() => regions.registerSystem({ name: 'r', key, offset: 0n, byteSize: 1n })).toThrow(
        `Unable to open shared memory region: '${key}'`,
      );
    },
  );

  test('do not follow a link', () => {
    const target = join(tmpdir(), `conch-test-${randomUUID()}`);
    const link = `/dev/shm/conch-test-${randomUUID()}`;
    created.push(target, link);
    writeFileSync(target, 'secret');
    symlinkSync(target, link);
    const regions = new SharedMemoryRegions(true);
    const key = link.slice('/dev/shm'.length);
    expect(() => regions.registerSystem({ name: 'r', key, offset: 0n, byteSize: 6n })).toThrow(
      'Unable to open',
    );
  });

  test('that shrank after they were registered fail instead of giving other bytes', () => {
    const regions = new SharedMemoryRegions(true);
    const key = createObject(count(64));
    regions.registerSystem({ name: 'r', key, offset: 0n, byteSize: 64n });
    truncateSync(join('/dev/shm', key), 8);
    const place = findPlace(regions, 'r', 0n, 64n);
    expect(() => regions.read(place)).toThrow('is smaller than when it was registered');
    expect(() => regions.write(place, count(64))).toThrow('is smaller than when it was registered');
    regions.close();
  });

  test('in use are unregistered when the last request that writes to them has ended', () => {
    const regions = new SharedMemoryRegions(true);
    regions.registerSystem({ name: 'r', key: createObject(new Uint8Array(8)), offset: 0n, byteSize: 8n });
    const place = findPlace(regions, 'r', 0n, 8n);
    const endFirst = regions.hold([place]);
    const endSecond = regions.hold([place, place]);
    regions.unregisterSystem('');
    endFirst();
    expect(regions.sizeOf('r')).toBe(8);
    endSecond();
    expect(regions.sizeOf('r')).toBeNull();
  });

  test('cannot be registered while clients are not allowed to', () => {
    const regions = new SharedMemoryRegions(false);
    expect(() => regions.registerSystem({ name: 'r', key: '/k', offset: 0n, byteSize: 1n })).toThrow(
      "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to enable.",
    );
    expect(() => regions.registerCuda('r')).toThrow('Client shared memory is disabled');
    expect(regions.systemStatus('')).toEqual([]);
  });
});
