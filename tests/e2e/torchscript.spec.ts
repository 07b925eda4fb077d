import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '../support/workbench-test.ts';

const LENET = fileURLToPath(new URL('../fixtures/torch/families/lenet_traced.pt', import.meta.url));

test('a TorchScript model that is dropped is served by translation, and kept as it is', async ({
  app,
  workbench,
}) => {
  await app.drop([LENET]);
  await expect(app.model.name).toHaveText('lenet_traced');
  const folder = join(workbench.repository, 'lenet_traced');
  expect(await readFile(join(folder, 'config.pbtxt'), 'utf8')).toContain('platform: "pytorch_libtorch"');
  await app.model.serve();
  await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
  expect((await readFile(join(folder, '1', 'model.pt'))).equals(await readFile(LENET))).toBe(true);
});
