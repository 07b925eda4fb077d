import { expect, test } from 'vitest';
import { wireShapes } from '../../../../app/core/model-config/wire-shapes.ts';

test('a batch stands before the dims when the model takes batches', () => {
  const { inputs, outputs } = wireShapes({
    max_batch_size: 8,
    input: [{ name: 'x', data_type: 'TYPE_STRING', dims: [3, -1] }],
    output: [{ name: 'y', data_type: 'TYPE_FP32', dims: [1], reshape: { shape: [] } }],
  });
  expect(inputs).toEqual([{ name: 'x', datatype: 'BYTES', dims: [3, -1], wireShape: [-1, 3, -1] }]);
  expect(outputs).toEqual([{ name: 'y', datatype: 'FP32', dims: [1], wireShape: [-1, 1], reshape: [] }]);
});

test('dims are the wire shape when it does not', () => {
  const { inputs } = wireShapes({ input: [{ name: 'x', dims: [4], optional: true }] });
  expect(inputs).toEqual([{ name: 'x', datatype: null, dims: [4], wireShape: [4], optional: true }]);
});
