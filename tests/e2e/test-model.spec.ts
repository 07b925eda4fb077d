import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tensorOf } from '../../app/core/tensors/elements.ts';
import { readNpy, writeNpy } from '../../app/core/tensors/npy.ts';
import { readNpz, writeNpz } from '../../app/core/tensors/npz.ts';
import { expect, fixture, sample, test } from '../support/workbench-test.ts';

/** Values that show whether a datatype comes back exactly: the ends of its range and what floats would round. */
const ROUND_TRIPS: Readonly<Record<string, readonly [json: string, shown: readonly string[]]>> = {
  bool: ['[[true, false, 1, 0]]', ['true', 'false', 'true', 'false']],
  uint8: ['[[0, 1, 128, 255]]', ['0', '1', '128', '255']],
  uint16: ['[[0, 1, 256, 65535]]', ['0', '1', '256', '65535']],
  uint32: ['[[0, 1, 65536, 4294967295]]', ['0', '1', '65536', '4294967295']],
  uint64: [
    '[[0, 1, 9007199254740993, 18446744073709551615]]',
    ['0', '1', '9007199254740993', '18446744073709551615'],
  ],
  int8: ['[[-128, -1, 0, 127]]', ['-128', '-1', '0', '127']],
  int16: ['[[-32768, -1, 0, 32767]]', ['-32768', '-1', '0', '32767']],
  int32: ['[[-2147483648, -1, 0, 2147483647]]', ['-2147483648', '-1', '0', '2147483647']],
  int64: [
    '[[-9223372036854775808, 9007199254740993, -9007199254740993, 9223372036854775807]]',
    ['-9223372036854775808', '9007199254740993', '-9007199254740993', '9223372036854775807'],
  ],
  fp16: ['[[0, -1.5, 65504, 0.333]]', ['0', '-1.5', '65504', '0.3330078']],
  fp32: ['[[0.1, -1.5, 3.4028235e38, 1.1754944e-38]]', ['0.1', '-1.5', '3.4028235e+38', '1.1754944e-38']],
  fp64: ['[[0.1, -0.0, 1.7976931348623157e308, 5e-324]]', ['0.1', '-0', '1.7976931348623157e+308', '5e-324']],
};

for (const [datatype, [json, shown]] of Object.entries(ROUND_TRIPS)) {
  test(`${datatype.toUpperCase()} values come back exactly`, async ({ app }) => {
    const { test: form } = app.model;
    await app.serve(fixture(`identity-${datatype}.onnx`), `identity-${datatype}`);
    await expect(form.headline).toHaveText('Your model answered. Now try real data.');
    await form.pasteJson('input', json);
    await form.run();
    expect(await form.values('output')).toEqual(shown);
    if (datatype === 'fp16') return;
    await form.chooseProtocol('JSON');
    await form.run();
    expect(await form.values('output'), 'as plain JSON').toEqual(shown);
  });
}

test('BYTES travel as text in every script', async ({ app, page }) => {
  const { test: form } = app.model;
  const texts = ['Grüße, 世界', '🐚 conch', '“quoted” \\ and a comma,', ' '];
  await app.serve(fixture('identity-bytes.onnx'), 'identity-bytes');
  await form.chooseSource('input', 'Text');
  await page.getByRole('textbox', { name: 'Text of input' }).fill(texts.join('\n'));
  for (const protocol of ['Binary', 'JSON'] as const) {
    await form.chooseProtocol(protocol);
    await form.run();
    await expect(form.texts('output')).toHaveCount(4);
    for (const [index, text] of texts.slice(0, 3).entries())
      await expect(form.texts('output').nth(index)).toContainText(text);
  }
});

test('a BF16 model is refused in words, because the runtime here cannot pass such values', async ({
  app,
}) => {
  await app.home.addPath(fixture('identity-bf16.onnx'));
  const sentence = app.page.getByText(/BF16, which the embedded ONNX Runtime cannot send or receive/);
  await expect(sentence.first()).toBeVisible();
  await expect(app.model.serveButton()).toHaveCount(0);
});

const RANKS = [
  { rank: 0, model: 'scalar', input: 'input', json: '7', output: 'output', answer: ['7'] },
  {
    rank: 2,
    model: 'identity-fp32',
    input: 'input',
    json: '[[1, 2, 3, 4], [5, 6, 7, 8]]',
    output: 'output',
    answer: ['1', '2', '3', '4', '5', '6', '7', '8'],
  },
  {
    rank: 3,
    model: 'two-dynamic-dims',
    input: 'x',
    json: '[[[1, 2, 3], [4, 5, 6]]]',
    output: 'y',
    answer: ['1', '4', '2', '5', '3', '6'],
  },
];

for (const { rank, model, input, json, output, answer } of RANKS) {
  test(`a tensor of rank ${rank} is sent and shown`, async ({ app }) => {
    const { test: form } = app.model;
    await app.serve(fixture(`${model}.onnx`), model);
    await form.pasteJson(input, json);
    await form.run();
    expect(await form.values(output)).toEqual(answer);
  });
}

