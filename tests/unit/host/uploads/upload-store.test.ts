import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createUploadStore, type UploadStore } from '../../../../app/host/uploads/upload-store.ts';
import { makeTestFolder } from '../../../support/start-test-host.ts';

describe('an upload', () => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  let store: UploadStore;
  beforeEach(async () => {
    folder = await makeTestFolder();
    store = createUploadStore(folder.path);
  });
  afterEach(async () => {
    await store.close();
    await folder.remove();
  });
  const bytes = (...values: number[]) => new Uint8Array(values);

  test('is whole once all parts came, in any order', async () => {
    const { uploadId } = await store.begin([
      { path: 'm/1/model.onnx', byteSize: 4 },
      { path: 'm/empty', byteSize: 0 },
    ]);
    await Promise.all([
      store.write({ uploadId, file: 0, offset: 2, bytes: bytes(3, 4) }),
      store.write({ uploadId, file: 0, offset: 0, bytes: bytes(1, 2) }),
    ]);
    await store.finish(uploadId);
    const { folder: place, roots } = store.take(uploadId);
    expect(roots).toEqual(['m']);
    expect([...(await readFile(join(place, 'm/1/model.onnx')))]).toEqual([1, 2, 3, 4]);
  });

  test('is not finished while a part is missing', async () => {
    const { uploadId } = await store.begin([{ path: 'a', byteSize: 4 }]);
    await store.write({ uploadId, file: 0, offset: 0, bytes: bytes(1) });
    await expect(store.finish(uploadId)).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(() => store.take(uploadId)).toThrow('not finished');
  });

  test.each([
    ['../a', 'the part ".."'],
    ['/a', 'absolute'],
    ['a\\b', 'backslash'],
    ['a\0b', 'control character'],
    ['', 'empty'],
    ['x/'.repeat(80), 'empty part|deep'],
    ['C:\\a', 'drive'],
  ])('refuses the path %j', async (path, reason) => {
    await expect(store.begin([{ path, byteSize: 1 }])).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(reason),
    });
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('refuses two files of one name, more bytes than announced, and places that are none', async () => {
    await expect(
      store.begin([
        { path: 'a', byteSize: 1 },
        { path: 'A', byteSize: 1 },
      ]),
    ).rejects.toMatchObject({ message: expect.stringContaining('only in case') });
    const { uploadId } = await store.begin([{ path: 'a', byteSize: 1 }]);
    for (const wrong of [
      { file: 0, offset: 1, bytes: bytes(1) },
      { file: 0, offset: -1, bytes: bytes(1) },
      { file: 0, offset: 0.5, bytes: bytes(1) },
      { file: 1, offset: 0, bytes: bytes(1) },
    ])
      await expect(store.write({ uploadId, ...wrong })).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('is refused where the disk has no room for it', async () => {
    await expect(store.begin([{ path: 'a', byteSize: 2 ** 52 }])).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('bytes are free'),
    });
  });

  test('is gone when cancelled', async () => {
    const { uploadId } = await store.begin([{ path: 'a/b', byteSize: 3 }]);
    await store.write({ uploadId, file: 0, offset: 0, bytes: bytes(1) });
    await store.cancel(uploadId);
    expect(await readdir(folder.path)).toEqual([]);
    await expect(store.write({ uploadId, file: 0, offset: 0, bytes: bytes(1) })).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});
