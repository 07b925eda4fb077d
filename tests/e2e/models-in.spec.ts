import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startWorkbench, until } from '../support/start-workbench.ts';
import { residentBytes } from '../support/process-table.ts';
import { AppWindow } from '../support/pages/app-window.ts';
import { writeArchive } from '../support/write-archive.ts';
import { expect, fixture, sample, test } from '../support/workbench-test.ts';
import { writeLargeOnnx } from '../bench/large-models/write-large-onnx.ts';

const MEBIBYTE = 1024 * 1024;

test('a dropped file is uploaded and becomes a model that answers', async ({ app, workbench }) => {
  await app.drop([fixture('batchable.onnx')]);
  await expect(app.model.name).toHaveText('batchable');
  const copied = await readFile(join(workbench.repository, 'batchable', '1', 'model.onnx'));
  expect(copied.equals(await readFile(fixture('batchable.onnx')))).toBe(true);
  await app.model.serve();
  await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
});

test('a file that only the page knows can be dropped too', async ({ app, page }) => {
  const bytes = [...(await readFile(fixture('identity-fp32.onnx')))];
  const transfer = await page.evaluateHandle((content) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(content)], 'from page.onnx'));
    return data;
  }, bytes);
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer });
  await expect(page.getByText('Drop to add')).toBeVisible();
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  await expect(page.getByText('Drop to add')).toHaveCount(0);
  await expect(app.model.name).toHaveText('from_page');
});

test('several files become several models', async ({ app }) => {
  await app.drop([fixture('identity-int8.onnx'), fixture('identity-bool.onnx'), fixture('scalar.onnx')]);
  for (const name of ['identity-int8', 'identity-bool', 'scalar'])
    await expect(app.entry(name)).toBeVisible();
  await expect(app.notice(/^Added 3 models:/)).toBeVisible();
});

test('files chosen in the browser’s dialog are uploaded', async ({ app }) => {
  await app.home.uploadFiles([fixture('identity-uint8.onnx')]);
  await expect(app.model.name).toHaveText('identity-uint8');
});

test('a chosen folder brings an ONNX model with its external data', async ({ app, workbench }) => {
  await app.home.uploadFolder(fixture('external-data'));
  await expect(app.model.name).toHaveText('external-data');
  expect(await readdir(join(workbench.repository, 'external-data', '1'))).toEqual([
    'model.onnx',
    'weights.bin',
  ]);
  await expect(app.model.fact('External data')).toHaveText('weights.bin');
  await app.model.serve();
  await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
});

test('a dropped folder is walked by the browser', async ({ app }) => {
  await app.drop([fixture('external-data')]);
  await expect(app.model.name).toHaveText('external-data');
  await app.model.serve();
  await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
});

test('a dropped model repository brings all its models, and says what it leaves out', async ({
  app,
  workbench,
}) => {
  const repository = await makeRepository(workbench.scratch);
  await app.drop([repository]);
  await expect(app.entry('digits')).toBeVisible();
  await expect(app.entry('add_sub')).toBeVisible();
  expect((await readdir(workbench.repository)).sort()).toEqual(['add_sub', 'digits']);
  await app.openModel('digits');
  await app.model.serve();
  await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
});

for (const kind of ['zip', 'tar.gz'] as const) {
  test(`a whole model repository comes as ${kind}`, async ({ app, workbench }) => {
    const repository = await makeRepository(workbench.scratch);
    const archive = join(workbench.scratch, `shelf.${kind}`);
    await writeArchive(kind, archive, repository, 'shelf');
    await app.drop([archive]);
    await expect(app.entry('digits')).toBeVisible();
    await expect(app.entry('add_sub')).toBeVisible();
    await app.openModel('add_sub');
    await app.model.serve();
    expect(await app.model.test.values('OUTPUT0')).toHaveLength(16);
  });
}

test('a repository given by its path is opened where it lies', async ({ app, workbench, page }) => {
  const repository = await makeRepository(workbench.scratch);
  await app.home.addPath(repository);
  await expect(page.getByRole('button', { name: `Model repository: ${repository}` })).toBeVisible();
  await expect(app.entry('digits')).toBeVisible();
  expect(await readdir(workbench.repository)).toEqual([]);
});

test('a path pasted anywhere in the window is added', async ({ app, page }) => {
  await page.evaluate((path) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', path);
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
  }, fixture('identity-fp64.onnx'));
  await expect(app.model.name).toHaveText('identity-fp64');
});

