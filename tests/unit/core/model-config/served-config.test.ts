import { expect, test } from 'vitest';
import { filesOfServedConfig, printServedConfig } from '../../../../app/core/model-config/served-config.ts';

const SERVED = JSON.stringify({
  name: 'resnet',
  platform: 'onnxruntime_onnx',
  backend: 'onnxruntime',
  runtime: '',
  max_batch_size: 8,
  input: [{ name: 'x', data_type: 'TYPE_FP32', dims: [3, -1], optional: false }],
  output: [{ name: 'y', data_type: 'TYPE_FP32', dims: [1000], label_filename: 'labels.txt' }],
  batch_input: [],
  dynamic_batching: {},
  default_model_filename: 'model.onnx',
  cc_model_filenames: {},
});

test('a served config becomes config.pbtxt without the fields that hold nothing', () => {
  const text = printServedConfig(SERVED);
  expect(text).toContain('max_batch_size: 8');
  expect(text).toContain('dims: [ 3, -1 ]');
  expect(text).toMatch(/dynamic_batching/);
  expect(text).not.toMatch(/^runtime|optional|batch_input|cc_model_filenames/m);
});

test('the files that a server does not give out are named, by version', () => {
  expect(filesOfServedConfig(SERVED, ['1', '3'])).toEqual(['1/model.onnx', '3/model.onnx', 'labels.txt']);
  expect(filesOfServedConfig('{"backend":"mine"}', ['1'])).toEqual(['1/']);
  expect(filesOfServedConfig('{"platform":"ensemble"}', ['1'])).toEqual([]);
});
