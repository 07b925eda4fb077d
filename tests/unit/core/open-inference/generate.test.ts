import { describe, expect, test } from 'vitest';
import { decodeGenerateRequest } from '../../../../app/core/open-inference/generate-request.ts';
import {
  encodeGenerateResponse,
  printGenerateFailure,
  printServerSentEvent,
} from '../../../../app/core/open-inference/generate-response.ts';
import { servedSignature } from '../../../../app/core/open-inference/served-signature.ts';

const signature = servedSignature({
  name: 'm',
  max_batch_size: 8,
  input: [
    { name: 'text', data_type: 'TYPE_STRING', dims: [1] },
    { name: 'ids', data_type: 'TYPE_INT32', dims: [-1] },
    { name: 'pairs', data_type: 'TYPE_FP32', dims: [-1, 2] },
    { name: 'half', data_type: 'TYPE_FP16', dims: [-1] },
    { name: 'flag', data_type: 'TYPE_BOOL', dims: [1] },
  ],
  output: [],
});

const decode = (json: string): ReturnType<typeof decodeGenerateRequest> =>
  decodeGenerateRequest(new TextEncoder().encode(json), signature);

const shapes = (json: string): Record<string, readonly number[]> =>
  Object.fromEntries(decode(json).inputs.map(({ name, shape }) => [name, shape]));

describe('a generate request', () => {
  test('names inputs and parameters side by side, and more of both in parameters', () => {
    const request = decode(
      '{"id":"q","text":"hi","stream":false,"parameters":{"ids":[1,2,3],"top_k":5},"temperature":0.5,"triton_x":1}',
    );
    expect(request.id).toBe('q');
    expect(request.inputs.map(({ name, data }) => [name, [...data]])).toEqual([
      ['text', [2, 0, 0, 0, 104, 105]],
      ['ids', [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]],
    ]);
    expect(Object.fromEntries(request.parameters)).toEqual({
      stream: false,
      top_k: 5,
      temperature: 0.5,
      triton_x: 1,
    });
    expect(request.control.sequenceId).toBe(0n);
  });

  test('gives the elements to the innermost free dimension, the others are 1', () => {
    expect(shapes('{"text":"a","ids":[1,2],"pairs":[1,2,3,4]}')).toEqual({
      text: [1, 1],
      ids: [1, 2],
      pairs: [1, 2, 2],
    });
    expect(shapes('{"ids":7,"text":["a","b"]}')).toEqual({ ids: [1, 1], text: [2, 1] });
  });

  test.each([
    ['{"pairs":[1,2,3]}', "The schema can not convert input 'pairs' to tensor with proper shape"],
    ['{"text":5}', 'Unable to parse JSON bytes array: attempt to access JSON non-string as string'],
    ['{"text":null}', 'Unable to parse JSON bytes array: attempt to access JSON non-string as string'],
    ['{"ids":1.5}', "Unable to parse 'data': attempt to access JSON non-signed-integer as signed-integer"],
    ['{"ids":[[1,2],[3,4]]}', "Unable to parse 'data': Shape does not match true shape of 'data' field"],
    [
      '{"half":1}',
      'receiving FP16 data via JSON is not supported. Please use the binary data format for input half',
    ],
    ['{"x":[1]}', "parameter 'x' has invalid type. It should be either 'int', 'bool', or 'string'."],
    [
      '{"parameters":1}',
      "Expected JSON object for keyword: 'parameters': attempt to access JSON non-object as object",
    ],
    ['{"parameters":{"ids":"x"}}', "Converting keyword: 'parameters': Unable to parse 'data': "],
    ['{"ids":1,"parameters":{"ids":2}}', "input 'ids' already exists in request"],
    ['[]', 'attempt to get members for non-object'],
    ['', 'failed to parse the request JSON buffer: The document is empty. at 0'],
  ])('%s is refused', (json, text) => {
    expect(() => decode(json)).toThrow(text);
  });
});

describe('a generate response', () => {
  const response = {
    id: '',
    modelName: 'm',
    modelVersion: '1',
    parameters: [['sequence_id', 0]] as const,
    outputs: [
      { name: 'z', datatype: 'FP32' as const, shape: [1, 1], data: new Uint8Array(4), isBinary: false },
      { name: 'a', datatype: 'UINT8' as const, shape: [2], data: Uint8Array.of(1, 2), isBinary: false },
    ],
  };

  test('has its members sorted, a single element without an array', () => {
    expect(encodeGenerateResponse(response)).toBe(
      '{"a":[1,2],"model_name":"m","model_version":"1","sequence_id":0,"z":0.0}',
    );
  });

  test('that failed is the error body, in a stream as an event', () => {
    expect(printGenerateFailure('no', false)).toBe('{"error":"no"}');
    expect(printGenerateFailure('no', true)).toBe(printServerSentEvent('{"error":"no"}'));
    expect(printServerSentEvent('{}')).toBe('data: {}\n\n');
  });
});
