import { expect, test } from 'vitest';
import { analyzeConfig } from '../../../../renderer/config/analyze-config.ts';
import { signatureRows } from '../../../../renderer/models/signature-rows.ts';
import { fixtureModels } from '../../../support/fixture-models.ts';

const modelNamed = (name: string) => {
  const model = fixtureModels().find((model) => model.name === name);
  if (model?.description == null) throw new Error(`no ${name}`);
  return { ...model, description: model.description };
};

test('shows the config dims beside the shape that clients send, batch in front', () => {
  const model = modelNamed('digits');
  const { inputs, outputs } = signatureRows(model.description, analyzeConfig(model.config.text, model, 0));
  expect(inputs[0]).toMatchObject({
    name: 'image',
    configDims: '[1, 8, 8]',
    wireShape: '[batch ≤ 8, 1, 8, 8]',
  });
  expect(outputs[0]).toMatchObject({ name: 'scores', configDims: '[10]', wireShape: '[batch ≤ 8, 10]' });
});

test('without a batch dimension clients send exactly the dims', () => {
  const model = modelNamed('add_sub');
  const { inputs } = signatureRows(model.description, analyzeConfig(model.config.text, model, 0));
  expect(inputs[0]).toMatchObject({ configDims: '[16]', wireShape: '[16]' });
});

test('symbolic names of the model stand in the shape where a size is free', () => {
  const model = modelNamed('shout');
  const { inputs } = signatureRows(model.description, analyzeConfig(model.config.text, model, 0));
  expect(inputs[0]?.wireShape).toBe('[batch ≤ 8, words]');
});

test('a tensor that only the config names is shown as not in the model', () => {
  const model = modelNamed('resnet50_with_a_rather_long_name_v2_final_really');
  const rows = signatureRows(model.description, analyzeConfig(model.config.text, model, 0)).inputs;
  expect(rows.map(({ name, tensor }) => [name, tensor !== null])).toEqual([
    ['input', true],
    ['input_0', false],
  ]);
});

test('a text that cannot be read has its first error and no effective config', () => {
  const model = modelNamed('digits');
  const analysis = analyzeConfig('name: "digits"\nmax_batch_size: x', model, 0);
  expect(analysis.firstError?.range.startLine).toBe(2);
  expect(analysis.effective.kind).toBe('unread');
});

test('a config that Triton refuses has its words', () => {
  const model = modelNamed('digits');
  const analysis = analyzeConfig('name: "other"\nbackend: "onnxruntime"', model, 0);
  expect(analysis.effective).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining("unexpected directory name 'digits' for model 'other'") as string,
  });
});

test('a config that does not fit the model is refused in the words of the backend', () => {
  const model = modelNamed('add_sub');
  const analysis = analyzeConfig(
    model.config.text.replace('max_batch_size: 0', 'max_batch_size: 8'),
    model,
    0,
  );
  expect(analysis.effective).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('add_sub') as string,
  });
});
