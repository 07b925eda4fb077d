import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { writeLargeOnnx } from '../bench/large-models/write-large-onnx.ts';
import { startWorkbench, type Workbench } from '../support/start-workbench.ts';
import { AppWindow } from '../support/pages/app-window.ts';
import { writeTarGzip } from '../support/write-archive.ts';
import { expect, fixture, sample, test } from '../support/workbench-test.ts';

/** Bad files, and the sentence that each of them must lead to. */
const BAD_FILES: Readonly<Record<string, readonly [file: string, says: RegExp]>> = {
  'a truncated ONNX file': ['truncated.onnx', /truncated|damaged|incomplete|ends/i],
  'random bytes named .onnx': ['garbage.onnx', /The file is not an ONNX model/],
  'an empty file': ['zero-byte.onnx', /empty|0 bytes/i],
  'a Git LFS pointer': ['lfs-pointer.onnx', /Git LFS/],
  'external data that is missing': ['external-data-missing.onnx', /gone\.bin/],
  'external data outside the folder': ['external-data-escaping.onnx', /\.\.\/\.\.\/etc\/passwd/],
  'external data by an absolute path': ['external-data-absolute.onnx', /\/etc\/passwd/],
  'an unsupported opset': ['unsupported-opset.onnx', /opset 99|opset.*99/i],
  'an unsupported IR version': ['unsupported-ir.onnx', /IR version 99|IR.*99/i],
  'an output that makes the runtime abort': ['int4-output.onnx', /INT4/],
  'an output that is no tensor': ['sequence-output.onnx', /sequence/i],
};

for (const [what, [file, says]] of Object.entries(BAD_FILES)) {
  test(`${what} ends in a clear sentence, and the next model is served`, async ({ app }) => {
    await app.home.addPath(fixture(file));
    await expectSentence(app, says);
    await everythingElseWorks(app);
  });
}

test('external data beyond the end of its file ends in a clear sentence', async ({ app }) => {
  await app.drop([fixture('external-data-out-of-range')]);
  await expectSentence(app, /weights\.bin/);
  await everythingElseWorks(app);
});

test('an operator that the runtime does not have ends in a clear sentence', async ({ app }) => {
  await app.home.addPath(fixture('custom-domain.onnx'));
  await expectSentence(app, /example\.ops/);
  await everythingElseWorks(app);
});

const BAD_ARCHIVES: Readonly<Record<string, readonly [says: RegExp, make: (path: string) => Promise<void>]>> =
  {
    'a zip bomb': [
      /zip bombs do/,
      (path) => writeFile(path, zipSync({ 'model.onnx': new Uint8Array(300 * 1024 * 1024) }, { level: 9 })),
    ],
    'a zip whose entry climbs out': [
      /leave the folder|".."/,
      (path) => writeFile(path, zipSync({ '../../evil.onnx': new Uint8Array(8) })),
    ],
    'a zip with an absolute entry': [
      /absolute|leave the folder/,
      (path) => writeFile(path, zipSync({ '/tmp/evil.onnx': new Uint8Array(8) })),
    ],
    'a tar with a link out of it': [
      /link/,
      (path) => writeTarGzip(path, [{ name: 'model.onnx', type: 'symlink', linkname: '/etc/passwd' }]),
    ],
    'a damaged zip': [
      /damaged/,
      async (path) => {
        const whole = zipSync({ 'model.onnx': new Uint8Array(await readFile(fixture('batchable.onnx'))) });
        await writeFile(path, whole.subarray(0, whole.length - 30));
      },
    ],
  };

for (const [what, [says, make]] of Object.entries(BAD_ARCHIVES)) {
  test(`${what} is not unpacked, and nothing of it stays`, async ({ app, workbench }) => {
    test.setTimeout(90_000);
    const archive = join(workbench.scratch, what.includes('tar') ? 'bad.tar.gz' : 'bad.zip');
    await make(archive);
    await app.home.addPath(archive);
    await expectSentence(app, says);
    expect(await readdir(workbench.repository)).toEqual([]);
    expect(await readdir(workbench.folder)).not.toContain('evil.onnx');
    await everythingElseWorks(app);
  });
}

test('a folder with a link out of it does not bring what the link leads to', async ({ app, workbench }) => {
  const folder = join(workbench.scratch, 'linked');
  await mkdir(folder);
  await cp(fixture('batchable.onnx'), join(folder, 'model.onnx'));
  await symlink('/etc', join(folder, 'etc'));
  await app.home.addPath(folder);
  await expect(app.model.name).toHaveText('linked');
  const files = await readdir(join(workbench.repository, 'linked'), { recursive: true });
  expect(files.some((path) => path.includes('passwd'))).toBe(false);
  await everythingElseWorks(app);
});