test('a tensor of rank 4 is shown a slice at a time', async ({ app }) => {
  const { test: form } = app.model;
  await app.home.trySample('Handwritten digits');
  await app.model.isReady();
  await form.setSize('batch', 3);
  await form.chooseSource('image', 'Grid');
  const slice = form.input('image').getByRole('group', { name: 'Slice of image' });
  await slice.getByRole('textbox', { name: 'Index on axis 0' }).fill('2');
  await expect(form.input('image').getByRole('textbox', { name: 'image [2, 0, 7, 7]' })).toBeVisible();
  await form.run();
  await expect(form.output('probabilities')).toHaveAccessibleName('probabilities FP32 [3, 10]');
});

test('generators make zeros, ones, a constant, a count and the same random values for the same seed', async ({
  app,
}) => {
  const { test: form } = app.model;
  await app.serve(fixture('identity-fp32.onnx'), 'identity-fp32');
  const outcome = async (kind: string, settings: Record<string, string> = {}) => {
    await form.chooseGenerator('input', kind, settings);
    await form.run();
    return form.values('output');
  };
  expect(await outcome('Zeros')).toEqual(['0', '0', '0', '0']);
  expect(await outcome('Ones')).toEqual(['1', '1', '1', '1']);
  expect(await outcome('Constant', { Value: '2.5' })).toEqual(['2.5', '2.5', '2.5', '2.5']);
  expect(await outcome('Counting (arange)', { Start: '3', Step: '-2' })).toEqual(['3', '1', '-1', '-3']);
  const first = await outcome('Random', { Minimum: '10', Maximum: '20', Seed: '7' });
  expect(first.every((value) => Number(value) >= 10 && Number(value) < 20)).toBe(true);
  expect(await outcome('Random', { Minimum: '10', Maximum: '20', Seed: '8' })).not.toEqual(first);
  expect(await outcome('Random', { Minimum: '10', Maximum: '20', Seed: '7' })).toEqual(first);
});

test('the values of a small tensor are typed cell by cell', async ({ app, page }) => {
  const { test: form } = app.model;
  await app.serve(fixture('identity-int64.onnx'), 'identity-int64');
  await form.chooseSource('input', 'Grid');
  for (const [index, value] of ['9007199254740993', '-5', '0', '12'].entries())
    await page.getByRole('textbox', { name: `input [0, ${index}]` }).fill(value);
  await form.run();
  expect(await form.values('output')).toEqual(['9007199254740993', '-5', '0', '12']);
  await page.getByRole('textbox', { name: 'input [0, 1]' }).fill('1.5');
  await expect(form.input('input')).toContainText('INT64 takes whole numbers, not 1.5.');
});

