import { connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { GrpcTestClient } from '../../support/grpc-client.ts';
import { int32, ServerUnderTest } from './server-under-test.ts';

const INFER_PATH = '/inference.GRPCInferenceService/ModelInfer';

interface RawAnswer {
  readonly status: number;
  readonly grpcStatus: string | undefined;
  readonly message: string;
}

/** Sends bytes as the body of a call, without any library of gRPC between. */
function sendRaw(
  port: number,
  body: Buffer,
  headers: Readonly<Record<string, string>> = {},
  endsStream = true,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': INFER_PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let answer: RawAnswer = { status: 0, grpcStatus: undefined, message: '' };
    const note = (each: Record<string, unknown>): void => {
      answer = {
        status: Number(each[':status'] ?? answer.status),
        grpcStatus: (each['grpc-status'] as string | undefined) ?? answer.grpcStatus,
        message: decodeURIComponent((each['grpc-message'] as string | undefined) ?? answer.message),
      };
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', () => undefined);
    stream.on('close', () => {
      session.destroy();
      resolve(answer);
    });
    stream.resume();
    stream.write(body);
    if (endsStream) stream.end();
  });
}

const framed = (bytes: Buffer, flags = 0, length = bytes.byteLength): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, bytes]);
};

async function residentBytes(pid: number): Promise<number> {
  const match = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) * 1024;
}

describe('what no client should send', () => {
  let server: ServerUnderTest;
  let client: GrpcTestClient;
  beforeAll(async () => {
    server = await ServerUnderTest.start({ divide: { file: 'divide-int32.onnx' } });
    client = new GrpcTestClient(server.grpcPort);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });
  afterEach(async () => {
    const { code } = await client.call('ServerLive');
    if (code !== 'OK') throw new Error(`the server does not answer any more: ${code}`);
  });

  test('bytes that are no message are an INTERNAL failure, as in Triton', async () => {
    const answer = await client.callWithBytes(INFER_PATH, Buffer.from([0xff, 0xff, 0xff]));
    expect(answer).toMatchObject({ code: 'INTERNAL', details: 'Unable to parse request' });
  });

  test('an unknown method, and server reflection, are not implemented', async () => {
    for (const path of [
      '/inference.GRPCInferenceService/Nope',
      '/grpc.health.v1.Health/Watch',
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    ]) {
      expect((await client.callWithBytes(path, Buffer.alloc(0))).code).toBe('UNIMPLEMENTED');
    }
  });

  test('a prefix that promises 2 GB takes no memory', async () => {
    const before = await residentBytes(server.pid);
    const sessions = Array.from({ length: 20 }, () => {
      const session = connectHttp2(`http://127.0.0.1:${server.grpcPort}`);
      session.on('error', () => undefined);
      const stream = session.request({
        ':method': 'POST',
        ':path': INFER_PATH,
        'content-type': 'application/grpc',
      });
      stream.on('error', () => undefined);
      stream.write(framed(Buffer.alloc(1000), 0, 0x7fff_ffff));
      return session;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await residentBytes(server.pid)) - before).toBeLessThan(100 * 1024 * 1024);
    for (const session of sessions) session.destroy();
  });

  test('a prefix beyond the limit is refused at once, while the client still sends', async () => {
    const answer = await sendRaw(server.grpcPort, framed(Buffer.alloc(10), 0, 0xffff_ffff), {}, false);
    expect(answer).toMatchObject({ status: 200, grpcStatus: '8' });
    expect(answer.message).toContain('Received message larger than max');
  });

  test('a compression bomb is refused before it unfolds', async () => {
    const before = await residentBytes(server.pid);
    const bomb = framed(gzipSync(Buffer.alloc(400 * 1024 * 1024)), 1);
    const answer = await sendRaw(server.grpcPort, bomb, { 'grpc-encoding': 'gzip' });
    expect(answer).toMatchObject({ grpcStatus: '8' });
    expect((await residentBytes(server.pid)) - before).toBeLessThan(200 * 1024 * 1024);
  });

  test.each<[string, Buffer, Record<string, string>, string]>([
    ['an unknown encoding', framed(Buffer.alloc(3), 1), { 'grpc-encoding': 'br' }, '12'],
    ['a compressed message without an encoding', framed(Buffer.alloc(3), 1), {}, '13'],
    ['wrong gzip data', framed(Buffer.alloc(30, 7), 1), { 'grpc-encoding': 'gzip' }, '13'],
    ['unknown flags', framed(Buffer.alloc(3), 9), {}, '13'],
    ['a message that is cut short', framed(Buffer.alloc(3), 0, 30), {}, '13'],
    ['no message', Buffer.alloc(0), {}, '12'],
    ['two messages', Buffer.concat([framed(Buffer.alloc(0)), framed(Buffer.alloc(0))]), {}, '12'],
    ['a foreign host', framed(Buffer.alloc(0)), { ':authority': 'evil.example:8001' }, '7'],
  ])('%s is refused with a status', async (_, body, headers, grpcStatus) => {
    expect(await sendRaw(server.grpcPort, body, headers)).toMatchObject({ status: 200, grpcStatus });
  });

  test('a request that is no gRPC is refused as HTTP', async () => {
    expect((await sendRaw(server.grpcPort, Buffer.alloc(0), { 'content-type': 'text/plain' })).status).toBe(
      415,
    );
    expect((await sendRaw(server.grpcPort, Buffer.alloc(0), { ':method': 'PUT' })).status).toBe(405);
  });

  test('bytes that are no HTTP/2 end their connection only', async () => {
    const closed = await new Promise<boolean>((resolve) => {
      const socket = connect(server.grpcPort, '127.0.0.1', () =>
        socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      );
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(true));
      socket.resume();
    });
    expect(closed).toBe(true);
  });

  test('streams that are broken off at any moment leave nothing behind', async () => {
    const body = framed(
      Buffer.concat([Buffer.from([0x0a, 6]), Buffer.from('divide'), Buffer.from([0x3a, 4]), int32(1)]),
    );
    for (let round = 0; round < 20; round += 1) {
      const session = connectHttp2(`http://127.0.0.1:${server.grpcPort}`);
      session.on('error', () => undefined);
      for (let index = 0; index < 50; index += 1) {
        const stream = session.request({
          ':method': 'POST',
          ':path': INFER_PATH,
          'content-type': 'application/grpc',
        });
        stream.on('error', () => undefined);
        stream.write(body.subarray(0, (index * 7) % body.byteLength));
        if (index % 3 === 0) stream.close(constants.NGHTTP2_CANCEL);
        else setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), index % 11);
      }
      await new Promise((resolve) => setTimeout(resolve, 15));
      session.destroy();
    }
    expect((await client.call('ServerReady')).response).toEqual({ ready: true });
  });
});
