import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { elementCount } from '../../../app/core/tensors/tensor.ts';
import {
  first,
  firstBytes,
  fp32,
  int32,
  isAlive,
  ServerUnderTest,
  until,
  writeModel,
} from './server-under-test.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/models/', import.meta.url));
const post = { method: 'POST' };

describe('a server in explicit mode', () => {
  let server: ServerUnderTest;

  beforeAll(async () => {
    server = await ServerUnderTest.start(
      {
        divide: { file: 'divide-int32.onnx' },
        versions: {
          file: 'divide-int32.onnx',
          versions: ['1', '2', '3'],
          config: 'version_policy { all {} }',
        },
        broken: { file: 'garbage.onnx' },
        'bad-config': { file: 'divide-int32.onnx', config: 'max_batch_sizes: 1' },
        int4: { file: 'int4-output.onnx' },
        ensemble: {
          config: `platform: "ensemble" max_batch_size: 1 input { name: "a" data_type: TYPE_INT32 dims: 1 } output { name: "b" data_type: TYPE_INT32 dims: 1 } ensemble_scheduling { step { model_name: "divide" model_version: -1 input_map { key: "a" value: "a" } output_map { key: "quotient" value: "b" } } }`,
        },
      },
      ['--model-control-mode=explicit'],
    );
  });
  afterAll(() => server.stop());

  const load = (name: string, body?: string) =>
    server.call(`/v2/repository/models/${name}/load`, { ...post, ...(body ? { body } : {}) });
  const index = async () =>
    JSON.parse((await server.call('/v2/repository/index', post)).text) as {
      name: string;
      version?: string;
      state?: string;
      reason?: string;
    }[];
  const divide = () =>
    server.infer('divide', {
      inputs: [
        { name: 'a', datatype: 'INT32', shape: [1, 1], data: int32(7) },
        { name: 'b', datatype: 'INT32', shape: [1, 1], data: int32(2) },
      ],
    });

  test('is ready with nothing loaded, and lists what is on disk without a state', async () => {
    expect((await server.call('/v2/health/ready')).status).toBe(200);
    expect((await index()).map(({ name, state }) => [name, state])).toContainEqual(['divide', undefined]);
  });

  test('loads, infers, and unloads so that the memory comes back', async () => {
    expect((await load('divide')).status).toBe(200);
    const answer = await divide();
    expect(firstBytes(answer)).toEqual([...int32(3)]);
    const pid = server.enginePid('divide');
    expect((await server.call('/v2/repository/models/divide/unload', post)).status).toBe(200);
    expect(await isAlive(pid)).toBe(false);
    expect(await index()).toContainEqual({
      name: 'divide',
      version: '1',
      state: 'UNAVAILABLE',
      reason: 'unloaded',
    });
    await expect(divide()).rejects.toThrow(
      '404 {"error":"Request for unknown model: \'divide\' has no available versions"}',
    );
  });

  test('serves every version of the policy, the newest by default', async () => {
    await load('versions');
    const metadata = JSON.parse((await server.call('/v2/models/versions')).text) as { versions: string[] };
    expect(metadata.versions).toEqual(['1', '2', '3']);
    const answer = await server.infer('versions', {
      inputs: [
        { name: 'a', datatype: 'INT32', shape: [1, 1], data: int32(1) },
        { name: 'b', datatype: 'INT32', shape: [1, 1], data: int32(1) },
      ],
    });
    expect(answer.modelVersion).toBe('3');
  });

  test('keeps the old config serving while a reload fails, and takes the new one when it succeeds', async () => {
    await load('divide');
    const before = server.enginePid('divide');
    expect((await load('divide')).status).toBe(200);
    expect(server.enginePid('divide')).toBe(before);
    const bad = JSON.stringify({
      parameters: {
        config:
          '{"max_batch_size": 2, "input": [{"name": "nope", "data_type": "TYPE_INT32", "dims": [1]}], "output": [{"name": "quotient", "data_type": "TYPE_INT32", "dims": [1]}]}',
      },
    });
    expect((await load('divide', bad)).status).toBe(400);
    expect(firstBytes(await divide())).toEqual([...int32(3)]);
    expect(
      (await load('divide', JSON.stringify({ parameters: { config: '{"max_batch_size": 2}' } }))).status,
    ).toBe(200);
    const config = JSON.parse((await server.call('/v2/models/divide/config')).text) as {
      max_batch_size: number;
    };
    expect(config.max_batch_size).toBe(2);
    await until(async () => !(await isAlive(before)));
  });

  test('takes a whole model in the load request, and forgets it on unload', async () => {
    const file = (await readFile(`${FIXTURES}identity-fp32.onnx`)).toString('base64');
    const body = JSON.stringify({
      parameters: { config: '{"backend":"onnxruntime"}', 'file:1/model.onnx': file },
    });
    expect((await load('uploaded', body)).status).toBe(200);
    expect(await server.isReady('uploaded')).toBe(true);
    await server.call('/v2/repository/models/uploaded/unload', post);
    expect((await load('uploaded')).text).toBe(
      '{"error":"failed to load \'uploaded\', failed to poll from model repository"}',
    );
  });

  test('says why a broken model, a broken config, an int4 output and an ensemble are not served', async () => {
    expect((await load('broken')).text).toContain(
      'version 1 is at UNAVAILABLE state: Internal: onnx runtime error 7: ',
    );
    expect((await load('bad-config')).text).toBe(
      '{"error":"failed to load \'bad-config\', failed to poll from model repository"}',
    );
    const failed = server.events.find(
      (event) => event.kind === 'model-failed' && event.model === 'bad-config',
    );
    expect(failed).toMatchObject({
      reason: expect.stringContaining('has no field named "max_batch_sizes"') as string,
    });
    expect((await load('int4')).text).toContain('INT4');
    expect((await load('ensemble')).text).toContain('is not mapped to any ensemble tensors');
    expect((await server.call('/v2/health/live')).status).toBe(200);
  });

  test('picks up a model that was added later, whatever its rank', async () => {
    await writeModel(server.repository, 'late', { file: 'identity-fp32.onnx' });
    expect((await load('late')).status).toBe(200);
    const input = first(await server.inputsOf('late'));
    const data = fp32(...Array.from({ length: elementCount(input.shape) }, (_, index) => index / 2));
    const answer = await server.infer('late', { inputs: [{ ...input, data }] });
    expect(firstBytes(answer)).toEqual([...data]);
  });

  test('counts what it did', async () => {
    const stats = JSON.parse((await server.call('/v2/models/late/stats')).text) as {
      model_stats: { inference_count: number; batch_stats: unknown[] }[];
    };
    expect(stats.model_stats[0]).toMatchObject({
      name: 'late',
      version: '1',
      inference_count: 1,
      execution_count: 1,
    });
    const records = server.events.flatMap((event) => (event.kind === 'requests' ? event.records : []));
    await until(() => records.length > 0);
    expect(records[0]).toMatchObject({ isOk: true, httpStatus: 200, model: 'divide' });
  });
});