test('a second model of the same name gets another name, and that is said', async ({ app }) => {
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  await app.addPath(fixture('batchable.onnx'), 'batchable_2');
  await expect(
    app.notice(/There is a model batchable already: the new one is called batchable_2\./),
  ).toBeVisible();
  await app.model.serve();
  await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
});

for (const [name, safe] of [
  ['🐚 shell & sea.onnx', 'shell_sea'],
  ['---.onnx', 'model'],
  [`${'n'.repeat(240)}.onnx`, 'n'.repeat(100)],
] as const) {
  test(`a file named ${name.slice(0, 20)} becomes a model with a name that every system takes`, async ({
    app,
    workbench,
  }) => {
    const path = join(workbench.scratch, name);
    await cp(fixture('batchable.onnx'), path);
    await app.addPath(path, safe);
    await app.model.serve();
    await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
  });
}

test('a model cannot be renamed to what is no name', async ({ app, page }) => {
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  await app.model.chooseAction('Rename…');
  const dialog = page.getByRole('dialog', { name: 'Rename model' });
  const says: Readonly<Record<string, RegExp>> = {
    'a/b': /must not contain path traversal characters/,
    '..': /must not contain path traversal characters/,
    '': /cannot be empty/,
    ['x'.repeat(300)]: /at most 255 bytes/,
    'Größe 🐚': /no client could ask for the model over HTTP/,
  };
  for (const [name, sentence] of Object.entries(says)) {
    await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
    await expect(dialog).toContainText(sentence);
    await expect(dialog.getByRole('button', { name: 'Rename' })).toBeDisabled();
  }
  await dialog.getByRole('textbox', { name: 'Name' }).fill('shell-2.0');
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await expect(app.model.name).toHaveText('shell-2.0');
  await app.model.serve();
  await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
});

test('a path that is not there is said to be so', async ({ app, workbench }) => {
  await app.home.addPath(join(workbench.scratch, 'nowhere.onnx'));
  await expect(app.notices).toContainText(/nowhere\.onnx: it does not exist/);
  await everythingElseWorks(app);
});

test('a directory that is no repository is explained with the layout of one', async ({ app, workbench }) => {
  const folder = join(workbench.scratch, 'photos');
  await mkdir(folder);
  await writeFile(join(folder, 'notes.txt'), 'nothing here');
  await app.home.addPath(folder);
  await expect(app.report).toContainText('Neither a model nor a model repository');
  await expect(app.report.getByLabel('lines', { exact: true })).toContainText('config.pbtxt');
  await app.closeReport();
  await everythingElseWorks(app);
});

test('a repository with .git and .ipynb_checkpoints is opened, and what Triton would stumble over is said', async ({
  app,
  workbench,
  page,
}) => {
  const repository = join(workbench.scratch, 'shelf');
  await cp(sample('add_sub'), join(repository, 'add_sub'), { recursive: true });
  for (const name of ['.git', '.ipynb_checkpoints']) await mkdir(join(repository, name));
  await app.home.addPath(repository);
  await expect(app.entry('add_sub')).toBeVisible();
  const unusual = page.getByRole('button', { name: 'What is unusual in the repository' });
  await unusual.click();
  for (const name of ['.git', '.ipynb_checkpoints'])
    await expect(page.getByRole('dialog').getByText(join(repository, name), { exact: true })).toBeVisible();
  await unusual.click();
  await app.openModel('add_sub');
  await app.model.serve();
  await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
});

test('a repository whose good model has a broken config.pbtxt shows the line, and its other model answers', async ({
  app,
  workbench,
}) => {
  const repository = join(workbench.scratch, 'shelf');
  for (const name of ['add_sub', 'linear_regression'])
    await cp(sample(name), join(repository, name), { recursive: true });
  await writeFile(join(repository, 'add_sub', 'config.pbtxt'), 'name: "add_sub"\nmax_batch_size: {\n');
  await app.home.addPath(repository);
  await app.openModel('add_sub');
  await expect(app.model.config.panel).toContainText(/line [23]: /);
  await app.model.serveButton().click();
  await expect(app.model.state).toHaveText('Unavailable');
  await expect(app.model.unavailable).toContainText('failed to read text proto');
  await expect(app.model.unavailable).toContainText('The config.pbtxt of the model cannot be read.');
  await app.openModel('linear_regression');
  await app.model.serve();
  await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
});

