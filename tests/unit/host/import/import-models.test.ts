import { chmod, cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ImportOutcome } from '../../../../app/contract/job.ts';
import { buildTarGzip, buildZip } from '../../../support/hostile-archives.ts';
import { makeTestFolder, startTestHost, waitFor, type TestHost } from '../../../support/start-test-host.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/models', import.meta.url));
const SAMPLES = fileURLToPath(new URL('../../../../sample-models', import.meta.url));
const fixture = (name: string) => join(FIXTURES, name);

describe('importing', () => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  let tested: TestHost;
  let repository: string;
  beforeEach(async () => {
    folder = await makeTestFolder();
    tested = await startTestHost(join(folder.path, 'data'));
    repository = join(folder.path, 'data', 'model-repository');
  });
  afterEach(async () => {
    await tested.close();
    await folder.remove();
  });

  const importPaths = async (...paths: readonly string[]): Promise<readonly ImportOutcome[]> => {
    const { jobId } = await tested.client.call('model.import', { source: { kind: 'paths', paths } });
    return tested.finishJob('import', jobId);
  };
  const upload = async (files: Readonly<Record<string, Uint8Array>>): Promise<readonly ImportOutcome[]> => {
    const entries = Object.entries(files);
    const { uploadId } = await tested.client.call('upload.begin', {
      files: entries.map(([path, bytes]) => ({ path, byteSize: bytes.byteLength })),
    });
    for (const [file, [, bytes]] of entries.entries()) {
      const half = Math.floor(bytes.byteLength / 2);
      await tested.client.call('upload.write', { uploadId, file, offset: half, bytes: bytes.subarray(half) });
      await tested.client.call('upload.write', { uploadId, file, offset: 0, bytes: bytes.subarray(0, half) });
    }
    await tested.client.call('upload.finish', { uploadId });
    const { jobId } = await tested.client.call('model.import', { source: { kind: 'upload', uploadId } });
    return tested.finishJob('import', jobId);
  };

  test('puts external data beside model.onnx under the name that the model says, from a lone file', async () => {
    await cp(fixture('external-data'), join(folder.path, 'net'), { recursive: true });
    expect(await importPaths(join(folder.path, 'net', 'model.onnx'))).toMatchObject([{ kind: 'added' }]);
    expect((await readdir(join(repository, 'net', '1'))).sort()).toEqual(['model.onnx', 'weights.bin']);
  });

  test("takes a folder with one loose model by the folder's name", async () => {
    await cp(fixture('external-data'), join(folder.path, 'Ünïcode net'), { recursive: true });
    expect(await importPaths(join(folder.path, 'Ünïcode net'))).toMatchObject([
      { kind: 'added', model: 'Unicode_net' },
    ]);
  });

  test.each([
    [['digits', '1', 'model.onnx'], 'digits'],
    [['digits', '1'], 'digits'],
    [['resnet50', 'model.onnx'], 'resnet50'],
    [['Downloads', 'model.onnx'], 'model'],
    [['resnet50', 'best.onnx'], 'best'],
  ])('calls %j like what says something of the model: %s', async (parts, name) => {
    const path = join(folder.path, ...parts);
    const file = path.endsWith('.onnx') ? path : join(path, 'model.onnx');
    await cp(fixture('batchable.onnx'), file);
    expect(await importPaths(path)).toMatchObject([{ kind: 'added', model: name }]);
  });

  test.each([
    ['digits/1/model.onnx', 'digits'],
    ['resnet50/model.onnx', 'resnet50'],
    ['1/model.onnx', 'model'],
    ['model.onnx', 'model'],
  ])('calls the model of an upload of %s %s', async (path, name) => {
    const model = new Uint8Array(await readFile(fixture('batchable.onnx')));
    expect(await upload({ [path]: model })).toMatchObject([{ kind: 'added', model: name }]);
  });

  test('calls parts of a model directory as their config says', async () => {
    const outcomes = await upload({
      '1/model.onnx': new Uint8Array(await readFile(join(SAMPLES, 'add_sub/1/model.onnx'))),
      'config.pbtxt': new Uint8Array(await readFile(join(SAMPLES, 'add_sub/config.pbtxt'))),
    });
    expect(outcomes).toMatchObject([{ kind: 'added', model: 'add_sub' }]);
  });

  test('brings of a sample what Triton needs and its README, and finds its example values all the same', async () => {
    const { jobId } = await tested.client.call('model.import', {
      source: { kind: 'sample', name: 'digits' },
    });
    await tested.finishJob('import', jobId);
    expect((await readdir(join(repository, 'digits'))).sort()).toEqual([
      '1',
      'README.md',
      'config.pbtxt',
      'labels.txt',
    ]);
    const inputs = await tested.client.call('sample.exampleInputs', { model: 'digits' });
    expect(inputs).toMatchObject([{ name: 'image', datatype: 'FP32' }]);
  });

  test('keeps a SavedModel whole and marks it for the container', async () => {
    expect(await importPaths(fixture('saved-model'))).toMatchObject([{ kind: 'added' }]);
    const [name = ''] = await readdir(repository);
    expect(await readdir(join(repository, name, '1'))).toEqual(['model.savedmodel']);
    const { models } = await tested.client.call('host.snapshot', null);
    expect(models[0]?.description?.verdict.kind).toBe('needs-container');
  });

  test.each(['garbage.onnx', 'zero-byte.onnx', 'weights-only.pt', 'weights.safetensors', 'lfs-pointer.onnx'])(
    'refuses %s with the reason and writes nothing',
    async (name) => {
      const [outcome] = await importPaths(fixture(name));
      expect(outcome).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/\w+ \w+/) });
      expect(await readdir(repository)).toEqual([]);
      expect(await readdir(join(folder.path, 'data', 'staging'))).toEqual([]);
    },
  );

  test('opens a whole model repository where it lies', async () => {
    await cp(SAMPLES, join(folder.path, 'repo'), { recursive: true });
    const outcomes = await importPaths(join(folder.path, 'repo'));
    expect(outcomes).toMatchObject([
      {
        kind: 'opened',
        repository: join(folder.path, 'repo'),
        models: expect.arrayContaining(['digits', 'add_sub']),
      },
    ]);
    const { workspace, recents } = await tested.client.call('host.snapshot', null);
    expect(workspace).toMatchObject({ path: join(folder.path, 'repo'), isDefault: false });
    expect(recents).toEqual([join(folder.path, 'repo')]);
    expect(await readdir(repository)).toEqual([]);
  });

  test('brings in the models of an uploaded repository, config and labels included', async () => {
    const model = new Uint8Array(await readFile(join(SAMPLES, 'digits/1/model.onnx')));
    const outcomes = await upload({
      'repo/digits/1/model.onnx': model,
      'repo/digits/config.pbtxt': new Uint8Array(await readFile(join(SAMPLES, 'digits/config.pbtxt'))),
      'repo/digits/labels.txt': new Uint8Array(await readFile(join(SAMPLES, 'digits/labels.txt'))),
      'repo/other/1/model.onnx': model,
      'repo/.git/HEAD': new Uint8Array([1]),
    });
    expect(outcomes.filter(({ kind }) => kind === 'added')).toMatchObject([
      { model: 'digits' },
      { model: 'other' },
    ]);
    expect(outcomes.find(({ kind }) => kind === 'ignored')).toMatchObject({
      source: expect.stringContaining('.git'),
    });
    const { models } = await tested.client.call('host.snapshot', null);
    expect(Object.values(models[0]?.labels ?? {})[0]).toHaveLength(10);
    expect(await readdir(join(folder.path, 'data', 'uploads'))).toEqual([]);
  });

  test.each([
    ['zip', (files: { name: string; data: Uint8Array }[]) => buildZip(files)],
    ['tar.gz', (files: { name: string; data: Uint8Array }[]) => buildTarGzip(files)],
  ])('unpacks a %s of a model directory', async (extension, pack) => {
    const model = await readFile(join(SAMPLES, 'add_sub/1/model.onnx'));
    const config = await readFile(join(SAMPLES, 'add_sub/config.pbtxt'));
    const path = join(folder.path, `download.${extension}`);
    await writeFile(
      path,
      pack([
        { name: 'add_sub/1/model.onnx', data: model },
        { name: 'add_sub/config.pbtxt', data: config },
      ]),
    );
    expect(await importPaths(path)).toMatchObject([{ kind: 'added', model: 'add_sub' }]);
    expect(await readFile(join(repository, 'add_sub', 'config.pbtxt'))).toEqual(config);
  });

  test('takes the archives of a SageMaker multi-model folder, and goes on after one that is broken', async () => {
    const model = await readFile(join(SAMPLES, 'add_sub/1/model.onnx'));
    const config = await readFile(join(SAMPLES, 'add_sub/config.pbtxt'));
    const pack = (name: string) =>
      buildTarGzip([
        { name: `${name}/1/model.onnx`, data: model },
        { name: `${name}/config.pbtxt`, data: Buffer.from(config.toString().replaceAll('add_sub', name)) },
      ]);
    const place = join(folder.path, 'endpoint');
    await mkdir(place);
    await writeFile(join(place, 'first.tar.gz'), pack('first'));
    await writeFile(join(place, 'second.tar.gz'), pack('second').subarray(0, 100));
    await writeFile(join(place, 'third.tar.gz'), pack('third'));
    await writeFile(join(place, 'create-model.json'), '{}');
    expect(await importPaths(place)).toMatchObject([
      { kind: 'added', model: 'first' },
      { kind: 'refused', source: 'second.tar.gz' },
      { kind: 'added', model: 'third' },
    ]);
  });

  test.each([
    ['compose', 'zip'],
    ['kserve', 'tar.gz'],
    ['docker-image', 'zip'],
    ['sagemaker', 'folder'],
  ] as const)('takes back what was exported for %s as %s, config and all', async (target, format) => {
    await importPaths(join(SAMPLES, 'add_sub'));
    const config = await readFile(join(repository, 'add_sub', 'config.pbtxt'));
    const destination = join(folder.path, format === 'folder' ? 'exported' : `exported.${format}`);
    const { jobId } = await tested.client.call('export.start', {
      models: ['add_sub'],
      format,
      deployment: { target, release: '26.07', usesGpu: false, storageUri: '' },
      destination,
    });
    await tested.finishJob('export', jobId);
    await tested.client.call('model.delete', { name: 'add_sub' });
    const outcomes = await importPaths(destination);
    expect(outcomes.filter(({ kind }) => kind !== 'ignored')).toMatchObject([
      { kind: 'added', model: 'add_sub' },
    ]);
    expect(await readFile(join(repository, 'add_sub', 'config.pbtxt'))).toEqual(config);
  });

  test('refuses a hostile archive and leaves nothing behind', async () => {
    const path = join(folder.path, 'evil.zip');
    await writeFile(
      path,
      buildZip([{ name: 'm/1/model.onnx' }, { name: '../../evil', data: new Uint8Array(3) }]),
    );
    await expect(importPaths(path)).rejects.toThrow(/invalid-argument: The archive is not unpacked/);
    expect(await readdir(join(folder.path, 'data', 'staging'))).toEqual([]);
    expect(await readdir(repository)).toEqual([]);
  });

  test('explains a folder that is neither a model nor a repository', async () => {
    await mkdir(join(folder.path, 'notes', 'deep'), { recursive: true });
    await writeFile(join(folder.path, 'notes', 'deep', 'a.txt'), 'hello');
    expect(await importPaths(join(folder.path, 'notes'))).toMatchObject([
      { kind: 'refused', title: 'Neither a model nor a model repository' },
    ]);
    await expect(
      tested.client.call('workspace.open', { path: join(folder.path, 'notes') }),
    ).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('not a model repository'),
    });
  });

  test('keeps a broken config beside a good model as it is', async () => {
    await cp(join(SAMPLES, 'add_sub'), join(folder.path, 'add_sub'), { recursive: true });
    await writeFile(join(folder.path, 'add_sub', 'config.pbtxt'), 'max_batch_size: "eight"');
    const [outcome] = await importPaths(join(folder.path, 'add_sub'));
    expect(outcome).toMatchObject({ kind: 'added' });
    const { models } = await tested.client.call('host.snapshot', null);
    expect(models[0]?.config.text).toBe('max_batch_size: "eight"');
    expect(models[0]?.description?.verdict.kind).toBe('runs-natively');
  });

  test('names the model directory so that every system can have it', async () => {
    const odd = join(folder.path, `${'🚀'.repeat(30)} résumé.onnx`);
    await cp(fixture('batchable.onnx'), odd);
    expect(await importPaths(odd)).toMatchObject([{ kind: 'added', model: 'resume' }]);
  });

  test('says which path is gone', async () => {
    await expect(importPaths(join(folder.path, 'gone.onnx'))).rejects.toThrow(
      /not-found: Cannot read .*gone\.onnx/,
    );
  });

  test('adds the good ones of several files and says what is wrong with the others', async () => {
    const outcomes = await importPaths(
      fixture('batchable.onnx'),
      fixture('identity-int8.onnx'),
      fixture('lite.tflite'),
    );
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['added', 'added', 'refused']);
  });

  test('can be cancelled, and then nothing is left', async () => {
    const big = join(folder.path, 'big.onnx');
    await cp(fixture('batchable.onnx'), big);
    const { jobId } = await tested.client.call('model.import', { source: { kind: 'paths', paths: [big] } });
    await tested.client.call('job.cancel', { jobId });
    await waitFor(async () => {
      const { jobs } = await tested.client.call('host.snapshot', null);
      return jobs.some(({ id, state }) => id === jobId && state.kind === 'cancelled');
    }, 'the job to be cancelled');
    expect(await readdir(repository)).toEqual([]);
  });

  test('opens what was described before at once after a restart', async () => {
    await importPaths(fixture('batchable.onnx'));
    const before = await tested.client.call('host.snapshot', null);
    await tested.close();
    tested = await startTestHost(join(folder.path, 'data'));
    const model = await waitFor(async () => {
      const { models } = await tested.client.call('host.snapshot', null);
      return models[0]?.description && models[0];
    }, 'the description');
    expect(model.description).toEqual(before.models[0]?.description);
  });

  test.skipIf(process.getuid?.() === 0)('says that a repository is read-only', async () => {
    await chmod(repository, 0o500);
    await expect(importPaths(fixture('batchable.onnx'))).rejects.toThrow(/no permission/);
    await chmod(repository, 0o700);
  });

  test('survives the removal of the repository and finds it when it comes back', async () => {
    await importPaths(fixture('batchable.onnx'));
    await rm(repository, { recursive: true });
    await waitFor(async () => {
      const { models, workspace } = await tested.client.call('host.snapshot', null);
      return models.length === 0 && workspace.notices.length === 1;
    }, 'the repository to be gone');
    await cp(join(SAMPLES, 'add_sub'), join(repository, 'add_sub'), { recursive: true });
    await waitFor(async () => {
      const { models } = await tested.client.call('host.snapshot', null);
      return models.some(({ name, description }) => name === 'add_sub' && description);
    }, 'the model to be seen');
    const { workspace } = await tested.client.call('host.snapshot', null);
    expect(workspace.notices).toEqual([]);
  });
});
