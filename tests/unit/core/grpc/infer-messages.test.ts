import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readInferRequest } from '../../../../app/core/grpc/read-infer-request.ts';
import { readModelVersion } from '../../../../app/core/grpc/read-model-version.ts';
import { readWireInferRequest } from '../../../../app/core/grpc/wire-infer-request.ts';
import { writeInferResponse } from '../../../../app/core/grpc/write-infer-response.ts';
import { MalformedMessage } from '../../../../app/core/protobuf/message-reader.ts';
import { StatusError } from '../../../../app/core/status.ts';

const PROTOS = fileURLToPath(new URL('../../../../resources/proto', import.meta.url));
const definition = loadSync('grpc_service.proto', {
  includeDirs: [PROTOS],
  keepCase: true,
  longs: String,
});
const { ModelInfer, ModelStreamInfer } = definition['inference.GRPCInferenceService'] as unknown as Record<
  'ModelInfer' | 'ModelStreamInfer',
  { requestSerialize: (value: object) => Buffer; responseDeserialize: (bytes: Buffer) => object }
>;

function failureOf(action: () => unknown): unknown {
  try {
    action();
    return null;
  } catch (cause) {
    return cause;
  }
}

const read = (request: object) =>
  readInferRequest(readWireInferRequest(ModelInfer.requestSerialize(request)));
const ints = (...values: readonly number[]): object => ({ int_contents: values });
const input = (datatype: string, contents?: object, parameters: object = {}): object => ({
  name: 'x',
  datatype,
  shape: [1, 2],
  parameters,
  ...(contents ? { contents } : {}),
});
const bytesOf = (request: object): number[] => [...(read(request).inputs[0]?.data ?? [])];
const typed = (datatype: string, contents: object): number[] =>
  bytesOf({ inputs: [input(datatype, contents)] });

describe('typed contents become the tensor that the datatype says', () => {
  test.each([
    ['INT8', ints(-1, 300), [255, 44]],
    ['INT16', ints(-2, 65537), [254, 255, 1, 0]],
    ['INT32', ints(-1, 7), [255, 255, 255, 255, 7, 0, 0, 0]],
    ['UINT8', { uint_contents: [256, 3] }, [0, 3]],
    ['UINT16', { uint_contents: [65535, 1] }, [255, 255, 1, 0]],
    ['BOOL', { bool_contents: [true, false] }, [1, 0]],
    ['INT64', { int64_contents: ['-2'] }, [254, 255, 255, 255, 255, 255, 255, 255]],
    ['UINT64', { uint64_contents: ['18446744073709551615'] }, Array.from({ length: 8 }, () => 255)],
    ['FP32', { fp32_contents: [1] }, [0, 0, 128, 63]],
    ['FP64', { fp64_contents: [1] }, [0, 0, 0, 0, 0, 0, 240, 63]],
    ['BYTES', { bytes_contents: [Buffer.from('a'), Buffer.from('')] }, [1, 0, 0, 0, 97, 0, 0, 0, 0]],
  ])('%s', (datatype, contents, expected) => {
    expect(typed(datatype, contents)).toEqual(expected);
  });

  test('elements that are not packed, and contents in two parts, are read as one list', () => {
    const unpacked = Buffer.from([0x10, 1, 0x10, 2]);
    const second = Buffer.from([0x12, 1, 3]);
    const part = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0x2a, bytes.length]), bytes]);
    const tensor = Buffer.concat([Buffer.from([0x12, 4]), Buffer.from('INT8'), part(unpacked), part(second)]);
    const message = Buffer.concat([Buffer.from([0x2a, tensor.length]), tensor]);
    expect([...(readInferRequest(readWireInferRequest(message)).inputs[0]?.data ?? [])]).toEqual([1, 2, 3]);
  });
});

test('raw tensors are views into the message and go to the inputs in order, past those in shared memory', () => {
  const bytes = ModelInfer.requestSerialize({
    model_name: 'm',
    inputs: [
      { ...input('UINT8'), name: 'a' },
      { ...input('UINT8'), name: 'b' },
    ],
    raw_input_contents: [Buffer.from([1, 2]), Buffer.from([3, 4]), Buffer.from([5])],
  });
  const { inputs } = readInferRequest(readWireInferRequest(bytes));
  expect(inputs.map(({ data }) => [...data])).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(inputs[1]?.data.buffer).toBe(bytes.buffer);
});

