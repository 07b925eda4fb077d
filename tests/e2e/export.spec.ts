import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { unzipSync } from 'fflate';
import { extract } from 'tar-stream';
import { conchServe } from '../support/conch-command.ts';
import { askServer, infer } from '../support/http-client.ts';
import { expect, fixture, test } from '../support/workbench-test.ts';

const NUMBERS = Array.from({ length: 16 }, (_, index) => index);
const INPUTS = ['INPUT0', 'INPUT1'].map((name) => ({
  name,
  datatype: 'INT32',
  shape: [1, 16],
  data: NUMBERS,
}));

test('the export shows its tree and a checklist before anything is written', async ({ app }) => {
  await app.home.trySample('Handwritten digits');
  await app.model.isReady();
  await expect(app.model.test.output('probabilities')).toBeVisible();
  await app.model.openExport();
  const { exports } = app.model;
  const paths = () =>
    exports.files
      .locator('[title]')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('title') ?? '').toSorted());
  await expect
    .poll(paths)
    .toEqual([
      'README.md',
      'digits/1/model.onnx',
      'digits/config.pbtxt',
      'digits/labels.txt',
      'smoke-cases.json',
      'smoke.py',
      'smoke.sh',
    ]);
  await expect.poll(() => exports.lints.count()).toBeGreaterThanOrEqual(6);
  for (const lint of await exports.lints.all()) await expect(lint).toContainText('OK');
  await expect(exports.lints.filter({ hasText: /label/i }).first()).toBeVisible();
});

