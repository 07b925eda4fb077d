import { execFileSync } from 'node:child_process';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { copyFileWithProgress } from '../../../../app/host/files/copy-file.ts';
import { writeFileDurably } from '../../../../app/host/files/durable-file.ts';
import { fileFailure } from '../../../../app/host/files/file-failure.ts';
import { makeTestFolder, startTestHost } from '../../../support/start-test-host.ts';

let folder: Awaited<ReturnType<typeof makeTestFolder>>;
let small: string;
let isMounted = false;

/** A file system of 1 MiB, where this process may mount one. */
function mountSmall(path: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

beforeAll(async () => {
  folder = await makeTestFolder();
  small = join(folder.path, 'small');
  await mkdir(small);
  isMounted = mountSmall(small);
});
afterAll(async () => {
  if (isMounted) execFileSync('umount', [small]);
  await folder.remove();
});

describe('on a full disk', () => {
  beforeEach((context) => {
    if (!isMounted) context.skip('no file system of 1 MiB can be mounted here (it takes root on Linux)');
  });

  test('a write leaves the old text and no other file', async () => {
    const path = join(small, 'config.pbtxt');
    await writeFileDurably(path, 'old');
    const before = (await readdir(small)).sort();
    const failure: unknown = await writeFileDurably(path, 'x'.repeat(2 * 1024 * 1024)).catch(
      (cause: unknown) => fileFailure(cause, 'write', path),
    );
    expect(failure).toMatchObject({
      code: 'unavailable',
      message: `Cannot write ${path}: the disk is full. Free some space and try again; nothing was changed.`,
    });
    expect(await readFile(path, 'utf8')).toBe('old');
    expect((await readdir(small)).sort()).toEqual(before);
  });

  test('a copy leaves no part', async () => {
    const from = join(folder.path, 'large');
    await writeFile(from, new Uint8Array(3 * 1024 * 1024));
    await expect(copyFileWithProgress(from, join(small, 'large'))).rejects.toMatchObject({
      message: expect.stringContaining('the disk is full'),
    });
    expect(await readdir(small)).not.toContain('large');
  });

  test('an import fails with one clear sentence and leaves no half model', async () => {
    const repository = join(small, 'repository');
    const model = join(folder.path, 'wide.onnx');
    const fixture = new URL('../../../fixtures/models/batchable.onnx', import.meta.url);
    // An unknown field of 3 MiB behind the model: still the same model, but it does not fit.
    const padding = new Uint8Array(3 * 1024 * 1024);
    const size = padding.byteLength;
    const length = [
      (size & 0x7f) | 0x80,
      ((size >> 7) & 0x7f) | 0x80,
      ((size >> 14) & 0x7f) | 0x80,
      size >> 21,
    ];
    const head = [0xfa, 0xff, 0x07].concat(length);
    await writeFile(model, Buffer.concat([await readFile(fixture), Buffer.from(head), padding]));
    const tested = await startTestHost(join(folder.path, 'data'));
    try {
      await tested.client.call('workspace.open', { path: repository, create: true });
      const { jobId } = await tested.client.call('model.import', {
        source: { kind: 'paths', paths: [model] },
      });
      await expect(tested.finishJob('import', jobId)).rejects.toThrow(/unavailable: .*the disk is full/);
      expect(await readdir(repository)).toEqual([]);
      expect((await readdir(small)).filter((name) => name.startsWith('.conch'))).toEqual([]);
    } finally {
      await tested.close();
    }
  });
});
