import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeInferRequest, encodeInferRequest } from '../../../../app/core/open-inference/infer-request.ts';
import {
  decodeInferResponse,
  encodeInferResponse,
} from '../../../../app/core/open-inference/infer-response.ts';
import { printDouble } from '../../../../app/core/open-inference/json-double.ts';
import { printString } from '../../../../app/core/open-inference/json-text.ts';

const CONTEXT = { modelName: 'm', maxInputBytes: 1024 };

test('what a client encodes is what a server decodes', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.uint8Array({ maxLength: 64 }),
      fc.string({ minLength: 1 }),
      (id, data, name) => {
        const { header, blocks } = encodeInferRequest({
          id,
          inputs: [{ name, datatype: 'UINT8', shape: [data.byteLength], data }],
          outputs: [{ name: 'y', classification: 3 }],
          parameters: { priority: 2 },
        });
        const request = decodeInferRequest(header, blocks[0] ?? new Uint8Array(), CONTEXT);
        expect(request).toMatchObject({
          id,
          control: { priority: 2n },
          inputs: [{ name, datatype: 'UINT8', shape: [data.byteLength] }],
          outputs: [{ name: 'y', isBinary: true, classification: 3 }],
        });
        expect([...(request.inputs[0]?.data ?? [])]).toEqual([...data]);
      },
    ),
  );
});

test('what a server encodes is what a client decodes, binary and JSON mixed', () => {
  const response = {
    id: 'a"b',
    modelName: 'm',
    modelVersion: '3',
    parameters: [['p', 1.5]] as const,
    outputs: [
      { name: 'x', datatype: 'FP16' as const, shape: [1], data: new Uint8Array([1, 2]), isBinary: true },
      {
        name: 'y',
        datatype: 'INT64' as const,
        shape: [1],
        data: new Uint8Array(new BigInt64Array([-(2n ** 63n)]).buffer),
        isBinary: false,
      },
    ],
  };
  const { header, blocks } = encodeInferResponse(response);
  const head = new TextEncoder().encode(header);
  const body = new Uint8Array([...head, ...blocks.flatMap((block) => Array.from(block))]);
  const decoded = decodeInferResponse(body, head.byteLength);
  expect(decoded).toMatchObject({ id: 'a"b', modelName: 'm', modelVersion: '3' });
  expect(decoded.outputs.map(({ data }) => Array.from(data))).toEqual(
    response.outputs.map(({ data }) => Array.from(data)),
  );
});

test('FP16 has no JSON form, and an answer cut short is noticed', () => {
  const output = {
    name: 'x',
    datatype: 'FP16' as const,
    shape: [1],
    data: new Uint8Array(2),
    isBinary: false,
  };
  const response = { id: '', modelName: 'm', modelVersion: '1', parameters: [], outputs: [output] };
  expect(() => encodeInferResponse(response)).toThrow('sending FP16 data via JSON is not supported');
  const { header } = encodeInferResponse({ ...response, outputs: [{ ...output, isBinary: true }] });
  const head = new TextEncoder().encode(header);
  expect(() => decodeInferResponse(head, head.byteLength)).toThrow('shorter than its outputs say');
});

test.each([
  [0.1, '0.1'],
  [1, '1.0'],
  [-0, '-0.0'],
  [1e21, '1e21'],
  [1e20, '100000000000000000000.0'],
  [1.5e-7, '1.5e-7'],
  [Number.NaN, 'NaN'],
  [-Infinity, '-Infinity'],
])('%d prints as %s', (value, text) => {
  expect(printDouble(value)).toBe(text);
});

test('strings escape what rapidjson escapes and nothing else', () => {
  expect(printString('é/"\\\n\u0001')).toBe(String.raw`"é/\"\\\n\u0001"`);
});