test('a server that is not in explicit mode refuses to load', async () => {
  const server = await ServerUnderTest.start({ divide: { file: 'divide-int32.onnx' } });
  try {
    expect(await server.isReady('divide')).toBe(true);
    const answer = await server.call('/v2/repository/models/divide/load', { method: 'POST' });
    expect([answer.status, answer.text]).toEqual([
      503,
      '{"error":"explicit model load / unload is not allowed if polling is enabled"}',
    ]);
  } finally {
    await server.stop();
  }
});

test('a polling server loads what appears and unloads what is gone', async () => {
  const server = await ServerUnderTest.start({}, ['--model-control-mode=poll', '--repository-poll-secs=1']);
  try {
    await writeModel(server.repository, 'divide', { file: 'divide-int32.onnx' });
    await until(() => server.isReady('divide'));
    await rm(`${server.repository}/divide`, { recursive: true });
    await until(async () => !(await server.isReady('divide')));
    expect((await server.call('/v2/health/live')).status).toBe(200);
  } finally {
    await server.stop();
  }
});

test('the batch size that auto-complete gives is the one of the command line, or the reason why it is none', async () => {
  const models = { batchable: { file: 'batchable.onnx' } };
  const batchSize = async (flag: string): Promise<unknown> => {
    const server = await ServerUnderTest.start(models, [`--backend-config=${flag}`, '--exit-on-error=false']);
    try {
      await until(
        async () =>
          (await server.call('/v2/health/ready')).status < 500 || server.output.includes('UNAVAILABLE'),
      );
      const answer = await server.call('/v2/models/batchable/config');
      if (answer.status === 200)
        return (JSON.parse(answer.text) as { max_batch_size: number }).max_batch_size;
      return JSON.parse((await server.call('/v2/repository/index', post)).text) as unknown;
    } finally {
      await server.stop();
    }
  };
  expect(await batchSize('onnxruntime,default-max-batch-size=16')).toBe(16);
  expect(await batchSize('onnxruntime,default-max-batch-size=abc')).toMatchObject([
    { state: 'UNAVAILABLE', reason: "Invalid argument: failed to convert 'abc' to integral number" },
  ]);
});
