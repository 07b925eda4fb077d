import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GrpcTestClient } from '../../support/grpc-client.ts';
import { ensemble, identity } from './ensemble-models.ts';
import { fp32, first, int32, ServerUnderTest, until } from './server-under-test.ts';

interface TraceObject {
  readonly id: number;
  readonly model_name?: string;
  readonly model_version?: number;
  readonly request_id?: string;
  readonly parent_id?: number;
  readonly timestamps?: readonly { readonly name: string; readonly ns: number }[];
  readonly activity?: string;
  readonly tensor?: { readonly name: string; readonly data: string; readonly shape: string };
}

const MODELS = {
  fp32: { file: 'identity-fp32.onnx' },
  step: identity(),
  chain: ensemble([
    ['step', { INPUT0: 'IN' }, { OUTPUT0: 'between' }],
    ['step', { INPUT0: 'between' }, { OUTPUT0: 'OUT' }],
  ]),
};

let directory: string;
let server: ServerUnderTest;
const file = (suffix = ''): string => join(directory, `trace.json${suffix}`);
const read = async (path: string): Promise<TraceObject[]> =>
  JSON.parse(await readFile(path, 'utf8')) as TraceObject[];

async function infer(id: string): Promise<void> {
  const { name } = first(await server.inputsOf('fp32'));
  await server.infer('fp32', {
    id,
    inputs: [{ name, datatype: 'FP32', shape: [1, 4], data: fp32(1, 2, 3, 4) }],
  });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'conch-trace-'));
  server = await ServerUnderTest.start(MODELS, [
    '--trace-config=level=TIMESTAMPS',
    '--trace-config=level=TENSORS',
    '--trace-config=rate=1',
    `--trace-config=triton,file=${file()}`,
  ]);
});
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('tracing', () => {
  test('writes times that ascend from the first byte to the last, and the tensors', async () => {
    await infer('a');
    let objects: TraceObject[] = [];
    await until(async () => {
      objects = await read(file()).catch(() => []);
      return objects.length > 0;
    });
    expect(objects.find((each) => each.model_name !== undefined)).toEqual({
      id: 1,
      model_name: 'fp32',
      model_version: 1,
      request_id: 'a',
    });
    const times = objects.flatMap(({ timestamps = [] }) => timestamps);
    const at = (name: string): number => times.find((each) => each.name === name)?.ns ?? Number.NaN;
    const order = [
      'HTTP_RECV_START',
      'HTTP_RECV_END',
      'REQUEST_START',
      'QUEUE_START',
      'COMPUTE_START',
      'COMPUTE_INPUT_END',
      'COMPUTE_OUTPUT_START',
      'COMPUTE_END',
      'REQUEST_END',
      'INFER_RESPONSE_COMPLETE',
      'HTTP_SEND_START',
      'HTTP_SEND_END',
    ];
    expect(times.map(({ name }) => name).sort()).toEqual([...order].sort());
    const inOrder = order.map(at);
    expect([...inOrder].sort((left, right) => left - right)).toEqual(inOrder);
    const tensors = objects.filter(({ activity }) => activity !== undefined);
    expect(tensors.map(({ activity, tensor }) => [activity, tensor?.data, tensor?.shape])).toEqual([
      ['TENSOR_QUEUE_INPUT', '1,2,3,4', '1,4'],
      ['TENSOR_BACKEND_OUTPUT', '1,2,3,4', '1,4'],
    ]);
  });

  test('of one model goes by its own settings until they are cleared', async () => {
    const path = '/v2/models/fp32/trace/setting';
    const change = (body: object) => server.call(path, { body: JSON.stringify(body) });
    expect(JSON.parse((await change({ trace_count: '2', log_frequency: '1' })).text)).toMatchObject({
      trace_count: '2',
      log_frequency: '1',
      trace_level: ['TIMESTAMPS', 'TENSORS'],
    });
    for (const id of ['b', 'c', 'd']) await infer(id);
    await until(async () => (await read(file('.1')).catch(() => [])).length > 0);
    expect((await read(file('.0'))).find((each) => each.request_id)?.request_id).toBe('b');
    expect((await read(file('.1'))).find((each) => each.request_id)?.request_id).toBe('c');
    await expect(read(file('.2'))).rejects.toThrow('ENOENT');
    expect(JSON.parse((await change({ trace_count: null, log_frequency: null })).text)).toMatchObject({
      trace_count: '-1',
      log_frequency: '0',
    });
  });

  test('over gRPC has the times of reading and sending, and the steps of an ensemble are its children', async () => {
    const client = new GrpcTestClient(server.grpcPort);
    const inputs = [{ name: 'IN', datatype: 'INT32', shape: [1, 4] }];
    const request = { model_name: 'chain', id: 'grpc', inputs, raw_input_contents: [int32(1, 2, 3, 4)] };
    expect(await client.call('ModelInfer', request)).toMatchObject({ code: 'OK' });
    client.close();
    let objects: TraceObject[] = [];
    await until(async () => {
      objects = await read(file()).catch(() => []);
      return objects.some(({ model_name: model }) => model === 'chain');
    });
    const parent = first(objects.filter(({ model_name: model }) => model === 'chain')).id;
    const namesOf = (id: number): string[] =>
      objects
        .filter((each) => each.id === id)
        .flatMap(({ timestamps = [] }) => timestamps)
        .toSorted((left, right) => left.ns - right.ns)
        .map(({ name }) => name);
    expect(namesOf(parent)).toEqual([
      'GRPC_WAITREAD_START',
      'GRPC_WAITREAD_END',
      'REQUEST_START',
      'QUEUE_START',
      'REQUEST_END',
      'INFER_RESPONSE_COMPLETE',
      'GRPC_SEND_START',
      'GRPC_SEND_END',
    ]);
    const steps = objects.filter(({ parent_id: id }) => id === parent);
    expect(steps.map(({ model_name: model, request_id: id }) => [model, id])).toEqual([
      ['step', 'grpc'],
      ['step', 'grpc'],
    ]);
    const computed = [
      'QUEUE_START',
      'COMPUTE_START',
      'COMPUTE_INPUT_END',
      'COMPUTE_OUTPUT_START',
      'COMPUTE_END',
    ];
    for (const { id } of steps) expect(namesOf(id)).toEqual(['REQUEST_START', ...computed, 'REQUEST_END']);
  });
});