test('a model that dies in its trial run and when served disturbs nobody', async ({ app }) => {
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  await app.goHome();
  await app.home.addPath(fixture('big-constant-output.onnx'));
  await expect(app.entry('big-constant-output').or(app.report).first()).toBeVisible();
  if ((await app.report.count()) > 0) await app.closeReport();
  await app.openModel('identity-int32');
  await app.model.openTab('Test');
  await app.model.test.run();
  await expect(app.model.test.headline).toHaveText(/^Answered in/);
});

test('a port that another program holds is passed by', async ({ page }) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  await withWorkbench({ httpPort: port }, async (workbench) => {
    const app = new AppWindow(page);
    await app.open(workbench.url());
    await everythingElseWorks(app);
    await app.server.getByRole('button', { name: 'What is unusual about the server' }).click();
    await expect(page.getByText(new RegExp(`Port ${port} is taken by`))).toBeVisible();
  });
  holder.close();
});

test('a read-only repository can be looked at and served, and says that it cannot be written', async ({
  app,
  workbench,
  page,
}) => {
  const repository = join(workbench.scratch, 'shelf');
  await cp(sample('add_sub'), join(repository, 'add_sub'), { recursive: true });
  const lock = makeReadOnly(repository);
  test.skip(lock === null, 'This user may write everywhere and mount nothing, so nothing is read-only.');
  try {
    await app.home.addPath(repository);
    await app.openModel('add_sub');
    await expect(page.getByText('Read only')).toBeVisible();
    await app.model.config.field('Largest batch').fill('3');
    await expect(app.model.config.state).toHaveText(/^Kept as a draft: .*(read-only|written|permission)/);
    await app.model.serve();
    await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
  } finally {
    lock?.();
  }
});

test('a full disk is said, and nothing half-written stays', async ({ page, workbench: other }) => {
  const disk = makeSmallDisk(other.scratch);
  test.skip(disk === null, 'This user may not mount a small disk.');
  try {
    await withWorkbench({}, async (workbench) => {
      const app = new AppWindow(page);
      await app.open(workbench.url());
      const repository = join(other.scratch, 'disk', 'shelf');
      await cp(sample('add_sub'), join(repository, 'add_sub'), { recursive: true });
      await app.home.addPath(repository);
      await expect(app.entry('add_sub')).toBeVisible();
      const large = join(workbench.scratch, 'large.onnx');
      await writeLargeOnnx(large, 64 * 1024 * 1024);
      await app.goHome();
      await app.home.addPath(large);
      await expect(app.notices).toContainText(/the disk is full|bytes are free/);
      expect((await readdir(repository)).filter((name) => !name.startsWith('.'))).toEqual(['add_sub']);
      await app.openModel('add_sub');
      await app.model.serve();
      await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
    });
  } finally {
    disk?.();
  }
});

/** A sentence in the report, on the card or in a notice; a report is closed again. */
async function expectSentence(app: AppWindow, says: RegExp): Promise<void> {
  const sentence = app.report
    .getByText(says)
    .or(app.page.locator('main').getByText(says))
    .or(app.notices.getByText(says));
  await expect(sentence.first()).toBeVisible({ timeout: 20_000 });
  if ((await app.report.count()) > 0) await app.closeReport();
}

/** After whatever happened, another model is added, served and answers. */
async function everythingElseWorks(app: AppWindow): Promise<void> {
  await app.serve(fixture('identity-bool.onnx'), 'identity-bool');
  await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
}

async function withWorkbench(
  options: Parameters<typeof startWorkbench>[0],
  body: (workbench: Workbench) => Promise<void>,
): Promise<void> {
  const workbench = await startWorkbench(options);
  try {
    await body(workbench);
  } finally {
    await workbench.dispose();
  }
}

/** Makes a folder read-only for everybody, root included; null where that cannot be done. */
function makeReadOnly(folder: string): (() => void) | null {
  if (process.getuid?.() !== 0) {
    const set = (mode: string) => spawnSync('chmod', ['-R', mode, folder]);
    set('a-w');
    return () => void set('u+w');
  }
  const mount = (...args: string[]) => spawnSync('mount', args).status === 0;
  if (!mount('--bind', folder, folder)) return null;
  const unmount = () => void spawnSync('umount', [folder]);
  if (mount('-o', 'remount,ro,bind', folder)) return unmount;
  unmount();
  return null;
}

/** A disk of 24 MiB at `disk` in the folder; null where it cannot be mounted. */
function makeSmallDisk(folder: string): (() => void) | null {
  const place = join(folder, 'disk');
  spawnSync('mkdir', ['-p', place]);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', place]);
  return status === 0 ? () => void spawnSync('umount', ['-l', place]) : null;
}
