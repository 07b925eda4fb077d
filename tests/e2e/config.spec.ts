import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, fixture, test } from '../support/workbench-test.ts';

interface BatchCase {
  readonly file: string;
  readonly config: readonly RegExp[];
  readonly shapes: Readonly<Record<string, readonly [configDims: string, wireShape: string]>>;
}

const BATCH_CASES: Readonly<Record<string, BatchCase>> = {
  'a model whose first dims all vary can be batched': {
    file: 'batchable',
    config: [
      /^max_batch_size: [1-9]\d*$/m,
      /^# inferred: the first dimension of every input/m,
      /dims: \[ 4 \]/,
    ],
    shapes: { x: ['[4]', '[batch ≤ 4, 4]'], y: ['[3]', '[batch ≤ 4, 3]'] },
  },
  'a model with a fixed batch of one is not batched': {
    file: 'fixed-batch',
    config: [
      /^max_batch_size: 0$/m,
      /^# inferred: no batching, because x has the shape \[1, 4\]/m,
      /dims: \[ 1, 4 \]/,
    ],
    shapes: { x: ['[1, 4]', '[1, 4]'], y: ['[1, 3]', '[1, 3]'] },
  },
  'one number an item needs a reshape': {
    file: 'scalar-per-item',
    config: [
      /^max_batch_size: [1-9]\d*$/m,
      /reshape:? \{\s*shape: \[ *\]\s*\}/,
      /# inferred: the model has one number per item/,
    ],
    shapes: { x: ['[4]', '[batch ≤ 4, 4]'], y: ['[1]', '[batch ≤ 4, 1]'] },
  },
  'a model of which only some tensors have a batch is not batched': {
    file: 'mixed-batch',
    config: [/^max_batch_size: 0$/m, /while others have a first dimension that varies/, /dims: \[ -1, 4 \]/],
    shapes: { x: ['[-1, 4]', '[batch, 4]'], scale: ['[4]', '[4]'] },
  },
};