test('the picker of the shell’s machine opens a file', async ({ app, page, workbench }) => {
  await cp(fixture('batchable.onnx'), join(workbench.folder, 'home', 'from-home.onnx'));
  await app.home.openPicker();
  await page.getByRole('navigation', { name: 'Places' }).getByRole('button', { name: 'Home' }).click();
  await app.picker.choose('from-home.onnx');
  await expect(app.model.name).toHaveText('from-home');
});

test('paths on the command line are opened', async ({ page }) => {
  const workbench = await startWorkbench({ paths: [fixture('identity-int16.onnx')] });
  try {
    const app = new AppWindow(page);
    await app.open(workbench.url());
    await expect(app.entry('identity-int16')).toBeVisible();
  } finally {
    await workbench.dispose();
  }
});

test('an upload shows its progress and can be cancelled, and nothing of it stays', async ({
  app,
  workbench,
}) => {
  const large = join(workbench.scratch, 'large.onnx');
  await writeLargeOnnx(large, 300 * MEBIBYTE);
  await app.home.uploadFiles([large]);
  await expect(app.runningJobs).toContainText('Uploading large.onnx');
  await expect(app.runningJobs).toContainText(/[\d.]+ (MiB|MB) of/);
  await app.runningJobs.getByRole('button', { name: 'Cancel' }).click();
  await expect(app.notice('The upload was cancelled; nothing was added.')).toBeVisible();
  await expect(app.runningJobs).toHaveCount(0);
  expect(await readdir(workbench.repository)).toEqual([]);
  expect(await readdir(join(workbench.dataFolder, 'uploads'))).toEqual([]);
});

// Not more, because the debugger through which the test drives the browser copies every frame of the WebSocket.
test('256 MiB are uploaded while the shell’s memory stays flat', async ({ app, workbench }) => {
  test.setTimeout(120_000);
  const large = join(workbench.scratch, 'weights.onnx');
  await writeLargeOnnx(large, 256 * MEBIBYTE);
  const before = residentBytes(workbench.pid());
  let most = before;
  await app.home.uploadFiles([large]);
  await until(
    async () => {
      most = Math.max(most, residentBytes(workbench.pid()));
      return (await app.entry('weights').count()) > 0;
    },
    () => 'The upload did not end.',
    90_000,
  );
  await expect(app.model.fact('Size')).toHaveText('256 MiB');
  expect((most - before) / MEBIBYTE, 'MiB above the start').toBeLessThan(128);
});

const REFUSED: readonly { file: string; says: RegExp; copies?: RegExp }[] = [
  { file: 'weights-only.pt', says: /weights|parameters/i, copies: /torch\.|export/ },
  { file: 'weights.safetensors', says: /weights/i },
  { file: 'tensorrt.plan', says: /TensorRT/ },
  { file: 'weights.gguf', says: /GGUF|llama/i },
  { file: 'evil.pkl', says: /pickle/i },
];

for (const { file, says, copies } of REFUSED) {
  test(`${file} is not served, and it is said why and what to do`, async ({ app, page, workbench }) => {
    await app.home.addPath(fixture(file));
    const isAdded = app.model.problem.or(page.getByRole('region', { name: 'Warning' }));
    await expect(app.report.or(isAdded).first()).toBeVisible();
    const shown = (await app.report.count()) > 0 ? app.report : page.locator('main');
    await expect(shown).toContainText(says);
    await expect(shown).toContainText(/What to do:|Export/);
    if (copies !== undefined) await expect(shown.getByLabel('lines', { exact: true })).toContainText(copies);
    await expect(page.getByRole('button', { name: 'Serve model' })).toHaveCount(0);
    expect((await readdir(workbench.scratch)).includes('conch-was-here')).toBe(false);
  });
}

test('a file is known by its content, not by its name', async ({ app, workbench }) => {
  const disguised = join(workbench.scratch, 'disguised.bin');
  await cp(fixture('batchable.onnx'), disguised);
  await app.drop([disguised]);
  await expect(app.model.name).toHaveText('disguised');
  await expect(app.model.fact('Format')).toHaveText('ONNX');
});

/** A model repository with two samples and a directory that is no model. */
async function makeRepository(folder: string): Promise<string> {
  const repository = join(folder, 'shelf');
  await mkdir(join(repository, '.git'), { recursive: true });
  await writeFile(join(repository, '.git', 'HEAD'), 'ref: refs/heads/main\n');
  await writeFile(join(repository, 'README.md'), '# Shelf\n');
  for (const model of ['digits', 'add_sub'])
    await cp(sample(model), join(repository, model), { recursive: true });
  return repository;
}