test.each<[string, object, string]>([
  [
    'too few raw contents',
    { model_name: 'm', inputs: [input('UINT8')] },
    "unable to find data for input tensor 'x' for model 'm' in request.",
  ],
  [
    'both kinds of contents',
    { model_name: 'm', inputs: [input('INT32', ints(1))], raw_input_contents: [Buffer.from([1])] },
    "contents field must not be specified when using raw_input_contents for 'x' for model 'm'",
  ],
  [
    'the wrong field',
    { model_name: 'm', inputs: [input('FP16', { fp32_contents: [1] })] },
    "unexpected explicit tensor data for input tensor 'x' for model 'm' of type 'FP32', expected datatype 'FP16'",
  ],
  [
    'two fields',
    { model_name: 'm', inputs: [input('INT32', { ...ints(1), fp32_contents: [1] })] },
    "unexpected explicit tensor data for input tensor 'x' for model 'm', binary data was already supplied.",
  ],
  [
    'twins among the inputs',
    { inputs: [input('INT32', ints(1)), input('INT32', ints(1))] },
    "input 'x' already exists in request",
  ],
  [
    'twins among the outputs',
    { outputs: [{ name: 'y' }, { name: 'y' }] },
    "output 'y' already exists in request",
  ],
  [
    'a region without a size',
    { inputs: [input('INT32', undefined, { shared_memory_region: { string_param: 'r' } })] },
    "'shared_memory_byte_size' must be specified along with 'shared_memory_region' parameter for tensor 'x'",
  ],
  [
    'a size without a region',
    { inputs: [input('INT32', ints(1), { shared_memory_byte_size: { int64_param: 1 } })] },
    "'shared_memory_byte_size' can not be specified without 'shared_memory_region' parameter for tensor 'x'",
  ],
  [
    'a negative priority',
    { parameters: { priority: { int64_param: -1 } } },
    "invalid value for 'priority', expected value >= 0.",
  ],
  [
    'a sequence id of the wrong type',
    { parameters: { sequence_id: { uint64_param: 1 } } },
    "invalid value type for 'sequence_id' parameter, expected int64_param or string_param.",
  ],
  [
    'a reserved parameter',
    { parameters: { triton_x: { bool_param: true } } },
    "parameter keys starting with 'triton_' are reserved for Triton usage. Only the following keys starting with 'triton_' are allowed: triton_enable_empty_final_response",
  ],
  [
    'too many dimensions',
    { inputs: [{ name: 'x', datatype: 'INT32', shape: Array.from({ length: 33 }, () => 1) }] },
    'too many dimensions: a request may have 32',
  ],
  [
    'too many parameters',
    { parameters: Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`p${index}`, {}])) },
    'too many parameters of one kind: a request may have 256',
  ],
])('%s: refused in words', (_, request, text) => {
  expect(() => read(request)).toThrow(new StatusError('invalid-argument', text));
});

test('floods of tiny messages are refused before they become objects', () => {
  const flood = (pair: readonly number[], count: number): Buffer =>
    Buffer.alloc(pair.length * count).fill(Buffer.from(pair));
  expect(() => readWireInferRequest(flood([0x2a, 0], 5000))).toThrow('too many inputs');
  expect(() => readWireInferRequest(flood([0x3a, 0], 5000))).toThrow('too many raw_input_contents');
  expect(() => readWireInferRequest(flood([0x22, 0], 5000))).toThrow('too many parameters');
});

test('any bytes are a request or a clear failure', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(failureOf(() => readInferRequest(readWireInferRequest(bytes)))).toSatisfy(
        (cause) => cause === null || cause instanceof MalformedMessage || cause instanceof StatusError,
      );
    }),
    { numRuns: 3000 },
  );
});

test('an answer is what protobufjs reads, streamed or not', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }),
      fc.array(fc.integer({ min: 0 }), { maxLength: 4 }),
      (id, tensors, shape) => {
        const response = {
          id,
          modelName: 'modèle',
          modelVersion: '3',
          parameters: [
            ['text', 'x'],
            ['number', -5],
            ['half', 0.5],
            ['flag', false],
          ] as const,
          outputs: tensors.map((data, index) => ({
            name: `y${index}`,
            datatype: 'UINT8' as const,
            shape,
            data,
            isBinary: true,
          })),
        };
        const plain = writeInferResponse(response);
        const bytes = Buffer.concat(plain.parts);
        expect(bytes.byteLength).toBe(plain.byteLength);
        const theirs = ModelInfer.responseDeserialize(bytes) as { raw_output_contents?: Buffer[] };
        expect(theirs).toMatchObject({
          model_name: 'modèle',
          model_version: '3',
          parameters: {
            text: { string_param: 'x' },
            number: { int64_param: '-5' },
            half: { double_param: 0.5 },
            flag: { bool_param: false },
          },
        });
        expect(theirs.raw_output_contents?.map((each) => [...each]) ?? []).toEqual(
          tensors.map((each) => [...each]),
        );
        const streamed = Buffer.concat(writeInferResponse(response, true).parts);
        expect(ModelStreamInfer.responseDeserialize(streamed)).toEqual({ infer_response: theirs });
      },
    ),
  );
});

test.each([
  ['', null],
  ['7', '7'],
  ['1x', '1'],
  [' +2', '2'],
])('the version text %j names version %j', (text, version) => {
  expect(readModelVersion(text)).toBe(version);
});

test.each(['abc', '99999999999999999999', '-', 'x1'])(
  'the version text %j is refused as unreadable',
  (text) => {
    expect(() => readModelVersion(text)).toThrow(
      `failed to get model version from specified version string '${text}' (details: stol), version should be an integral value > 0`,
    );
  },
);

test('a negative version is refused', () => {
  expect(() => readModelVersion('-1')).toThrow("invalid model version specified '-1' , version should be");
});
