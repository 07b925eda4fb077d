import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ArchiveKind } from '../../../../app/core/repository/recognize-tree.ts';
import { unpackArchive } from '../../../../app/host/archives/unpack-archive.ts';
import { UNPACK_LIMITS } from '../../../../app/host/archives/unpack-limits.ts';
import { buildTar, buildTarGzip, buildZip } from '../../../support/hostile-archives.ts';
import { makeTestFolder } from '../../../support/start-test-host.ts';

const text = (value: string) => new TextEncoder().encode(value);

describe('unpacking', () => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  beforeEach(async () => {
    folder = await makeTestFolder();
  });
  afterEach(() => folder.remove());

  const unpack = async (kind: ArchiveKind, bytes: Uint8Array, limits = UNPACK_LIMITS) => {
    const archivePath = join(folder.path, 'archive');
    const into = join(folder.path, 'outer', 'into');
    await mkdir(into, { recursive: true });
    await writeFile(archivePath, bytes);
    await unpackArchive(kind, { archivePath, into, limits });
    return into;
  };

  test.each([
    [
      'zip',
      buildZip([{ name: 'm/' }, { name: 'm/1/model.onnx', data: text('x') }, { name: 'm/config.pbtxt' }]),
    ],
    [
      'tar',
      buildTar([
        { name: './', type: '5' },
        { name: './m/1/model.onnx', data: text('x') },
        { name: './m/config.pbtxt' },
      ]),
    ],
    [
      'tar.gz',
      buildTarGzip([
        { name: 'm/1', type: '5' },
        { name: 'm/1/model.onnx', data: text('x') },
        { name: 'm/config.pbtxt' },
      ]),
    ],
  ] as const)('writes the files of a %s', async (kind, bytes) => {
    const into = await unpack(kind, bytes);
    expect((await readdir(join(into, 'm'))).sort()).toEqual(['1', 'config.pbtxt']);
    expect(await readFile(join(into, 'm/1/model.onnx'), 'utf8')).toBe('x');
  });

  const evil = text('evil');
  test.each([
    ['climbs out of the folder', [{ name: '../evil', data: evil }], /the part ".."|relative path/],
    ['climbs out in the middle', [{ name: 'a/../../evil', data: evil }], /the part ".."|relative path/],
    ['is absolute', [{ name: '/etc/evil', data: evil }], /absolute/],
    ['names a drive', [{ name: 'C:evil', data: evil }], /drive|absolute/],
    ['has a backslash', [{ name: 'a\\evil', data: evil }], /backslash|invalid characters/],
    ['has a NUL', [{ name: 'a\0evil', data: evil }], /control character/],
    [
      'is a symbolic link',
      [{ name: 'link', data: text('/etc/passwd'), unixMode: 0o120777 }],
      /link or a device/,
    ],
    ['is a device', [{ name: 'device', unixMode: 0o020666 }], /link or a device/],
    [
      'is there twice',
      [
        { name: 'a', data: evil },
        { name: 'a', data: evil },
      ],
      /twice/,
    ],
    [
      'differs only in case',
      [
        { name: 'a', data: evil },
        { name: 'A', data: evil },
      ],
      /only in case/,
    ],
    [
      'is a file and a folder',
      [
        { name: 'a', data: evil },
        { name: 'a/b', data: evil },
      ],
      /as a file/,
    ],
    ['is encrypted', [{ name: 'a', data: evil, isEncrypted: true }], /encrypted/],
    ['has two names', [{ name: 'good', localName: 'evil', data: evil }], /two names/],
    [
      'overlaps another',
      [
        { name: 'a', data: evil },
        { name: 'a2', data: evil, overlaps: 0 },
      ],
      /overlaps|two names/,
    ],
    ['says too small a size', [{ name: 'a', data: new Uint8Array(5000), declaredSize: 10 }], /damaged/],
    ['has an endless name', [{ name: 'x'.repeat(3000), data: evil }], /longer/],
  ] as const)('refuses a zip whose entry %s', async (_what, entries, reason) => {
    await expect(unpack('zip', buildZip(entries))).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(reason),
    });
    expect(await readdir(folder.path)).toEqual(['archive', 'outer']);
    expect(await readdir(join(folder.path, 'outer'))).toEqual(['into']);
  });

  test.each([
    ['climbs out of the folder', [{ name: '../evil', data: evil }], /the part ".."/],
    ['is absolute', [{ name: '/tmp/evil', data: evil }], /absolute/],
    ['is a symbolic link', [{ name: 'link', type: '2', linkName: '/etc/passwd' }], /link/],
    ['is a hard link', [{ name: 'link', type: '1', linkName: 'archive' }], /link/],
    ['is a device', [{ name: 'device', type: '3' }], /character-device/],
    ['is a fifo', [{ name: 'pipe', type: '6' }], /fifo/],
    [
      'is there twice',
      [
        { name: 'a', data: evil },
        { name: 'a', data: evil },
      ],
      /twice/,
    ],
    ['says a size beyond the end', [{ name: 'a', data: evil, declaredSize: 1_000_000 }], /damaged/],
  ] as const)('refuses a tar whose entry %s', async (_what, entries, reason) => {
    await expect(unpack('tar', buildTar(entries))).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(reason),
    });
    expect(await readdir(join(folder.path, 'outer'))).toEqual(['into']);
  });

  test('stops at what unpacks to far more than it is', async () => {
    const zeros = new Uint8Array(40 * 1024 * 1024);
    const bomb = buildZip([{ name: 'zeros', data: zeros }]);
    await expect(unpack('zip', bomb)).rejects.toMatchObject({
      message: expect.stringContaining('zip bombs'),
    });
  });

  test('stops at the same in a tar.gz', async () => {
    const bomb = buildTarGzip([{ name: 'zeros', data: new Uint8Array(40 * 1024 * 1024) }]);
    await expect(unpack('tar.gz', bomb)).rejects.toMatchObject({
      message: expect.stringContaining('zip bombs'),
    });
  });

  test('stops at the total that is allowed', async () => {
    const archive = buildZip([{ name: 'a', data: text('12345678'), isStored: true }]);
    await expect(unpack('zip', archive, { ...UNPACK_LIMITS, maxTotalBytes: 5 })).rejects.toMatchObject({
      message: 'The archive unpacks to more than 5 bytes.',
    });
  });

  test('says that a truncated archive is damaged', async () => {
    const whole = buildTarGzip([{ name: 'a', data: crypto.getRandomValues(new Uint8Array(60_000)) }]);
    await expect(unpack('tar.gz', whole.subarray(0, 30_000))).rejects.toMatchObject({
      message: expect.stringContaining('damaged'),
    });
    const zip = buildZip([{ name: 'a', data: evil }]);
    await expect(unpack('zip', zip.subarray(0, zip.byteLength - 10))).rejects.toMatchObject({
      message: expect.stringContaining('damaged'),
    });
  });
});
