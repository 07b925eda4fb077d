import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GrpcTestClient } from '../../support/grpc-client.ts';
import { int32, ServerUnderTest } from './server-under-test.ts';

const divideRequest = (a: number, b: number, extra: object = {}): object => ({
  model_name: 'divide',
  inputs: [
    { name: 'a', datatype: 'INT32', shape: [1, 1] },
    { name: 'b', datatype: 'INT32', shape: [1, 1] },
  ],
  raw_input_contents: [int32(a), int32(b)],
  ...extra,
});

/** Triton's identity backend, which gives its input back after a while. */
const identity = (dataType: string, parameters = ''): string =>
  `backend: "identity" instance_group { count: 1 kind: KIND_CPU }
input { name: "INPUT0" data_type: ${dataType} dims: -1 } output { name: "OUTPUT0" data_type: ${dataType} dims: -1 }
${parameters}`;
const DELAY = 'parameters { key: "execute_delay_ms" value { string_value: "400" } }';

const delayedRequest = (id: string, value: number): object => ({
  model_name: 'delayed',
  id,
  inputs: [{ name: 'INPUT0', datatype: 'INT32', shape: [1] }],
  raw_input_contents: [int32(value)],
});

describe('inference over gRPC', () => {
  let server: ServerUnderTest;
  let client: GrpcTestClient;

  beforeAll(async () => {
    server = await ServerUnderTest.start({
      divide: { file: 'divide-int32.onnx' },
      delayed: { config: identity('TYPE_INT32', DELAY) },
      bytes: { file: 'identity-bytes.onnx' },
      big: { config: identity('TYPE_FP32') },
    });
    client = new GrpcTestClient(server.grpcPort);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  test('raw and typed contents give the same answer, always in raw contents', async () => {
    const expected = {
      code: 'OK',
      response: {
        model_name: 'divide',
        model_version: '1',
        outputs: [{ name: 'quotient', datatype: 'INT32', shape: [1, 1] }],
        raw_output_contents: [Buffer.from(int32(3))],
      },
    };
    expect(await client.call('ModelInfer', divideRequest(7, 2))).toMatchObject(expected);
    const typed = {
      model_name: 'divide',
      inputs: [
        { name: 'a', datatype: 'INT32', shape: [1, 1], contents: { int_contents: [7] } },
        { name: 'b', datatype: 'INT32', shape: [1, 1], contents: { int_contents: [2] } },
      ],
    };
    expect(await client.call('ModelInfer', typed)).toMatchObject(expected);
  });

  test('a request is given back its id', async () => {
    const { response } = await client.call('ModelInfer', divideRequest(7, 2, { id: 'übung 7' }));
    expect(response['id']).toBe('übung 7');
  });

  test('a refused request says why, in a status whose text may be any text', async () => {
    expect(await client.call('ModelInfer', { model_name: 'modèle 100%' })).toMatchObject({
      code: 'NOT_FOUND',
      details: "Request for unknown model: 'modèle 100%' is not found",
    });
  });

  test('a tensor of 64 MB goes in and comes out as it was', async () => {
    const count = 16 * 1024 * 1024;
    const tensor = Buffer.alloc(count * 4, 'conch');
    const { code, details, response } = await client.call('ModelInfer', {
      model_name: 'big',
      inputs: [{ name: 'INPUT0', datatype: 'FP32', shape: [count] }],
      raw_input_contents: [tensor],
    });
    expect([code, details]).toEqual(['OK', '']);
    expect((response['raw_output_contents'] as Buffer[])[0]?.equals(tensor)).toBe(true);
  });

  test('a stream answers in the order of its requests; one that fails does not end it', async () => {
    const requests = [
      divideRequest(9, 3, { id: '1' }),
      divideRequest(9, 3, { id: '2', model_version: '7' }),
      delayedRequest('3', 4),
      divideRequest(9, 1, { id: '4' }),
    ];
    const { code, responses } = await client.streamAll(requests);
    expect(code).toBe('OK');
    expect(responses).toMatchObject([
      {
        infer_response: { id: '1', parameters: { triton_final_response: { bool_param: true } } },
      },
      {
        error_message: "Request for unknown model: 'divide' version 7 is not found",
        infer_response: { id: '2' },
      },
      { infer_response: { id: '3', raw_output_contents: [Buffer.from(int32(4))] } },
      { infer_response: { id: '4', raw_output_contents: [Buffer.from(int32(9))] } },
    ]);
  });

  test('a stream of a thousand requests loses none and mixes up none', async () => {
    const requests = Array.from({ length: 1500 }, (_, index) =>
      divideRequest(index, 1, { id: String(index) }),
    );
    const { responses } = await client.streamAll(requests);
    const ids = responses.map(({ infer_response: each }) => (each as { id: string }).id);
    expect(ids).toEqual(requests.map((_, index) => String(index)));
  });

  test('with triton_grpc_error a request that fails in its model ends the stream with that status', async () => {
    const bad = {
      model_name: 'bytes',
      inputs: [{ name: 'input', datatype: 'BYTES', shape: [1, 4] }],
      raw_input_contents: [Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 97])],
    };
    const plain = await client.streamAll([bad, divideRequest(4, 2)]);
    expect([plain.code, plain.responses.length]).toEqual(['OK', 2]);
    const strict = await client.streamAll([bad, divideRequest(4, 2)], {
      metadata: { triton_grpc_error: 'true' },
    });
    expect(strict).toMatchObject({ code: 'INVALID_ARGUMENT', responses: [] });
    expect(strict.details).toContain('incomplete string data for inference input');
  });

  test('a deadline that passes ends the call at once', async () => {
    const request = delayedRequest('', 4);
    const begun = Date.now();
    expect(await client.call('ModelInfer', request, { deadlineMilliseconds: 50 })).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    expect(Date.now() - begun).toBeLessThan(300);
  });

  test('a cancelled call is not executed if it still waits', async () => {
    const request = delayedRequest('', 4);
    const countOf = (): number =>
      server.events
        .flatMap((event) => (event.kind === 'requests' ? event.records : []))
        .filter(({ model, isOk }) => model === 'delayed' && isOk).length;
    const before = countOf();
    const running = client.call('ModelInfer', request);
    const waiting = client.start('ModelInfer', request);
    await new Promise((resolve) => setTimeout(resolve, 100));
    waiting.cancel();
    expect((await waiting.answer).code).toBe('CANCELLED');
    expect((await running).code).toBe('OK');
    expect((await client.call('ModelInfer', request)).code).toBe('OK');
    await expect.poll(() => countOf() - before).toBe(2);
  });

  test('compressed requests are read', async () => {
    for (const algorithm of [1, 2]) {
      const compressing = new GrpcTestClient(server.grpcPort, {
        'grpc.default_compression_algorithm': algorithm,
      });
      expect((await compressing.call('ModelInfer', divideRequest(7, 2))).code).toBe('OK');
      compressing.close();
    }
  });
});
