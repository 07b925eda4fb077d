import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import type { ElectronStandIn } from '../support/electron-stand-in/electron-stand-in.ts';
import { electronTest } from '../support/electron-stand-in/electron-test.ts';
import { AppWindow } from '../support/pages/app-window.ts';
import { fixture } from '../support/workbench-test.ts';

const test = electronTest.extend<{ readonly window: AppWindow }>({
  window: async ({ app }, use) => {
    const window = new AppWindow(await app.firstPage());
    await window.isConnected();
    await use(window);
  },
});

interface MenuItem {
  readonly label?: string;
  readonly enabled?: boolean;
  readonly submenu?: unknown;
  readonly click?: unknown;
}

function item(items: readonly MenuItem[], ...path: readonly string[]): MenuItem | undefined {
  const [label, ...rest] = path;
  const found = items.find((one) => one.label === label);
  return rest.length === 0 || !found ? found : item((found.submenu ?? []) as readonly MenuItem[], ...rest);
}

function click(items: readonly MenuItem[], ...path: readonly string[]): void {
  const found = item(items, ...path);
  if (typeof found?.click !== 'function') throw new Error(`There is no menu item ${path.join(' › ')}.`);
  (found.click as () => void)();
}

async function exportBatchable(app: ElectronStandIn, window: AppWindow, folder: string): Promise<string> {
  await window.addPath(fixture('batchable.onnx'), 'batchable');
  await window.model.openExport();
  const { exports } = window.model;
  await exports.chooseFormat('zip');
  app.dialogAnswers.push([folder]);
  await exports.dialog.getByRole('button', { name: 'Choose…' }).click();
  await exports.start();
  return exports.writtenPath();
}

test('File › Open Models… adds what the system’s dialog gives', async ({ app, window }) => {
  app.dialogAnswers.push([fixture('batchable.onnx')]);
  click(app.menu, '&File', 'Open Models…');
  await expect(window.entry('batchable')).toBeVisible();
});

test('File › Open Recent lists repositories that were open, and opens them again', async ({
  app,
  window,
  dataFolder,
}) => {
  expect(item(app.menu, '&File', 'Open Recent')?.enabled).toBe(false);
  const path = join(dataFolder, 'mine & others');
  await mkdir(join(path, 'first', '1'), { recursive: true });
  await writeFile(join(path, 'first', '1', 'model.onnx'), await readFile(fixture('batchable.onnx')));
  app.startAgain([path]);
  await expect(window.entry('first')).toBeVisible();
  const label = path.replaceAll('&', '&&');
  await expect.poll(() => item(app.menu, '&File', 'Open Recent', label) !== undefined).toBe(true);
  click(app.menu, '&File', 'Open Recent', label);
  await expect(window.entry('first')).toBeVisible();
});

test('an exported zip is dragged out of the window, and no other file', async ({
  app,
  window,
  dataFolder,
}) => {
  const path = await exportBatchable(app, window, dataFolder);
  await window.model.exports.dialog.getByText('Drag out').dispatchEvent('dragstart');
  await expect.poll(() => app.dragged).toEqual([path]);
  const page = { url: 'conch://app/', isTop: true };
  for (const content of ['/etc/passwd', `${path}/../window`, `${path} `, '', null, 7, { path }, [path]])
    app.sendFromFrame('conch-drag', content, page);
  for (const frame of [
    { url: 'https://evil.example/', isTop: true },
    { url: 'conch://app/', isTop: false },
    { url: 'conch://app.evil/', isTop: true },
    null,
  ])
    app.sendFromFrame('conch-drag', path, frame);
  expect(app.dragged).toEqual([path]);
  app.sendFromFrame('conch-drag', path, page);
  expect(app.dragged).toEqual([path, path]);
});

test('Show in folder shows the export where it is', async ({ app, window, dataFolder }) => {
  const path = await exportBatchable(app, window, dataFolder);
  await window.model.exports.dialog.getByRole('button', { name: 'Show in folder' }).click();
  await expect.poll(() => app.revealed).toEqual([path]);
});

