import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, fixture, test } from '../support/workbench-test.ts';

const TENSOR = 'data_type: TYPE_INT32 dims: [ 4 ]';

/** `twice` runs `copy` two times. */
const ENSEMBLE = `name: "twice"
platform: "ensemble"
max_batch_size: 4
input { name: "IN" ${TENSOR} }
output { name: "OUT" ${TENSOR} }
ensemble_scheduling {
  step {
    model_name: "copy"
    model_version: -1
    input_map { key: "input" value: "IN" }
    output_map { key: "output" value: "between" }
  }
  step {
    model_name: "copy"
    model_version: -1
    input_map { key: "input" value: "between" }
    output_map { key: "output" value: "OUT" }
  }
}
`;

test('an ensemble is served with the models of its steps, tested as any model, and says what is missing', async ({
  app,
  page,
  workbench,
}) => {
  const repository = join(workbench.scratch, 'shelf');
  await mkdir(join(repository, 'twice', '1'), { recursive: true });
  await writeFile(join(repository, 'twice', 'config.pbtxt'), ENSEMBLE);
  await mkdir(join(repository, 'copy', '1'), { recursive: true });
  await cp(fixture('identity-int32.onnx'), join(repository, 'copy', '1', 'model.onnx'));

  await app.home.addPath(repository);
  await app.openModel('twice');
  const steps = page.getByRole('region', { name: 'Steps' }).getByRole('article');
  await expect(steps).toHaveCount(2);
  await expect(steps.first()).toContainText('input ← IN');
  await expect(steps.first()).toContainText('output → between');
  await expect(page.getByRole('table', { name: 'Inputs and outputs' })).toContainText('[batch ≤ 4, 4]');

  await app.model.serveButton().click();
  await expect(app.model.state).toHaveText('Ready', { timeout: 20_000 });
  // The first request is sent by itself and opens its tab.
  await expect(app.model.test.headline).toBeVisible();
  await app.model.openTab('Model');
  await expect(steps.first()).toContainText('Ready in');

  await app.model.openTab('Test');
  await app.model.test.pasteJson('IN', '[[1, 2, 3, 4]]');
  await app.model.test.run();
  expect(await app.model.test.values('OUT')).toEqual(['1', '2', '3', '4']);

  await app.model.openTab('Model');
  await steps.first().getByRole('button', { name: 'copy' }).click();
  await expect(app.model.name).toHaveText('copy');
  await app.model.chooseAction('Unload');
  await app.openModel('twice');
  await expect(app.model.state).toHaveText('Unavailable');
  await expect(app.model.unavailable).toContainText('A model that the ensemble needs is not there.');
  await expect(app.model.unavailable).toContainText('Load copy, which brings the ensemble back by itself');

  await app.openModel('copy');
  await app.model.serveButton().click();
  await app.model.isReady();
  await app.openModel('twice');
  await expect(app.model.state).toHaveText('Ready');

  await rm(join(repository, 'copy'), { recursive: true });
  await expect(steps.first()).toContainText('There is no model copy in this repository.');
  await app.model.openExport();
  await expect(
    app.model.exports.lints.filter({
      hasText: 'Ensemble twice needs model copy, which is not in the export.',
    }),
  ).toBeVisible();
});
