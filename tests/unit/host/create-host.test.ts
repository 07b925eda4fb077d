import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeTestFolder, startTestHost, waitFor, type TestHost } from '../../support/start-test-host.ts';

const DIGITS = fileURLToPath(new URL('../../../sample-models/digits/1/model.onnx', import.meta.url));

describe('a host', () => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  let tested: TestHost;
  beforeEach(async () => {
    folder = await makeTestFolder();
    tested = await startTestHost(join(folder.path, 'data'));
  });
  afterEach(async () => {
    await tested.close();
    await folder.remove();
  });

  test('starts on an empty repository of its own', async () => {
    const snapshot = await tested.client.call('host.snapshot', null);
    expect(snapshot.models).toEqual([]);
    expect(snapshot.workspace).toMatchObject({
      isDefault: true,
      path: join(folder.path, 'data', 'model-repository'),
    });
    expect(snapshot.server).toEqual({ kind: 'stopped' });
    expect(snapshot.samples.map(({ name }) => name)).toContain('digits');
  });

  test('adds a dropped ONNX file as a model with a config and a description', async () => {
    const { jobId } = await tested.client.call('model.import', {
      source: { kind: 'paths', paths: [DIGITS] },
    });
    expect(await tested.finishJob('import', jobId)).toEqual([
      { kind: 'added', source: 'model.onnx', model: 'digits' },
    ]);
    const { models } = await tested.client.call('host.snapshot', null);
    expect(models[0]).toMatchObject({
      name: 'digits',
      versions: [{ version: 1, files: [{ path: 'model.onnx' }], state: { kind: 'unloaded' } }],
      description: { format: 'onnx', verdict: { kind: 'runs-natively' } },
      config: { isSaved: true, isReloadNeeded: false, revision: 1 },
    });
    const path = join(folder.path, 'data', 'model-repository', 'digits', 'config.pbtxt');
    expect(await readFile(path, 'utf8')).toContain('name: "digits"');
  });

  test('names a second model of the same name differently and says so', async () => {
    const notices: string[] = [];
    tested.client.on('notice.raised', ({ text }) => notices.push(text));
    await tested.client.call('host.snapshot', null);
    for (const expected of ['digits', 'digits_2']) {
      const { jobId } = await tested.client.call('model.import', {
        source: { kind: 'paths', paths: [DIGITS] },
      });
      expect(await tested.finishJob('import', jobId)).toMatchObject([{ kind: 'added', model: expected }]);
    }
    expect(notices).toContain('There is a model digits already: the new one is called digits_2.');
  });

  test('adds a sample once and gives its example inputs', async () => {
    for (let times = 0; times < 2; times += 1) {
      const { jobId } = await tested.client.call('model.import', {
        source: { kind: 'sample', name: 'digits' },
      });
      expect(await tested.finishJob('import', jobId)).toEqual([
        { kind: 'added', source: 'digits', model: 'digits' },
      ]);
    }
    const inputs = await tested.client.call('sample.exampleInputs', { model: 'digits' });
    expect(inputs.map(({ name, datatype }) => `${name} ${datatype}`)).toEqual(['image FP32']);
  });

  test('writes a good config, keeps a broken one as a draft, and refuses an edit of an old revision', async () => {
    const { jobId } = await tested.client.call('model.import', {
      source: { kind: 'sample', name: 'add_sub' },
    });
    await tested.finishJob('import', jobId);
    const path = join(folder.path, 'data', 'model-repository', 'add_sub', 'config.pbtxt');
    const good = `${await readFile(path, 'utf8')}\n# mine\n`;
    const edited = await tested.client.call('config.edit', { model: 'add_sub', text: good, revision: 1 });
    expect(edited).toEqual({ revision: 2, isSaved: true });
    expect(await readFile(path, 'utf8')).toBe(good);
    const broken = 'input [ {';
    expect(await tested.client.call('config.edit', { model: 'add_sub', text: broken, revision: 2 })).toEqual({
      revision: 3,
      isSaved: false,
    });
    expect(await readFile(path, 'utf8')).toBe(good);
    await expect(
      tested.client.call('config.edit', { model: 'add_sub', text: good, revision: 2 }),
    ).rejects.toMatchObject({ code: 'already-exists' });

    await tested.close();
    tested = await startTestHost(join(folder.path, 'data'));
    const { models } = await tested.client.call('host.snapshot', null);
    expect(models[0]?.config).toMatchObject({ text: broken, savedText: good, isSaved: false });
    await tested.client.call('config.discardDraft', { model: 'add_sub' });
    const after = await tested.client.call('host.snapshot', null);
    expect(after.models[0]?.config).toMatchObject({ text: good, isSaved: true });
  });

  test('notices what others change on disk', async () => {
    const { jobId } = await tested.client.call('model.import', {
      source: { kind: 'sample', name: 'add_sub' },
    });
    await tested.finishJob('import', jobId);
    const repository = join(folder.path, 'data', 'model-repository');
    await writeFile(join(repository, 'add_sub', 'config.pbtxt'), 'name: "add_sub"\nmax_batch_size: 3\n');
    await mkdir(join(repository, 'extra', '1'), { recursive: true });
    await mkdir(join(repository, '.ipynb_checkpoints'));
    const snapshot = await waitFor(async () => {
      const now = await tested.client.call('host.snapshot', null);
      return now.models.some(({ name }) => name === 'extra') && now.workspace.notices.length > 0 && now;
    }, 'the new directories');
    expect(snapshot.models.find(({ name }) => name === 'add_sub')?.config.text).toContain(
      'max_batch_size: 3',
    );
    expect(snapshot.workspace.notices).toMatchObject([{ path: join(repository, '.ipynb_checkpoints') }]);
  });

  test('brings a deleted model back', async () => {
    const { jobId } = await tested.client.call('model.import', {
      source: { kind: 'sample', name: 'add_sub' },
    });
    await tested.finishJob('import', jobId);
    const { trashId } = await tested.client.call('model.delete', { name: 'add_sub' });
    expect((await tested.client.call('host.snapshot', null)).models).toEqual([]);
    expect(await tested.client.call('model.restore', { trashId })).toEqual({ name: 'add_sub' });
    expect((await tested.client.call('host.snapshot', null)).models.map(({ name }) => name)).toEqual([
      'add_sub',
    ]);
  });

  test('renames directory and config together', async () => {
    const { jobId } = await tested.client.call('model.import', {
      source: { kind: 'sample', name: 'add_sub' },
    });
    await tested.finishJob('import', jobId);
    await tested.client.call('model.rename', { name: 'add_sub', newName: 'sums' });
    const { models } = await tested.client.call('host.snapshot', null);
    expect(models.map(({ name }) => name)).toEqual(['sums']);
    expect(models[0]?.config.text).toContain('name: "sums"');
    await expect(
      tested.client.call('model.rename', { name: 'sums', newName: '../out' }),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('does not start a second time on the same data folder', async () => {
    await expect(startTestHost(join(folder.path, 'data'))).rejects.toMatchObject({ code: 'already-exists' });
  });
});
