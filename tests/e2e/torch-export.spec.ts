import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '../support/workbench-test.ts';

const LENET = fileURLToPath(new URL('../fixtures/torch/exported/families/lenet.pt2', import.meta.url));

test('a program of torch.export that is dropped is served by translation, and what Triton does with it is said', async ({
  app,
  page,
  workbench,
}) => {
  await app.drop([LENET]);
  await expect(app.model.name).toHaveText('lenet');
  await expect(page.getByText('A Triton container does not run this file')).toBeVisible();
  await expect(page.getByText('aoti_compile_and_package(program, package_path="model.pt2")')).toBeVisible();
  const folder = join(workbench.repository, 'lenet');
  expect(await readFile(join(folder, 'config.pbtxt'), 'utf8')).toContain('platform: "torch_aoti"');
  await app.model.serve();
  await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
  expect((await readFile(join(folder, '1', 'model.pt2'))).equals(await readFile(LENET))).toBe(true);
});
