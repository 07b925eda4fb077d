import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unpackArchive } from '../../../../app/host/archives/unpack-archive.ts';
import { listFolder } from '../../../../app/host/files/file-tree.ts';
import { makeTestFolder, startTestHost, waitFor, type TestHost } from '../../../support/start-test-host.ts';

const SAMPLES = fileURLToPath(new URL('../../../../sample-models', import.meta.url));

describe('an export', () => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  let tested: TestHost;
  let repository: string;
  beforeEach(async () => {
    folder = await makeTestFolder();
    repository = join(folder.path, 'repo');
    await cp(join(SAMPLES, 'digits'), join(repository, 'digits'), { recursive: true });
    await mkdir(join(repository, 'pair', '1'), { recursive: true });
    await writeFile(join(repository, 'pair', 'config.pbtxt'), 'name: "pair"\nplatform: "ensemble"\n');
    await writeFile(join(repository, 'digits', '.hidden'), 'junk');
    await writeFile(join(repository, 'digits', '1', 'model.onnx.swp'), 'junk');
    tested = await startTestHost(join(folder.path, 'data'));
    await tested.client.call('workspace.open', { path: repository });
  });
  afterEach(async () => {
    await tested.close();
    await folder.remove();
  });

  const expected = [
    'README.md',
    'digits/1/model.onnx',
    'digits/config.pbtxt',
    'digits/labels.txt',
    'pair/config.pbtxt',
  ];
  const start = async (format: 'folder' | 'zip' | 'tar.gz', destination?: string) => {
    const { jobId } = await tested.client.call('export.start', {
      models: ['digits', 'pair'],
      format,
      ...(destination !== undefined && { destination }),
    });
    return { jobId, outcome: await tested.finishJob('export', jobId) };
  };
  const checkTree = async (path: string) => {
    const { files, folders } = await listFolder(path);
    expect(files.map((file) => file.path)).toEqual(expected);
    expect(folders).toContain('pair/1');
    expect(await readFile(join(path, 'digits/1/model.onnx'))).toEqual(
      await readFile(join(SAMPLES, 'digits/1/model.onnx')),
    );
    expect(await readFile(join(path, 'README.md'), 'utf8')).toContain('docker run');
  };

  test('shows what it will hold', async () => {
    await waitFor(async () => {
      const { models } = await tested.client.call('host.snapshot', null);
      return models.find(({ name }) => name === 'digits')?.description;
    }, 'the description');
    const { tree, lints } = await tested.client.call('export.preview', { models: ['digits', 'pair'] });
    expect(tree.map(({ path }) => path).sort()).toEqual([...expected, 'pair/1/'].sort());
    const wrong = lints.filter(({ model, state }) => model === 'digits' && state !== 'ok');
    expect(wrong.map(({ id }) => id)).toEqual(['versions']);
    expect(lints.find(({ model, id }) => model === 'pair' && id === 'versions')).toMatchObject({
      state: 'warning',
    });
  });

  test('takes along the models that the steps of an ensemble name, and says which are missing', async () => {
    const step = (model: string) => `step { model_name: "${model}" model_version: -1 }`;
    await writeFile(
      join(repository, 'pair', 'config.pbtxt'),
      `name: "pair"\nplatform: "ensemble"\nensemble_scheduling { ${step('digits')} ${step('nowhere')} }\n`,
    );
    await waitFor(async () => {
      const { models } = await tested.client.call('host.snapshot', null);
      return models.find(({ name, config }) => name === 'pair' && config.text.includes('nowhere'));
    }, 'the change');
    const { tree, lints } = await tested.client.call('export.preview', { models: ['pair'] });
    expect(tree.map(({ path }) => path)).toContain('digits/1/model.onnx');
    expect(lints.find(({ model, id }) => model === 'pair' && id === 'composing-models')).toMatchObject({
      state: 'error',
      detail: 'Ensemble pair needs model nowhere, which is not in the export.',
    });
  });

  test("says in Triton's words where the config disagrees with the model", async () => {
    const path = join(repository, 'digits', 'config.pbtxt');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('name: "digits"', 'name: "other"'));
    await waitFor(async () => {
      const { models } = await tested.client.call('host.snapshot', null);
      const digits = models.find(({ name }) => name === 'digits');
      return digits?.description && digits.config.text.includes('other');
    }, 'the change');
    const { lints } = await tested.client.call('export.preview', { models: ['digits'] });
    expect(lints.find(({ id }) => id === 'name')).toMatchObject({
      state: 'error',
      detail: "unexpected directory name 'digits' for model 'other', directory name must equal model name",
    });
  });

  test('writes a folder into the one that was chosen, once', async () => {
    const target = join(folder.path, 'out');
    await mkdir(target);
    const { outcome } = await start('folder', target);
    expect(outcome).toMatchObject({ kind: 'path', path: join(target, 'model-repository') });
    await checkTree(join(target, 'model-repository'));
    await expect(start('folder', target)).rejects.toThrow(/already-exists: Cannot write/);
    expect(await readdir(target)).toEqual(['model-repository']);
  });

  test.each(['zip', 'tar.gz'] as const)(
    'packs a %s that unpacks to the same, kept for download',
    async (format) => {
      const { jobId, outcome } = await start(format);
      if (outcome.kind !== 'download') throw new Error('It is no download.');
      expect(outcome.fileName).toBe(`model-repository.${format}`);
      const download = tested.host.openDownload(outcome.id);
      if (!download) throw new Error('There is no download.');
      const pieces: Uint8Array[] = [];
      for await (const piece of download.stream as AsyncIterable<Uint8Array>) pieces.push(piece);
      const bytes = Buffer.concat(pieces);
      expect(bytes.byteLength).toBe(outcome.byteSize);
      const archivePath = join(folder.path, 'archive');
      const into = join(folder.path, 'unpacked');
      await writeFile(archivePath, bytes);
      await mkdir(into);
      await unpackArchive(format, { archivePath, into });
      await checkTree(into);
      await tested.client.call('job.dismiss', { jobId });
      expect(tested.host.openDownload(outcome.id)).toBeNull();
    },
  );

  test('of nothing, or of a model that is not there, is refused', async () => {
    const ask = (models: string[]) => tested.client.call('export.start', { models, format: 'zip' });
    await expect(ask([])).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(ask(['nope'])).rejects.toMatchObject({ code: 'not-found' });
  });
});
