import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { conchServe } from '../support/conch-command.ts';
import { expect, sample, test } from '../support/workbench-test.ts';

test('a remote server is added, its models are seen, loaded, unloaded and pushed to it', async ({
  app,
  page,
  workbench,
}) => {
  const repository = join(workbench.scratch, 'elsewhere');
  await cp(sample('add_sub'), join(repository, 'add_sub'), { recursive: true });
  const remote = await conchServe(repository, ['--model-control-mode=explicit']);
  await app.home.trySample('Linear regression');
  await app.model.isReady();

  await page.getByRole('status', { name: 'Server state' }).click();
  await page.getByRole('menuitem', { name: 'Add a remote server…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a remote server' });
  await dialog.getByRole('textbox', { name: 'Address' }).fill(remote.url);
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('GPU box');
  await dialog.getByLabel('Token', { exact: true }).fill('hush-hush');
  await dialog.getByRole('button', { name: 'Add server' }).click();
  const state = page.getByRole('status', { name: 'Remote server state' });
  await expect(state).toHaveText('Live and ready');
  await expect(page.getByRole('navigation', { name: 'Remote servers' })).toContainText('GPU box');
  const kept = await readFile(join(workbench.dataFolder, 'remote-servers.json'), 'utf8');
  expect(kept).toContain('GPU box');
  expect(kept).not.toContain('hush-hush');

  const index = page.getByRole('table', { name: 'Repository index' });
  const row = (model: string) => index.getByRole('row').filter({ hasText: model });
  await expect(row('add_sub')).toContainText('never loaded');
  await page.getByRole('button', { name: 'Load add_sub', exact: true }).click();
  await expect(row('add_sub')).toContainText('READY');
  await page.getByRole('button', { name: 'Config add_sub', exact: true }).click();
  await expect(page.getByLabel('Model config')).toContainText('name: "add_sub"');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Unload add_sub' }).click();
  await expect(row('add_sub')).toContainText('UNAVAILABLE');
  await expect(row('add_sub')).toContainText('unloaded');

  const push = page.getByRole('region', { name: 'Push a model' });
  await expect(push).toContainText(/2 files, 793 B: 1\.8 KiB are sent\./);
  await push.getByRole('button', { name: 'Push' }).click();
  await expect(push.getByRole('status')).toContainText('GPU box has loaded linear_regression');
  await expect(row('linear_regression')).toContainText('READY');

  await page
    .getByRole('button', { name: 'Reload add_sub' })
    .or(page.getByRole('button', { name: 'Load add_sub', exact: true }))
    .click();
  await expect(row('add_sub')).toContainText('READY');
  await page.getByRole('button', { name: 'Take config add_sub' }).click();
  await expect(app.model.name).toHaveText('add_sub');
  await expect(app.notice(/A server gives out no files: add 1\/model\.onnx/)).toBeVisible();

  await page.getByRole('navigation', { name: 'Remote servers' }).getByRole('button').click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByRole('navigation', { name: 'Remote servers' })).toBeHidden();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(state).toHaveText('Live and ready');
  await remote.stop();
  await expect(page.getByRole('alert')).toContainText(`Nothing answers at ${remote.url}.`);
});
