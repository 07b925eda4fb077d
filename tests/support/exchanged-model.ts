import type { OnnxModel } from '../../app/core/formats/onnx/onnx-graph.ts';
import { writeOnnx } from '../../app/core/formats/onnx/write-onnx.ts';

const INT32 = 6;
const valueOf = (name: string) => ({ name, type: INT32, dims: ['batch', 16] });
const model: OnnxModel = {
  producer: 'test',
  opset: 17,
  nodes: [
    { operator: 'Sub', inputs: ['INPUT0', 'INPUT1'], outputs: ['OUTPUT0'], attributes: {} },
    { operator: 'Add', inputs: ['INPUT0', 'INPUT1'], outputs: ['OUTPUT1'], attributes: {} },
  ],
  initializers: [],
  inputs: ['INPUT0', 'INPUT1'].map(valueOf),
  outputs: ['OUTPUT0', 'OUTPUT1'].map(valueOf),
};

/** The sample add_sub with its outputs exchanged: an ONNX file. */
export const SUB_ADD = writeOnnx(model);
