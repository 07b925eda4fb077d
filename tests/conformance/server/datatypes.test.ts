import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NamedTensor } from '../../../app/core/tensors/tensor.ts';
import { first, ServerUnderTest } from './server-under-test.ts';

const EXTREMES: Readonly<Record<string, Uint8Array>> = {
  BOOL: new Uint8Array([1, 0]),
  UINT8: new Uint8Array([0, 255]),
  UINT16: new Uint8Array(new Uint16Array([0, 65_535]).buffer),
  UINT32: new Uint8Array(new Uint32Array([0, 4_294_967_295]).buffer),
  UINT64: new Uint8Array(new BigUint64Array([2n ** 64n - 1n, 2n ** 53n + 1n]).buffer),
  INT8: new Uint8Array(new Int8Array([-128, 127]).buffer),
  INT16: new Uint8Array(new Int16Array([-32_768, 32_767]).buffer),
  INT32: new Uint8Array(new Int32Array([-(2 ** 31), 2 ** 31 - 1]).buffer),
  INT64: new Uint8Array(new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n]).buffer),
  FP16: new Uint8Array(new Uint16Array([0x3c_00, 0xfb_ff]).buffer),
  FP32: new Uint8Array(new Float32Array([-0, 3.402_823_5e38]).buffer),
  FP64: new Uint8Array(new Float64Array([5e-324, Number.NaN]).buffer),
  BYTES: Buffer.from([1, 0, 0, 0, 0x61, 3, 0, 0, 0, 0xe2, 0x82, 0xac]),
};

let server: ServerUnderTest;
beforeAll(async () => {
  server = await ServerUnderTest.start(
    {
      all: { file: 'all-datatypes.onnx' },
      int64: { file: 'identity-int64.onnx' },
      fp32: { file: 'identity-fp32.onnx' },
      bytes: { file: 'identity-bytes.onnx' },
      bf16: { file: 'identity-bf16.onnx' },
      classifier: { file: 'labelled-classifier.onnx' },
    },
    ['--exit-on-error=false'],
  );
});
afterAll(() => server.stop());

async function jsonInfer(model: string, data: string): Promise<string> {
  const { name, datatype, shape } = first(await server.inputsOf(model));
  const body = `{"inputs":[{"name":"${name}","datatype":"${datatype}","shape":[${shape.join(',')}],"data":[${data}]}]}`;
  const answer = await server.call(`/v2/models/${model}/infer`, { body });
  return answer.text;
}

test('every datatype that ONNX Runtime takes comes back bit for bit', async () => {
  const inputs = (await server.inputsOf('all')).map(({ name, datatype }): NamedTensor => ({
    name,
    datatype,
    shape: [1, 2],
    data: EXTREMES[datatype] ?? new Uint8Array(),
  }));
  expect(inputs.map(({ datatype }) => datatype as string).sort()).toEqual(Object.keys(EXTREMES).sort());
  const { outputs } = await server.infer('all', { inputs });
  for (const input of inputs) {
    const output = outputs.find(({ name }) => name === input.name.replace('in_', 'out_'));
    expect([input.datatype, ...(output?.data ?? [])]).toEqual([input.datatype, ...input.data]);
  }
});

describe('JSON', () => {
  test('keeps 64-bit integers exact', async () => {
    expect(await jsonInfer('int64', '9007199254740993,-9223372036854775808,9223372036854775807,0')).toContain(
      '"data":[9007199254740993,-9223372036854775808,9223372036854775807,0]',
    );
  });

  test('prints FP32 as the double that it is, and takes NaN and Infinity', async () => {
    expect(await jsonInfer('fp32', '0.1,1e20,NaN,-Infinity')).toContain(
      '"data":[0.10000000149011612,100000002004087730000.0,NaN,-Infinity]',
    );
  });

  test('carries any Unicode text', async () => {
    const text = String.raw`"\u20ac \ud83d\ude00","\"\\\u0001","",""`;
    expect(await jsonInfer('bytes', text)).toContain(String.raw`"data":["€ 😀","\"\\\u0001","",""]`);
  });
});

test('BYTES with a NUL or with invalid UTF-8 are refused in words instead of being cut', async () => {
  const input = first(await server.inputsOf('bytes'));
  const send = (byte: number) =>
    server.infer('bytes', {
      inputs: [
        {
          ...input,
          data: Buffer.from([1, 0, 0, 0, byte, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        },
      ],
    });
  await expect(send(0)).rejects.toThrow('contains a NUL byte');
  await expect(send(0xff)).rejects.toThrow('is not valid UTF-8');
});

test('a BF16 model is unavailable with the reason and what to do', async () => {
  const index = JSON.parse((await server.call('/v2/repository/index', { method: 'POST' })).text) as {
    name: string;
    reason?: string;
  }[];
  expect(index.find(({ name }) => name === 'bf16')?.reason).toContain('is BF16');
});

test('gzip and deflate work both ways', async () => {
  const input = first(await server.inputsOf('fp32'));
  const body = JSON.stringify({
    inputs: [{ ...input, data: [1.5, 0, 0, 0] }],
  });
  for (const [encoding, pack, unpack] of [
    ['gzip', gzipSync, gunzipSync],
    ['deflate', deflateSync, inflateSync],
  ] as const) {
    const headers = { 'Content-Encoding': encoding, 'Accept-Encoding': encoding };
    const answer = await server.call('/v2/models/fp32/infer', { headers, body: pack(body) });
    expect([answer.status, answer.headers['content-encoding']]).toEqual([200, encoding]);
    expect(unpack(answer.body).toString()).toContain('"data":[1.5,0.0,0.0,0.0]');
  }
});
