import { execFileSync } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeInferRequest } from '../../../app/core/open-inference/infer-request.ts';
import { CHECKOUT } from '../product-process.ts';

/** A tensor of a benchmark's model; `dims` without the batch. */
interface ModelTensor {
  readonly name: string;
  readonly datatype: 'FP32' | 'INT32' | 'INT64';
  readonly dims: readonly number[];
}

/** A model that every server of the benchmark serves. */
export interface ServingModel {
  readonly name: string;
  readonly title: string;
  readonly maxBatchSize: number;
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
}

const fp32 = (name: string, ...dims: number[]): ModelTensor => ({ name, datatype: 'FP32', dims });
const int32 = (name: string): ModelTensor => ({ name, datatype: 'INT32', dims: [16] });

export const SERVING_MODELS: readonly ServingModel[] = [
  {
    name: 'add_sub',
    title: 'add and sub of 2 × 16 INT32',
    maxBatchSize: 64,
    inputs: [int32('INPUT0'), int32('INPUT1')],
    outputs: [int32('OUTPUT0'), int32('OUTPUT1')],
  },
  {
    name: 'mlp',
    title: 'MLP 784-256-10',
    maxBatchSize: 64,
    inputs: [fp32('input', 784)],
    outputs: [fp32('output', 10)],
  },
  {
    name: 'digits',
    title: 'digits CNN',
    maxBatchSize: 32,
    inputs: [fp32('image', 1, 8, 8)],
    outputs: [fp32('probabilities', 10)],
  },
  {
    name: 'resnet18',
    title: 'ResNet-18',
    maxBatchSize: 8,
    inputs: [fp32('image', 3, 224, 224)],
    outputs: [fp32('logits', 1000)],
  },
  {
    name: 'bert_tiny',
    title: 'BERT-tiny, 128 tokens',
    maxBatchSize: 32,
    inputs: [{ name: 'input_ids', datatype: 'INT64', dims: [128] }],
    outputs: [fp32('pooled', 128)],
  },
];

/** Writes the ONNX files into `folder`, with the Python that has the package onnx. */
export async function writeServingModels(python: string, folder: string): Promise<void> {
  execFileSync(python, [join(CHECKOUT, 'tests/bench/serving/make-models.py'), folder]);
  await cp(join(CHECKOUT, 'sample-models/digits/1/model.onnx'), onnxFileOf(folder, 'digits'));
}

/** Where {@link writeServingModels} puts a model. */
export function onnxFileOf(folder: string, name: string): string {
  return join(folder, `${name}.onnx`);
}

function printTensors(tensors: readonly ModelTensor[]): string {
  return tensors
    .map(
      ({ name, datatype, dims }) =>
        `{ name: "${name}" data_type: TYPE_${datatype} dims: [ ${dims.join()} ] }`,
    )
    .join(', ');
}

/** Adds a model to a repository under `name`; `section` is what the config says besides: its scheduler, for one. */
export async function addToRepository(
  repository: string,
  name: string,
  { maxBatchSize, inputs, outputs }: ServingModel,
  onnxFile: string,
  section: string,
): Promise<string> {
  const folder = join(repository, name);
  await mkdir(join(folder, '1'), { recursive: true });
  await cp(onnxFile, join(folder, '1/model.onnx'));
  const config = `max_batch_size: ${maxBatchSize}
input [ ${printTensors(inputs)} ]
output [ ${printTensors(outputs)} ]
${section}
`;
  await writeFile(join(folder, 'config.pbtxt'), config);
  return folder;
}

const ONES = {
  FP32: (count: number) => new Float32Array(count).fill(0.5),
  INT32: (count: number) => new Int32Array(count).fill(1),
  INT64: (count: number) => new BigInt64Array(count).fill(1n),
} as const;

const sizeOf = ({ dims }: ModelTensor): number => dims.reduce((product, dim) => product * dim, 1);

/** What one request sends: the tensors' bytes one after the other, as JSON, or as the protocol's header and bytes. */
export function requestBodies({ inputs }: ServingModel): {
  readonly raw: Buffer;
  readonly json: Buffer;
  readonly binary: { readonly body: Buffer; readonly headerLength: number };
} {
  const tensors = inputs.map((input) => ({ ...input, values: ONES[input.datatype](sizeOf(input)) }));
  const asked = tensors.map(({ name, datatype, dims, values }) => ({
    name,
    datatype,
    shape: [1, ...dims],
    data: new Uint8Array(values.buffer),
  }));
  const json = tensors.map(({ name, datatype, dims, values }) => ({
    name,
    datatype,
    shape: [1, ...dims],
    data: Array.from(values, Number),
  }));
  const { header, blocks } = encodeInferRequest({ inputs: asked });
  return {
    raw: Buffer.concat(asked.map(({ data }) => data)),
    json: Buffer.from(JSON.stringify({ inputs: json })),
    binary: { body: Buffer.concat([header, ...blocks]), headerLength: header.byteLength },
  };
}
