import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { findViolations } from '../support/find-violations.ts';
import { expect, fixture, sample, test } from '../support/workbench-test.ts';

test('an empty window says what can be dropped, opened, tried and used', async ({ app, page }) => {
  await expect(app.home.title).toBeVisible();
  await expect(page.getByRole('button', { name: 'Open…' })).toBeVisible();
  await expect(app.home.samples).toHaveCount(6);
  await expect(app.home.recents).toHaveCount(0);
  await expect(page.getByRole('navigation', { name: 'Models' })).toHaveCount(0);
});

test('the chips of the machine say what is there, and why something is not', async ({ app }) => {
  expect(await app.home.chipText('CPU')).toMatch(/\d+ cores, .* of memory\.$/);
  for (const name of ['GPU', 'Docker'] as const) {
    const chip = app.home.machine.getByRole('button', { name: new RegExp(`^${name}`) });
    await expect(chip).not.toContainText('checking');
    const isAbsent = (await chip.innerText()).includes('not available');
    const text = await app.home.chipText(name);
    expect(text, `${name} is ${isAbsent ? 'absent' : 'there'}`).toMatch(
      isAbsent ? /\b(no|not|cannot|there is|does)\b.*\.$/is : /\S/,
    );
  }
});

test('every sample is one click away from a running example', async ({ app }) => {
  const titles = await app.home.samples.evaluateAll((cards) =>
    cards.map((card) => card.getAttribute('aria-label') ?? ''),
  );
  expect(titles).toHaveLength(6);
  for (const title of titles) {
    await app.goHome();
    await app.home.trySample(title.replace('Try ', ''));
    await app.model.isReady();
    await expect(app.model.test.headline, title).toHaveText('Your model answered. Now try real data.', {
      timeout: 15_000,
    });
  }
});

test('a repository that was opened is in the recent list after a new start', async ({
  app,
  workbench,
  page,
}) => {
  const repository = join(workbench.scratch, 'shelf');
  await cp(sample('add_sub'), join(repository, 'add_sub'), { recursive: true });
  await app.home.addPath(repository);
  await expect(page.getByRole('button', { name: `Model repository: ${repository}` })).toBeVisible();
  await app.openRepositoryMenu();
  await page.getByRole('menuitem', { name: 'Back to my models' }).click();
  await expect(app.home.recents).toHaveText([repository]);

  await workbench.stop();
  await workbench.start();
  await app.open(workbench.url());
  await expect(app.home.recents).toHaveText([repository]);
  await app.home.recents.first().click();
  await expect(page.getByRole('button', { name: `Model repository: ${repository}` })).toBeVisible();
});

test('each screen has one filled button: the next thing to do', async ({ app }) => {
  const expectFilled = (name: string) => expect.poll(() => app.filledButtons()).toEqual([name]);
  await expectFilled('Open…');
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  await expectFilled('Serve model');
  await app.model.serve();
  await expectFilled('Run');
  await app.model.openTab('Model');
  await expectFilled('Test model');
  await app.model.openTab('Log');
  await expectFilled('Test model');
  await app.model.openExport();
  await expect.poll(() => app.filledButtons(app.model.exports.dialog)).toEqual(['Export model']);
});

test('adding, serving and testing a model needs no mouse', async ({ app, page }) => {
  const press = (key: string) => page.keyboard.press(key);
  const tabTo = async (name: string | RegExp, role: 'button' | 'textbox') => {
    const target = page.getByRole(role, { name });
    for (let step = 0; step < 40; step += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await press('Tab');
    }
    throw new Error(`Tab does not reach ${name}.`);
  };
  await tabTo('Path of a model or repository', 'textbox');
  await page.keyboard.type(fixture('batchable.onnx'));
  await press('Enter');
  await expect(app.model.name).toHaveText('batchable');
  await tabTo('Serve model', 'button');
  await press('Enter');
  await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.', {
    timeout: 20_000,
  });
  const before = await app.model.test.sentAt();
  await press('Control+Enter');
  await app.model.test.finishedAfter(before);
  await expect(app.model.test.headline).toHaveText(/^Answered in/);
});

for (const scheme of ['Light', 'Dark'] as const) {
  test(`no screen has a serious accessibility violation in ${scheme.toLowerCase()} colours`, async ({
    app,
    page,
  }) => {
    test.setTimeout(150_000);
    const found: string[] = [];
    const look = async (screen: string) => {
      for (const violation of await findViolations(page)) found.push(`${screen}: ${violation}`);
    };
    await app.chooseColours(scheme);
    await look('empty window');
    await app.home.openPicker();
    await expect(page.getByRole('listbox', { name: 'Files' })).toBeVisible();
    await look('file picker');
    await page.keyboard.press('Escape');
    await app.home.trySample('Handwritten digits');
    await app.model.isReady();
    await expect(app.model.test.headline).toHaveText(/Your model answered/);
    await look('test');
    await app.model.latency.openRow(1);
    await expect(app.model.latency.details).toBeVisible();
    await look('request');
    await app.model.latency.closeDetails();
    await app.model.openTab('Model');
    await look('model with form');
    await app.model.config.show('Text');
    await look('model with text');
    await app.model.openTab('History');
    await expect(app.model.history.details).toBeVisible();
    await look('history');
    await app.model.openTab('Log');
    await look('log');
    await app.model.openExport();
    await expect(app.model.exports.lints.first()).toBeVisible();
    await look('export');
    await app.model.exports.close();
    await app.goHome();
    await app.home.addPath(fixture('weights-only.pt'));
    await expect(app.report).toBeVisible();
    await look('import report');
    expect(found).toEqual([]);
  });
}