test('what deploys the models is shown as it will be written, and can be copied', async ({
  app,
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await app.home.trySample('Handwritten digits');
  await app.model.isReady();
  await app.model.openExport();
  const { exports } = app.model;
  await exports.deployTo('Kubernetes');
  await expect(exports.text('kubernetes/triton.yaml')).toContainText('kind: Deployment');
  await exports.chooseRelease('26.06');
  await expect(exports.text('kubernetes/triton.yaml')).toContainText('tritonserver:26.06-py3');
  await exports.setStorage('ftp://somewhere/else');
  await expect(exports.dialog.getByText('Kubernetes reads the repository from s3://')).toBeVisible();
  await expect(exports.startButton).toBeDisabled();
  await exports.setStorage('s3://bucket/models');
  await expect(exports.text('kubernetes/triton.yaml')).toContainText('--model-repository=s3://bucket/models');
  await exports.showText('kubernetes/storage-secret.yaml');
  await exports.dialog.getByRole('button', { name: 'Copy kubernetes/storage-secret.yaml' }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toContain('AWS_SECRET_ACCESS_KEY: FILL-IN');
  await exports.chooseRelease('26.01');
  await expect(exports.dialog.getByText('known vulnerabilities')).toBeVisible();
  await exports.deployTo('Docker Compose');
  await exports.start();
  expect((await exports.download()).suggestedFilename()).toBe('digits.zip');
});

test('a missing label file and missing external data are found before the export', async ({
  app,
  workbench,
}) => {
  await app.home.uploadFolder(fixture('external-data'));
  await expect(app.model.name).toHaveText('external-data');
  const model = join(workbench.repository, 'external-data');
  const config = await readFile(join(model, 'config.pbtxt'), 'utf8');
  await writeFile(
    join(model, 'config.pbtxt'),
    config.replace(/(output \[\s*\{)/, '$1\n    label_filename: "gone.txt"'),
  );
  await rm(join(model, '1', 'weights.bin'));
  await expect(app.model.config.state).toHaveText('Saved');
  await app.model.openExport();
  const problems = app.model.exports.lints.filter({ hasText: 'Problem' });
  await expect(problems.filter({ hasText: 'gone.txt' })).toHaveCount(1);
  await expect(problems.filter({ hasText: 'weights.bin' })).toHaveCount(1);
});

for (const format of ['Folder', 'zip', 'tar.gz'] as const) {
  test(`a model exported as ${format} gives the same answer under conch serve`, async ({
    app,
    workbench,
  }) => {
    await app.home.trySample('Add and subtract');
    await app.model.isReady();
    const here = await infer(await app.serverUrl(), 'add_sub', INPUTS);
    expect(here.status).toBe(200);
    const { exports } = app.model;
    await app.model.openExport();
    await exports.chooseFormat(format);
    const unpacked = join(workbench.scratch, 'unpacked');
    if (format === 'Folder') {
      await mkdir(unpacked);
      await exports.setDestination(unpacked);
      await exports.start();
      const written = await exports.writtenPath();
      expect(written.startsWith(unpacked)).toBe(true);
      await expectSameAnswer(written, here.body);
      return;
    }
    await exports.start();
    const download = await exports.download();
    expect(download.suggestedFilename()).toMatch(format === 'zip' ? /\.zip$/ : /\.tar\.gz$/);
    const archive = join(workbench.scratch, download.suggestedFilename());
    await download.saveAs(archive);
    await unpack(format, archive, unpacked);
    await expectSameAnswer(await repositoryIn(unpacked), here.body);
  });
}

test('several models are exported together', async ({ app, workbench }) => {
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  await app.addPath(fixture('identity-int32.onnx'), 'identity-int32');
  const { exports } = app.model;
  await app.model.openExport();
  await exports.dialog.getByRole('checkbox', { name: 'batchable' }).check();
  await exports.chooseFormat('Folder');
  await exports.setDestination(workbench.scratch);
  await exports.start();
  const written = await exports.writtenPath();
  expect((await readdir(written)).toSorted()).toEqual(['README.md', 'batchable', 'identity-int32']);
});

test('an export never writes over what is there', async ({ app, workbench }) => {
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  const { exports } = app.model;
  await mkdir(join(workbench.scratch, 'batchable'));
  await writeFile(join(workbench.scratch, 'batchable', 'mine.txt'), 'mine');
  await app.model.openExport();
  await exports.chooseFormat('Folder');
  await exports.setDestination(workbench.scratch);
  await exports.start();
  const isRefused = exports.dialog.getByText(/exists already/);
  const isBeside = exports.dialog.getByRole('alert').filter({ hasText: /^Exported/ });
  await expect(isRefused.or(isBeside).first()).toBeVisible();
  expect(await readFile(join(workbench.scratch, 'batchable', 'mine.txt'), 'utf8')).toBe('mine');
  expect(await readdir(join(workbench.scratch, 'batchable'))).toEqual(['mine.txt']);
});

test('an upload to S3 that cannot be says why, and keeps what was filled in', async ({ app }) => {
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  await app.model.openExport();
  const { exports } = app.model;
  await exports.deployTo('Cloud storage');
  await expect(exports.dialog.getByRole('textbox', { name: 'S3 endpoint' })).toHaveCount(0);
  await exports.setStorage('s3://models/production');
  await exports.uploadTo('http://127.0.0.1:9', 'key', 'secret');
  await expect(
    exports.dialog
      .getByText('Cannot upload to s3://models/production at http://127.0.0.1:9: Nothing answers there.')
      .first(),
  ).toBeVisible();
  await expect(exports.dialog.getByRole('textbox', { name: 'Access key' })).toHaveValue('key');
});

async function expectSameAnswer(repository: string, expected: unknown): Promise<void> {
  const served = await conchServe(repository);
  try {
    await expect
      .poll(async () => (await askServer(`${served.url}/v2/models/add_sub/ready`)).status)
      .toBe(200);
    expect((await infer(served.url, 'add_sub', INPUTS)).body).toEqual(expected);
  } finally {
    await served.stop();
  }
}

/** The folder that is the repository: what was unpacked, or the one folder in it. */
async function repositoryIn(folder: string): Promise<string> {
  const names = await readdir(folder);
  return names.includes('add_sub') ? folder : join(folder, names[0] ?? '');
}

async function unpack(format: 'zip' | 'tar.gz', archive: string, into: string): Promise<void> {
  const write = async (name: string, content: Uint8Array) => {
    if (name.endsWith('/')) return;
    await mkdir(dirname(join(into, name)), { recursive: true });
    await writeFile(join(into, name), content);
  };
  if (format === 'zip') {
    const files = unzipSync(new Uint8Array(await readFile(archive)));
    for (const [name, content] of Object.entries(files)) await write(name, content);
    return;
  }
  const entries = extract();
  const reading = pipeline(createReadStream(archive), createGunzip(), entries);
  for await (const entry of entries) {
    const pieces: Buffer[] = [];
    for await (const piece of entry) pieces.push(piece as Buffer);
    await write(entry.header.name, Buffer.concat(pieces));
  }
  await reading;
}
