import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { electronTest } from '../support/electron-stand-in/electron-test.ts';
import { AppWindow } from '../support/pages/app-window.ts';
import { fixture } from '../support/workbench-test.ts';

/** The same page objects as in the browser, in the window that the Electron shell opened. */
const test = electronTest.extend<{ readonly window: AppWindow }>({
  window: async ({ app }, use) => {
    const window = new AppWindow(await app.firstPage());
    await window.isConnected();
    await use(window);
  },
});

test('adding by path, serving and testing work as in the browser', async ({ window }) => {
  const { test: form } = window.model;
  await window.serve(fixture('identity-int64.onnx'), 'identity-int64');
  await expect(form.headline).toHaveText('Your model answered. Now try real data.');
  await form.pasteJson('input', '[[9007199254740993, -1, 0, 5]]');
  await form.run();
  expect(await form.values('output')).toEqual(['9007199254740993', '-1', '0', '5']);
  await expect(window.model.latency.figure('requests')).toHaveText('2');
});

test('Open… asks the system’s own dialog', async ({ app, window }) => {
  app.dialogAnswers.push([fixture('batchable.onnx'), fixture('identity-bool.onnx')]);
  await window.home.openPicker();
  await expect(window.entry('batchable')).toBeVisible();
  await expect(window.entry('identity-bool')).toBeVisible();
});

test('an edit of the config is on disk before the window is closed', async ({ window, dataFolder }) => {
  await window.addPath(fixture('batchable.onnx'), 'batchable');
  await window.model.config.field('Largest batch').fill('6');
  await window.model.config.isSaved();
  const path = join(dataFolder, 'model-repository', 'batchable', 'config.pbtxt');
  expect(await readFile(path, 'utf8')).toContain('max_batch_size: 6');
});

test('an export goes to the folder that the system’s dialog chose', async ({ app, window, dataFolder }) => {
  await window.addPath(fixture('batchable.onnx'), 'batchable');
  const { exports } = window.model;
  await window.model.openExport();
  app.dialogAnswers.push([dataFolder]);
  await exports.dialog.getByRole('button', { name: 'Choose…' }).click();
  await exports.start();
  expect((await readdir(await exports.writtenPath())).toSorted()).toEqual(['README.md', 'batchable']);
});
