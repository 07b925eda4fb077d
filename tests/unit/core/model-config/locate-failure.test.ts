import { expect, test } from 'vitest';
import { locateFailure } from '../../../../app/core/model-config/locate-failure.ts';
import { parseModelConfig } from '../../../../app/core/model-config/parse-config.ts';

const TEXT = `name: "shop"
max_batch_size: 8
input [
  { name: "a" data_type: TYPE_FP32 dims: [ 3 ] },
  { name: "b" data_type: TYPE_FP32 dims: [ 4 ] }
]
output { name: "y" data_type: TYPE_FP32 dims: [ 5 ] }
dynamic_batching {
  preferred_batch_size: [ 16 ]
}
instance_group [ { kind: KIND_GPU } ]
`;

test.each([
  ["model 'shop', tensor 'b': the model expects 1 dimensions (shape [-1]) but …", 'dims: [ 4 ]'],
  ["model 'shop', tensor 'y': the model expects 1 dimensions (shape [-1]) but …", 'dims: [ 5 ]'],
  ['dynamic batching preferred size must be <= max batch size for shop', 'preferred_batch_size: [ 16 ]'],
  ["unexpected directory name 'd' for model 'shop', directory name must equal model name", 'name: "shop"'],
  [
    'instance group shop_0 of model shop has kind KIND_GPU but server does not support GPUs',
    'instance_group [ { kind: KIND_GPU } ]',
  ],
  [
    "autofill failed for model 'shop': model does not support batching while non-zero max_batch_size is specified",
    'max_batch_size: 8',
  ],
  ["unexpected inference input 'b', allowed inputs are: a", 'name: "b"'],
  [
    "unable to load model 'shop', configuration expects datatype TYPE_FP32 for output 'y', model provides TYPE_INT64",
    'data_type: TYPE_FP32',
  ],
  ['something about nothing that is written', 'name: "shop"'],
])('%s', (message, place) => {
  const { document } = parseModelConfig(TEXT);
  const { range } = locateFailure(document, message);
  const line = TEXT.split('\n')[range.startLine - 1] ?? '';
  expect(range.endLine).toBe(range.startLine);
  expect(line.slice(range.startColumn - 1, range.endColumn - 1)).toBe(place);
});
