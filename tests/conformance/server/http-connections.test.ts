import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { first, ServerUnderTest } from './server-under-test.ts';

let server: ServerUnderTest;

beforeAll(async () => {
  server = await ServerUnderTest.start(
    { fp32: { file: 'identity-fp32.onnx' }, bytes: { file: 'identity-bytes.onnx' } },
    ['--http-header-forward-pattern=(?i)^x-tenant-'],
  );
});
afterAll(() => server.stop());

/** Sends bytes on a bare socket; gives back what came until the server closed, or until it was silent. */
function talk(text: string, silenceMilliseconds = 1500): Promise<{ received: string; isClosed: boolean }> {
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1');
    let received = '';
    socket.setTimeout(silenceMilliseconds, () => {
      resolve({ received, isClosed: false });
      socket.destroy();
    });
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ received, isClosed: true }));
    socket.write(text);
  });
}

const normal = (received: string): string[] => received.split('\r\n').sort();

describe('connections as those of a real Triton', () => {
  test.each([
    [
      'HTTP/1.0 is answered without a length',
      'GET /v2/health/live HTTP/1.0\r\n\r\n',
      'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n',
    ],
    [
      'a client that closes is told so',
      'GET /v2/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\nContent-Type: text/plain\r\n\r\n',
    ],
    [
      'a whole URL is a path too',
      'GET http://localhost/v2/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\nContent-Type: text/plain\r\n\r\n',
    ],
    [
      'a verb that nobody knows is not allowed',
      'FOO /v2 HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'HTTP/1.1 405 Not Allowed\r\nContent-Type: application/json\r\nContent-Length: 30\r\nConnection: close\r\n\r\n{"error":"Method Not Allowed"}',
    ],
    ['garbage is closed without an answer', 'hello\r\n\r\n', ''],
    ['so is a lower-case verb', 'get /v2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', ''],
    [
      'so is a length that is none',
      'POST /v2/models/fp32/infer HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n',
      '',
    ],
    [
      'so are two lengths: which of them holds is a matter of opinion, and of attacks',
      'POST /v2/models/fp32/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ',
      '',
    ],
    [
      'so is a head of 100 KB',
      `GET /v2/health/live HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(100_000)}\r\n\r\n`,
      '',
    ],
  ])('%s', async (_, sent, received) => {
    const answer = await talk(sent);
    expect(normal(answer.received)).toEqual(normal(received));
    expect(answer.isClosed).toBe(true);
  });

  test('a connection stays open, and the answer says neither when nor for how long', async () => {
    const { received, isClosed } = await talk('GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n', 500);
    expect(normal(received)).toEqual(
      normal('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Type: text/plain\r\n\r\n'),
    );
    expect(isClosed).toBe(false);
  });

  test('a client that waits for 100 Continue gets it', async () => {
    const { received } = await talk(
      'POST /v2/models/fp32/infer HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}',
    );
    expect(received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 500 /);
  });

  test('of two requests that are sent at once both are answered', async () => {
    const { received } = await talk(
      'GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /v2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });
});

describe('the documentation of a model', () => {
  test('is a page that loads nothing and runs nothing', async () => {
    const { status, headers, text } = await server.call('/v2/models/fp32/docs');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(text).not.toMatch(/<script|src=|@import|url\(/);
    expect(text).toContain(`http://127.0.0.1:${server.port}/v2/models/fp32/infer`);
  });

  test.each(['fp32', 'bytes'])('of %s has examples that run', async (model) => {
    const answer = await server.call(`/v2/models/${model}/versions/1/docs/openapi.json`);
    const document = JSON.parse(answer.text) as {
      paths: Record<string, { post?: { requestBody: { content: Record<string, { example: unknown }> } } }>;
    };
    for (const action of ['infer', 'generate']) {
      const path = `/v2/models/${model}/${action}`;
      const example = document.paths[path]?.post?.requestBody.content['application/json']?.example;
      const ran = await server.call(path, { body: JSON.stringify(example) });
      expect([ran.status, ran.text]).toEqual([200, expect.stringContaining('"model_name"')]);
    }
  });

  test('is JSON for who accepts that, and not there for an unknown model', async () => {
    const asJson = await server.call('/v2/models/fp32/docs', { headers: { Accept: 'application/json' } });
    expect(JSON.parse(asJson.text)).toMatchObject({ openapi: '3.1.0', info: { title: 'fp32' } });
    expect((await server.call('/v2/models/nope/docs')).status).toBe(404);
  });
});

test('headers that are forwarded do not disturb a request', async () => {
  const { name, shape } = first(await server.inputsOf('fp32'));
  const answer = await server.call('/v2/models/fp32/infer', {
    headers: { 'X-Tenant-Id': '7', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
    body: JSON.stringify({ inputs: [{ name, shape, datatype: 'FP32', data: [1, 2, 3, 4] }] }),
  });
  expect(answer.status).toBe(200);
});
