import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeLargeOnnx } from '../bench/large-models/write-large-onnx.ts';
import { expect, fixture, test } from '../support/workbench-test.ts';

test('the card shows what the model file says of itself', async ({ app, workbench }) => {
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  await expect(app.model.fact('Format')).toHaveText('ONNX');
  await expect(app.model.fact('Size')).toHaveText(/^\d+ B$/);
  await expect(app.model.fact('Producer')).toHaveText(/\S/);
  await expect(app.model.fact('IR version')).toHaveText(/^\d+$/);
  await expect(app.model.fact('Opset')).toHaveText(/^ai\.onnx \d+$/);
  await expect(app.model.fact('Parameters')).toHaveText('12');
  await expect(app.model.fact('Directory')).toHaveText(join(workbench.repository, 'batchable'));
  await expect(app.model.fact('Trial run')).toHaveText(/^Loads in .*, one run takes .*, .* at peak$/, {
    timeout: 20_000,
  });
});

test('inputs and outputs have datatype, dims with their symbolic names, and where each value comes from', async ({
  app,
  page,
}) => {
  await app.addPath(fixture('two-dynamic-dims.onnx'), 'two-dynamic-dims');
  const x = app.model.signature('x');
  await expect(x.name).toContainText('FP32');
  await expect(x.model).toContainText('[batch, rows, columns]');
  await expect(app.model.signature('y').model).toContainText('[batch, columns, rows]');
  const badge = x.model.getByRole('button', { name: /^shape from the model: / });
  await expect(badge).toHaveText('from the model');
  await badge.hover();
  await expect(page.getByRole('tooltip')).toHaveText(/\S.*\.?$/);
});

test('what the model does not say of its shape is marked as assumed in the config', async ({
  app,
  workbench,
}) => {
  await app.addPath(fixture('unknown-rank.onnx'), 'unknown-rank');
  const x = app.model.signature('x');
  await expect(x.model).toContainText('unknown rank');
  await expect(
    x.model.getByRole('button', { name: /The model does not say how many dimensions/ }),
  ).toBeVisible();
  const config = await readFile(join(workbench.repository, 'unknown-rank', 'config.pbtxt'), 'utf8');
  expect(config).toContain('# assumed: the model does not say its shape; change it to the real one');
});

test('labels in the metadata of the model are found', async ({ app }) => {
  await app.serve(fixture('labelled-classifier.onnx'), 'labelled-classifier');
  await expect(app.model.test.topClasses('probabilities').filter({ hasText: 'dog’s bone' })).toHaveCount(0);
  await expect(app.model.test.topClasses('probabilities').filter({ hasText: "dog's bone" })).toHaveCount(1);
});

test('a file of 100 MB gives its card without its weights being read', async ({ app, workbench }) => {
  const large = join(workbench.scratch, 'large.onnx');
  await writeLargeOnnx(large, 100 * 1024 * 1024);
  await app.addPath(large, 'large');
  await expect(app.model.fact('Size')).toHaveText('100 MiB');
  await expect(app.model.fact('Parameters')).toHaveText('26,214,400');
  await expect(app.model.signature('input').model).toContainText('[batch, 1024]');
});