test('a .npy and a .npz file are sent as they are', async ({ app, workbench }) => {
  const { test: form } = app.model;
  const one = tensorOf('FP32', [2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
  const npy = join(workbench.scratch, 'one.npy');
  const npz = join(workbench.scratch, 'many.npz');
  await writeFile(npy, writeNpy(one));
  const other = tensorOf('FP32', [1, 4], [9, 8, 7, 6]);
  await writeFile(
    npz,
    writeNpz([
      { name: 'other', ...one },
      { name: 'input', ...other },
    ]),
  );
  await app.serve(fixture('identity-fp32.onnx'), 'identity-fp32');
  await form.chooseFile('input', npy);
  await form.run();
  expect(await form.values('output')).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
  await expect(form.size('batch'), 'the file brings its batch size').toHaveValue('2');
  await form.chooseFile('input', npz);
  await form.run();
  expect(await form.values('output')).toEqual(['9', '8', '7', '6']);
});

test('a .npy file can be dropped onto an input', async ({ app, workbench }) => {
  const { test: form } = app.model;
  const npy = join(workbench.scratch, 'dropped.npy');
  await writeFile(npy, writeNpy(tensorOf('INT32', [1, 4], [4, 3, 2, 1])));
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  await form.chooseSource('input', 'File');
  await app.drop([npy], form.input('input').getByRole('button', { name: /^Drop or choose/ }));
  await expect(form.input('input')).toContainText('dropped.npy');
  await form.run();
  expect(await form.values('output')).toEqual(['4', '3', '2', '1']);
});

test('sizes that the model leaves open are asked once and remembered', async ({ app, page, workbench }) => {
  const { test: form } = app.model;
  await app.serve(fixture('two-dynamic-dims.onnx'), 'two-dynamic-dims');
  await form.setSize('rows', 2);
  await form.setSize('columns', 5);
  await form.run();
  expect(await form.values('y')).toHaveLength(10);
  await page.reload();
  await app.isConnected();
  await expect(form.size('rows')).toHaveValue('2');
  await expect(form.size('columns')).toHaveValue('5');

  await workbench.stop();
  await workbench.start();
  await page.evaluate(() => sessionStorage.clear());
  await app.open(workbench.url());
  await app.openModel('two-dynamic-dims');
  await app.model.openTab('Test');
  await expect(form.size('rows'), 'after a new start').toHaveValue('2');
  await expect(form.size('columns')).toHaveValue('5');
});

test('the digits sample names the digit of a picture and of an array', async ({ app }) => {
  const { test: form } = app.model;
  await app.home.trySample('Handwritten digits');
  await app.model.isReady();
  await expect(form.topClasses('probabilities').first(), 'the example is a three').toContainText('3');
  for (const digit of ['7', '4']) {
    await form.chooseFile('image', sample(`digits/try/${digit}.npy`));
    await form.run();
    await expect(form.topClasses('probabilities').first()).toContainText(new RegExp(`^${digit}`));
  }
  for (const digit of ['0', '9']) {
    await form.choosePicture('image', sample(`digits/try/${digit}.png`));
    await form.run();
    await expect(form.topClasses('probabilities').first()).toContainText(new RegExp(`^${digit}`));
  }
});

test('a result has shape, datatype and statistics, and counts what is not a number', async ({ app }) => {
  const { test: form } = app.model;
  await app.serve(fixture('identity-fp32.onnx'), 'identity-fp32');
  await form.chooseSource('input', 'Grid');
  for (const [index, value] of ['1', 'nan', '-inf', '3'].entries())
    await app.page.getByRole('textbox', { name: `input [0, ${index}]` }).fill(value);
  await form.run();
  await expect(form.output('output')).toHaveAccessibleName('output FP32 [1, 4]');
  await expect(form.statistic('output', 'max')).toHaveText('3');
  await expect(form.statistic('output', 'mean')).toHaveText('2');
  await expect(form.statistic('output', 'std')).toHaveText('1');
  await expect(form.statistic('output', 'NaN')).toHaveText('1');
  await expect(form.statistic('output', 'Inf')).toHaveText('1');
});

test('an output is saved as .npy and JSON, byte for byte what was answered', async ({ app }) => {
  const { test: form } = app.model;
  await app.serve(fixture('identity-int64.onnx'), 'identity-int64');
  await form.pasteJson('input', '[[9007199254740993, -1, 0, 5]]');
  await form.run();
  const expected = tensorOf('INT64', [1, 4], [9007199254740993n, -1n, 0n, 5n]);
  const npy = await form.save('output', 'Save as .npy');
  expect(npy.suggestedFilename()).toBe('output.npy');
  const bytes = await readFile(await npy.path());
  expect(bytes.equals(Buffer.from(writeNpy(expected)))).toBe(true);
  expect(readNpy(new Uint8Array(bytes))).toEqual(expected);
  const json = await form.save('output', 'Save as JSON');
  expect(json.suggestedFilename()).toBe('output.json');
  expect(await readFile(await json.path(), 'utf8')).toBe('[[9007199254740993,-1,0,5]]\n');
  const npz = await form.saveAll('All outputs as .npz');
  expect(readNpz(new Uint8Array(await readFile(await npz.path())))).toEqual([
    { name: 'output', ...expected },
  ]);
});

test('Ctrl+Enter runs from anywhere in the form', async ({ app, page }) => {
  const { test: form } = app.model;
  await app.serve(fixture('identity-fp32.onnx'), 'identity-fp32');
  await form.pasteJson('input', '[[1, 2, 3, 4]]');
  const before = await form.sentAt();
  await page.keyboard.press('Control+Enter');
  await form.finishedAfter(before);
  expect(await form.values('output')).toEqual(['1', '2', '3', '4']);
});

test('a request that fails shows the server’s own words and ours', async ({ app }) => {
  const { test: form } = app.model;
  await app.serve(fixture('identity-fp32.onnx'), 'identity-fp32');
  await form.setSize('batch', 9);
  await form.chooseGenerator('input', 'Ones');
  await form.run();
  await expect(form.failure).toContainText('HTTP 400');
  await expect(form.failure).toContainText(
    /\[request id: [\w-]+\] inference request batch-size must be <= 4 for 'identity-fp32'/,
  );
  await expect(form.failure).toContainText('The request holds more than 4 items.');
  await expect(form.failure).toContainText('What to do:');
});

test('a request is found in the history and opened again', async ({ app }) => {
  const { test: form, history } = app.model;
  await app.serve(fixture('identity-int64.onnx'), 'identity-int64');
  await form.pasteJson('input', '[[11, 22, 33, 44]]');
  await form.run();
  await form.pasteJson('input', '[[1, 1, 1, 1]]');
  await form.run();
  await app.model.openTab('History');
  await expect(history.entries).toHaveCount(3);
  await history.search('first request');
  await expect(history.entries).toHaveCount(1);
  await history.search('');
  await history.entries.nth(1).click();
  await expect(history.details).toContainText('33');
  await history.openInTest();
  await expect(form.input('input')).toBeVisible();
  await form.run();
  expect(await form.values('output')).toEqual(['11', '22', '33', '44']);
});

test('an optional input may be left out or sent', async ({ app }) => {
  const { test: form } = app.model;
  await app.serve(fixture('optional-input.onnx'), 'optional-input');
  await expect(form.headline).toHaveText('Your model answered. Now try real data.');
  await form.pasteJson('x', '[[1, 2, 3, 4]]');
  await form.run();
  expect(await form.values('y')).toEqual(['2', '4', '6', '8']);
});
