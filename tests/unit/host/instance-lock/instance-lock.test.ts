import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acquireInstanceLock, readInstanceHolder } from '../../../../app/host/instance-lock/instance-lock.ts';
import { makeTestFolder } from '../../../support/start-test-host.ts';

describe('the lock on a data folder', () => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  beforeEach(async () => {
    folder = await makeTestFolder();
  });
  afterEach(() => folder.remove());

  test('is held by one at a time and says by whom and where to reach it', async () => {
    const lock = await acquireInstanceLock(folder.path, 5);
    await lock.publish('http://127.0.0.1:1/');
    expect(await readInstanceHolder(folder.path)).toMatchObject({
      pid: process.pid,
      startedAt: 5,
      address: 'http://127.0.0.1:1/',
    });
    await expect(acquireInstanceLock(folder.path, 6)).rejects.toMatchObject({ code: 'already-exists' });
    await lock.release();
    await (await acquireInstanceLock(folder.path, 7)).release();
    expect(await readdir(folder.path)).toEqual([]);
  });

  test.each([
    ['of a dead process', JSON.stringify({ pid: 2 ** 22 + 1, processStart: '1', startedAt: 1 })],
    [
      'of another process with our pid',
      JSON.stringify({ pid: process.pid, processStart: '1', startedAt: 1 }),
    ],
    ['that is empty', ''],
    ['that is nonsense', '\0\0{'],
  ])('is taken over from a lock %s', async (_what, text) => {
    await writeFile(join(folder.path, 'instance.lock'), text);
    const lock = await acquireInstanceLock(folder.path, 5);
    expect(await readInstanceHolder(folder.path)).toMatchObject({ pid: process.pid, startedAt: 5 });
    await lock.release();
  });

  test('is won by exactly one of many that start at once', async () => {
    await writeFile(join(folder.path, 'instance.lock'), 'stale');
    const starts = await Promise.allSettled(
      Array.from({ length: 8 }, () => acquireInstanceLock(folder.path, 1)),
    );
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