for (const [sentence, { file, config, shapes }] of Object.entries(BATCH_CASES)) {
  test(sentence, async ({ app, workbench }) => {
    await app.addPath(fixture(`${file}.onnx`), file);
    const text = await readFile(join(workbench.repository, file, 'config.pbtxt'), 'utf8');
    for (const pattern of config) expect(text).toMatch(pattern);
    expect(text).toMatch(/# from the model/);
    for (const [tensor, [configDims, wireShape]] of Object.entries(shapes)) {
      await expect(app.model.signature(tensor).configDims).toContainText(configDims);
      await expect(app.model.signature(tensor).wireShape).toHaveText(wireShape);
    }
    await app.model.serve();
    await expect(app.model.test.headline).toHaveText('Your model answered. Now try real data.');
  });
}

test('an edit in the form changes one place of the text and keeps the comments', async ({
  app,
  workbench,
}) => {
  const { config } = app.model;
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  const path = join(workbench.repository, 'batchable', 'config.pbtxt');
  const before = await readFile(path, 'utf8');
  await config.field('Largest batch').fill('16');
  await config.isSaved();
  await expect
    .poll(() => readFile(path, 'utf8'))
    .toBe(before.replace(/^max_batch_size: 4$/m, 'max_batch_size: 16'));
  await expect(app.model.signature('x').wireShape).toHaveText('[batch ≤ 16, 4]');
  await config.field('Count').fill('3');
  await expect.poll(() => readFile(path, 'utf8')).toMatch(/instance_group \[?\s*\{\s*count: 3\s*\}/);
  expect(await readFile(path, 'utf8')).toContain('# from the model');
});

test('an edit in the text shows in the form', async ({ app }) => {
  const { config } = app.model;
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  await config.show('Text');
  await config.replaceText('name: "batchable"  # mine\nbackend: "onnxruntime"\nmax_batch_size: 7\n');
  await config.isSaved();
  await config.show('Form');
  await expect(config.field('Largest batch')).toHaveValue('7');
  await expect(app.model.signature('x').wireShape).toHaveText('[batch ≤ 7, 4]');
});

test('broken text freezes the form, names the line and is kept as a draft', async ({
  app,
  workbench,
  page,
}) => {
  const { config } = app.model;
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  const path = join(workbench.repository, 'batchable', 'config.pbtxt');
  const before = await readFile(path, 'utf8');
  const broken = 'name: "batchable"\nmax_batch_size: many\n';
  await config.show('Text');
  await config.replaceText(broken);
  await expect(config.state).toHaveText(/^Draft, not valid \(line 2: .+\)$/);
  await config.show('Form');
  await expect(config.panel.getByText(/^line 2: /)).toBeVisible();
  await expect(config.field('Largest batch')).toBeDisabled();
  await expect(config.field('Largest batch')).toHaveValue('4');
  expect(await readFile(path, 'utf8')).toBe(before);

  await page.reload();
  await app.isConnected();
  await expect(config.state).toHaveText(/^Draft, not valid \(line 2: .+\)$/);
  await config.show('Text');
  await expect(config.editor.locator('.view-lines')).toContainText('max_batch_size: many');
});

test('undo and redo are shared by form and text', async ({ app, workbench }) => {
  const { config } = app.model;
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  const path = join(workbench.repository, 'batchable', 'config.pbtxt');
  const first = await readFile(path, 'utf8');
  await config.field('Largest batch').fill('8');
  await config.isSaved();
  await config.show('Text');
  await config.append('# a note\n');
  await config.isSaved();
  await expect.poll(() => readFile(path, 'utf8')).toContain('# a note');
  await config.show('Form');
  await config.undo();
  await expect.poll(() => readFile(path, 'utf8')).not.toContain('# a note');
  await expect(config.field('Largest batch')).toHaveValue('8');
  await config.undo();
  await expect(config.field('Largest batch')).toHaveValue('4');
  await expect.poll(() => readFile(path, 'utf8')).toBe(first);
  await config.redo();
  await config.redo();
  await expect.poll(() => readFile(path, 'utf8')).toContain('# a note');
});

test('an edit is still there after the page is loaded again', async ({ app, page }) => {
  const { config } = app.model;
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  await config.field('Largest batch').fill('12');
  await config.isSaved();
  await page.reload();
  await app.isConnected();
  await expect(app.model.name).toHaveText('batchable');
  await expect(config.field('Largest batch')).toHaveValue('12');
});

test('the file changed by another program is taken over', async ({ app, workbench }) => {
  const { config } = app.model;
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  const path = join(workbench.repository, 'batchable', 'config.pbtxt');
  await writeFile(path, (await readFile(path, 'utf8')).replace('max_batch_size: 4', 'max_batch_size: 5'));
  await expect(config.field('Largest batch')).toHaveValue('5');
});

test('what the server would refuse is said before it is served, in Triton’s words', async ({ app }) => {
  const { config } = app.model;
  await app.addPath(fixture('fixed-batch.onnx'), 'fixed-batch');
  await config.field('Largest batch').fill('8');
  await expect(config.check).toContainText('The server would refuse this config:');
  await expect(config.check).toContainText(/for the model to support batching the shape should have/);
});

test('the config can be generated again', async ({ app, workbench }) => {
  const { config } = app.model;
  await app.addPath(fixture('batchable.onnx'), 'batchable');
  const path = join(workbench.repository, 'batchable', 'config.pbtxt');
  const generated = await readFile(path, 'utf8');
  await config.field('Largest batch').fill('9');
  await config.isSaved();
  await config.panel.getByRole('button', { name: 'More for the config' }).click();
  await config.panel.page().getByRole('menuitem', { name: 'Generate again from the model' }).click();
  await expect(config.field('Largest batch')).toHaveValue('4');
  await expect.poll(() => readFile(path, 'utf8')).toBe(generated);
});
