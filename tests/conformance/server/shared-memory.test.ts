import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { first, fp32, ServerUnderTest } from './server-under-test.ts';

const key = `/conch-test-${randomUUID()}`;
let server: ServerUnderTest;
let input = '';
let output = '';

beforeAll(async () => {
  await writeFile(`/dev/shm${key}`, new Uint8Array(4096));
  server = await ServerUnderTest.start({ fp32: { file: 'identity-fp32.onnx' } }, ['--allow-client-shm=true']);
  const metadata = JSON.parse((await server.call('/v2/models/fp32')).text) as {
    inputs: { name: string }[];
    outputs: { name: string }[];
  };
  input = first(metadata.inputs).name;
  output = first(metadata.outputs).name;
});
afterAll(async () => {
  await server.stop();
  await rm(`/dev/shm${key}`, { force: true });
});

const post = (path: string, body: object) => server.call(path, { body: JSON.stringify(body) });

describe.runIf(process.platform === 'linux')('shared memory over HTTP', () => {
  test('carries a tensor in and out without a byte of it in the messages', async () => {
    const registered = await post('/v2/systemsharedmemory/region/all/register', {
      key,
      offset: 0,
      byte_size: 4096,
    });
    expect([registered.status, registered.text]).toEqual([200, '']);
    await writeFile(`/dev/shm${key}`, Buffer.concat([fp32(1, 2, 3, 4), Buffer.alloc(4080)]));
    const answer = await post('/v2/models/fp32/infer', {
      inputs: [
        {
          name: input,
          datatype: 'FP32',
          shape: [1, 4],
          parameters: { shared_memory_region: 'all', shared_memory_byte_size: 16 },
        },
      ],
      outputs: [
        {
          name: output,
          parameters: {
            shared_memory_region: 'all',
            shared_memory_byte_size: 100,
            shared_memory_offset: 2048,
          },
        },
      ],
    });
    expect(JSON.parse(answer.text)).toEqual({
      model_name: 'fp32',
      model_version: '1',
      outputs: [{ name: output, datatype: 'FP32', shape: [1, 4] }],
    });
    const memory = await readFile(`/dev/shm${key}`);
    expect([...memory.subarray(2048, 2064)]).toEqual([...fp32(1, 2, 3, 4)]);
  });

  test('refuses an output that its place cannot hold, after the model ran', async () => {
    const answer = await post('/v2/models/fp32/infer', {
      inputs: [{ name: input, datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] }],
      outputs: [{ name: output, parameters: { shared_memory_region: 'all', shared_memory_byte_size: 15 } }],
    });
    expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([
      500,
      'text/plain',
      `{"error":"shared memory size specified with the request for output '${output}' (15 bytes) should be at least 16 bytes to hold the results"}`,
    ]);
  });
});
