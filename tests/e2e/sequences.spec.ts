import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, fixture, test } from '../support/workbench-test.ts';

const CONFIG = `max_batch_size: 4
input { name: "INPUT" data_type: TYPE_INT32 dims: 1 }
output { name: "OUTPUT" data_type: TYPE_INT32 dims: 1 }
instance_group { kind: KIND_CPU count: 1 }
sequence_batching {
  max_sequence_idle_microseconds: 600000000
  direct {}
  state { input_name: "INPUT_STATE" output_name: "OUTPUT_STATE" data_type: TYPE_INT32 dims: 1 }
}
`;

async function writeRunningSum(folder: string): Promise<string> {
  const model = join(folder, 'running_sum');
  await mkdir(join(model, '1'), { recursive: true });
  await cp(fixture('sequence-sum.onnx'), join(model, '1', 'model.onnx'));
  await writeFile(join(model, 'config.pbtxt'), CONFIG);
  return model;
}

test('a sequence is sent request by request: start, next, end, and again from the history', async ({
  app,
}, testInfo) => {
  const { test: form } = app.model;
  await app.serve(await writeRunningSum(testInfo.outputPath()), 'running_sum');
  await app.model.openTab('Model');
  await expect(app.model.fact('Scheduling')).toHaveText(
    'Sequences, direct: 4 slots, one for each sequence until it ends; 600 s without a request ends a sequence.',
  );
  await app.model.openTab('Test');
  await expect(form.headline).toHaveText('Your model answered. Now try real data.');
  await expect(form.sequenceWords).toHaveText('Starts sequence 1.');
  await form.pasteJson('INPUT', '[[5]]');
  await form.run();
  expect(await form.values('OUTPUT')).toEqual(['5']);
  await expect(form.sequenceWords).toHaveText('Request 2 of sequence 1.');
  await form.run();
  expect(await form.values('OUTPUT')).toEqual(['10']);
  await form.setSequence('End', true);
  await expect(form.sequenceWords).toHaveText('Request 3 of sequence 1, and ends it.');
  await form.run();
  expect(await form.values('OUTPUT')).toEqual(['15']);
  await expect(form.sequenceWords).toHaveText('Starts sequence 1.');

  await test.step('a sequence that the server does not know is explained, and started by the next Run', async () => {
    await form.setSequence('Start', false);
    await form.run();
    await expect(form.failure).toContainText('The server does not know the sequence 1.');
    await expect(form.sequenceWords).toHaveText('Starts sequence 1.');
    await form.run();
    expect(await form.values('OUTPUT')).toEqual(['5']);
  });

  await test.step('another sequence runs beside it', async () => {
    await form.newSequence();
    await expect(form.sequenceWords).toHaveText('Starts sequence 2.');
    await form.run();
    expect(await form.values('OUTPUT')).toEqual(['5']);
    await form.setSequenceId('0');
    await expect(form.inputs).toContainText('0 means no sequence: take another number.');
  });

  await test.step('the history knows the place of each request', async () => {
    await app.model.openTab('History');
    await app.model.history.entries.nth(3).click();
    await app.model.history.openInTest();
    await expect(form.sequenceWords).toHaveText('Goes on with sequence 1, and ends it.');
  });
});
