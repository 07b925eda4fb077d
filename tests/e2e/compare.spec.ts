import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { conchServe } from '../support/conch-command.ts';
import { SUB_ADD } from '../support/exchanged-model.ts';
import { expect, sample, test } from '../support/workbench-test.ts';

test('saved requests are sent to another server, whose answers are compared with these', async ({
  app,
  page,
  workbench,
}) => {
  await app.home.trySample('Add and subtract');
  await app.model.isReady();
  await expect(app.model.test.output('OUTPUT0')).toBeVisible();
  await app.model.test.run();
  await app.model.openTab('History');
  await expect(app.model.history.entries).toHaveCount(2);
  await app.model.history.entries.first().click();

  const repository = join(workbench.scratch, 'elsewhere');
  await cp(sample('add_sub'), join(repository, 'add_sub'), { recursive: true });
  const same = await conchServe(repository);
  const dialog = await app.model.history.compareWith(same.url, 'All saved requests');
  await expect(dialog.getByText('It answers 2 requests as here')).toBeVisible();
  const rows = dialog.getByRole('table', { name: 'Compared requests' }).getByRole('row');
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(1)).toContainText('OUTPUT0: equal');
  await expect(rows.nth(1)).toContainText(/\d ms.*\d ms/);
  await same.stop();
  await dialog.getByRole('button', { name: 'Compare', exact: true }).click();
  await expect(rows.nth(1)).toContainText(`Refused there: Nothing answers at ${same.url}.`);
  await page.keyboard.press('Escape');

  await writeFile(join(repository, 'add_sub', '1', 'model.onnx'), SUB_ADD);
  const other = await conchServe(repository);
  await app.model.history.compareWith(other.url, 'This request');
  await expect(dialog.getByText('It answers 1 of 1 request differently')).toBeVisible();
  await expect(rows.nth(1)).toContainText(
    /OUTPUT0: \d+ of 16 values differ; at \[0, \d+\]: -?\d+ here, -?\d+ there/,
  );
  await other.stop();
});

test('an address that is none is refused before anything is sent', async ({ app }) => {
  await app.home.trySample('Add and subtract');
  await app.model.isReady();
  await expect(app.model.test.output('OUTPUT0')).toBeVisible();
  await app.model.openTab('History');
  await app.model.history.entries.first().click();
  const dialog = await app.model.history.compareWith('localhost:8000', 'This request');
  await expect(dialog.getByRole('alert')).toContainText('it begins with http:// or https://');
});