test('while models are served the tray says where, and closing the window does not end it', async ({
  app,
  window,
}) => {
  expect(app.tray()).toBeNull();
  await window.serve(fixture('identity-int64.onnx'), 'identity-int64');
  await expect.poll(() => app.tray()?.toolTip).toMatch(/^Conch serves at http:\/\/127\.0\.0\.1:\d+$/);
  const url = app.tray()?.toolTip.split(' ').at(-1);
  await window.page.close();
  expect((await fetch(`${url}/v2/models/identity-int64/ready`)).status).toBe(200);

  click(app.tray()?.menu ?? [], 'Open Conch');
  await expect.poll(() => app.windows.length).toBe(2);
  const again = await app.windows[1]?.page;
  expect(app.windows[1]?.options).toMatchObject({ x: 40, y: 30, width: 1000, height: 700 });
  if (!again) throw new Error('There is no second window.');
  await expect(new AppWindow(again).entry('identity-int64')).toBeVisible();

  click(app.tray()?.menu ?? [], 'Stop Server');
  await expect.poll(() => app.tray()).toBeNull();
});

test('a server that dies is told to whoever looks elsewhere, and to nobody who looks', async ({
  app,
  window,
}) => {
  await window.serve(fixture('identity-int64.onnx'), 'identity-int64');
  const servers = () =>
    app.children.filter(({ spawnargs }) => spawnargs.some((argument) => argument.endsWith('server.mjs')));
  app.setFocused(false);
  servers()[0]?.kill('SIGKILL');
  await expect.poll(() => app.notifications.map(({ title }) => title)).toContain('The server is restarted');
  await expect(window.entry('identity-int64')).toBeVisible();
  const told = app.notifications.length;
  await expect.poll(() => servers().length).toBe(2);
  app.setFocused(true);
  await expect.poll(() => app.tray()?.toolTip).toMatch(/^Conch serves at/);
  servers()[1]?.kill('SIGKILL');
  await expect.poll(() => servers().length).toBe(3);
  expect(app.notifications.length).toBe(told);
});

test('crash dumps stay on this machine', async ({ app, window, dataFolder }) => {
  await expect(window.page).toHaveTitle(/Conch/);
  expect(app.crashReporting).toEqual([{ uploadToServer: false }]);
  expect(app.paths.get('crashDumps')).toBe(join(dataFolder, 'crashes'));
  click(app.menu, 'Help', 'Show Logs and Crash Reports');
  await expect.poll(() => app.revealed).toEqual([dataFolder]);
});

test('the machine may sleep while nothing but the server runs, and a shutdown ends every child', async ({
  app,
  window,
}) => {
  await window.serve(fixture('identity-int64.onnx'), 'identity-int64');
  await expect.poll(() => [...app.awake]).toEqual([]);
  app.shutDown();
  await expect
    .poll(() => app.children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null))
    .toEqual([]);
});

test('the page’s protocol gives out the page and nothing else, whatever is asked', async ({ window }) => {
  const answers = await window.page.evaluate(async () => {
    const paths = [
      '/../main.mjs',
      '/%2e%2e/package.json',
      '/..%2f..%2fpackage.json',
      '/%5c..%5c..%5cpackage.json',
      '/assets/%00',
      '/assets/',
      '/%E0%A4%A',
      '//etc/passwd',
      `/${'a'.repeat(4096)}`,
    ];
    const statuses: Record<string, number> = {};
    for (const path of paths) statuses[path.slice(0, 30)] = (await fetch(location.origin + path)).status;
    statuses['POST /'] = (await fetch('/', { method: 'POST' })).status;
    return statuses;
  });
  for (const [path, status] of Object.entries(answers))
    expect([path, status]).toEqual([path, path === 'POST /' ? 405 : 404]);
});
