import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { first, isAlive, ServerUnderTest } from './server-under-test.ts';

let server: ServerUnderTest;
let pid = 0;
let path = '';
let inputName = '';

beforeAll(async () => {
  server = await ServerUnderTest.start({ fp32: { file: 'identity-fp32.onnx' } }, [
    '--model-control-mode=explicit',
    '--load-model=*',
    '--http-max-input-size=1048576',
  ]);
  pid = server.pid;
  path = '/v2/models/fp32/infer';
  inputName = first(await server.inputsOf('fp32')).name;
});
afterAll(() => server.stop());
afterEach(async () => {
  const { status } = await server.call('/v2/health/live');
  if (status !== 200 || !(await isAlive(pid))) throw new Error('the server did not survive this');
});

const body = (shape: string, data = '[]', extra = ''): string =>
  `{"inputs":[{"name":"${inputName}","datatype":"FP32","shape":${shape},"data":${data}}]${extra}}`;

/** Sends bytes on a bare socket and gives back what came until the end. */
function talk(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1');
    let received = '';
    socket.setTimeout(5000, () => socket.destroy());
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
    socket.end(text);
  });
}

describe('model names that lead out of the repository', () => {
  test.each(['..', ' ..', 'a%5C..%5Cb', '%2e%2e', '%00', '...', '..my_model', 'model..1', 'x'.repeat(4096)])(
    '%j',
    async (name) => {
      const answer = await server.call(
        `/v2/repository/models/${encodeURI(name).replaceAll('%25', '%')}/load`,
        { method: 'POST' },
      );
      expect([400, 500]).toContain(answer.status);
      expect(answer.text).toMatch(
        /path traversal characters|failed to poll from model repository|longer than/,
      );
    },
  );

  test("..: in Triton's words", async () => {
    const answer = await server.call('/v2/repository/models/../load', { method: 'POST' });
    expect([answer.status, answer.text]).toEqual([
      400,
      '{"error":"invalid model name \'..\', model name must not contain path traversal characters"}',
    ]);
  });

  test('an absolute file parameter is a path below the model, as in Triton', async () => {
    const answer = await server.call('/v2/repository/models/evil/load', {
      body: JSON.stringify({
        parameters: { config: '{"backend":"onnxruntime"}', 'file:/conch-evil-test/x': 'AAAA' },
      }),
    });
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringContaining('at least one version must be available'),
    ]);
    expect(existsSync('/conch-evil-test')).toBe(false);
  });

  test.each(['file:../../x', `file:${'y/'.repeat(200)}z`, 'file:'])(
    'the file parameter %j writes nothing',
    async (key) => {
      const answer = await server.call('/v2/repository/models/evil/load', {
        body: JSON.stringify({ parameters: { config: '{"backend":"onnxruntime"}', [key]: 'AAAA' } }),
      });
      expect([answer.status, answer.text]).toEqual([
        500,
        '{"error":"failed to load \'evil\', failed to poll from model repository"}',
      ]);
    },
  );
});

test.each(['99999999999', '99999999999999999999', '-1', 'abc', '', '1, 2'])(
  'Inference-Header-Content-Length: %j is 400',
  async (length) => {
    const answer = await server.call(path, {
      headers: { 'Inference-Header-Content-Length': length },
      body: body('[1,4]', '[0,0,0,0]'),
    });
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringMatching(/Inference-Header-Content-Length|inference header size/),
    ]);
  },
);

test.each([
  [
    'deep data',
    () => body('[1,4]', `${'['.repeat(120)}1${']'.repeat(120)}`),
    400,
    'JSON nesting depth exceeds maximum allowed limit (100)',
  ],
  ['deeper than any stack', () => '['.repeat(300_000), 400, 'nesting depth'],
  [
    'elements beyond 2^63',
    () => body('[16,1152921504606846978]'),
    400,
    'causes total element count to exceed maximum size of',
  ],
  ['bytes beyond 2^63', () => body('[4,1152921504606846978]'), 400, 'byte size overflow for input'],
  ['a negative dim', () => body('[2,-5]'), 500, "Unable to parse 'shape'"],
  ['a float dim', () => body('[2.5]'), 500, "Unable to parse 'shape'"],
  ['a string dim', () => body('["2"]'), 500, "Unable to parse 'shape'"],
  ['a null dim', () => body('[null]'), 500, "Unable to parse 'shape'"],
  [
    'more than the limit by shape',
    () => body('[1,99999999]'),
    400,
    'exceeds the maximum allowed value of 1048576 bytes',
  ],
  [
    'more than the limit by length',
    () => body('[1,4]', `[${'0,'.repeat(600_000)}0]`),
    400,
    'exceeds the maximum allowed input size of 1048576 bytes',
  ],
  [
    'one output twice',
    () => body('[1,4]', '[0,0,0,0]', ',"outputs":[{"name":"output"},{"name":"output"}]'),
    400,
    "output 'output' already exists in request",
  ],
  ['no inputs', () => '{"inputs":[]}', 400, 'expected 1 inputs but got 0 inputs'],
  ['a batch of 0 rows of the wrong width', () => body('[0,3]'), 400, 'unexpected shape'],
])('%s', async (_, make, status, text) => {
  const answer = await server.call(path, { body: make() });
  expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(text)]);
});

test.each(['-1', '1e3', '4.0', '"4"', '99999999999', '18446744073709551615'])(
  'binary_data_size %s is refused',
  async (size) => {
    const header = `{"inputs":[{"name":"${inputName}","datatype":"FP32","shape":[1,1],"parameters":{"binary_data_size":${size}}}]}`;
    const answer = await server.call(path, {
      headers: { 'Inference-Header-Content-Length': header.length },
      body: `${header}AAAA`,
    });
    expect([400, 500]).toContain(answer.status);
    expect(answer.text).toMatch(/binary_data_size|expecting \d+ additional bytes/);
  },
);

test('a classification of 2^31 classes gives as many as there are', async () => {
  const metadata = JSON.parse((await server.call('/v2/models/fp32')).text) as { outputs: { name: string }[] };
  const outputs = `,"outputs":[{"name":"${first(metadata.outputs).name}","parameters":{"classification":2147483648}}]`;
  const answer = await server.call(path, { body: body('[1,4]', '[1,4,3,2]', outputs) });
  expect(answer.text).toContain('"shape":[1,4],"data":["4.000000:1","3.000000:2","2.000000:3","1.000000:0"]');
});

test.each([
  ['a bomb', 'gzip', () => gzipSync(Buffer.alloc(200_000_000)), 400],
  ['two layers', 'gzip, gzip', () => gzipSync(gzipSync(body('[1,4]', '[0,0,0,0]'))), 501],
  ['no gzip at all', 'gzip', () => Buffer.from(body('[1,4]', '[0,0,0,0]')), 500],
  ['gzip that is called deflate', 'deflate', () => gzipSync(body('[1,4]', '[0,0,0,0]')), 500],
])('compression: %s', async (_, encoding, make, status) => {
  const answer = await server.call(path, { headers: { 'Content-Encoding': encoding }, body: make() });
  expect(answer.status).toBe(status);
});

test('250,000 chunks of one byte are refused within 5 s', async () => {
  const chunks = '1\r\n \r\n'.repeat(250_000);
  const answer = await talk(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
});

describe('requests that a web page can make a browser send', () => {
  test('two Host headers are 400', async () => {
    expect(
      await talk('GET /v2 HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n'),
    ).toMatch(/^HTTP\/1\.1 400 /);
  });
  test.each([
    [{ Host: 'evil.example' }, 403],
    [{ Host: 'localhost.evil.example:8000' }, 403],
    [{ Host: 'LOCALHOST:1' }, 200],
    [{ Host: '[::1]:8000' }, 200],
    [{ Origin: 'https://evil.example' }, 403],
    [{ Origin: 'null' }, 403],
    [{ Origin: 'http://127.0.0.1:8000' }, 200],
    [{ 'Sec-Fetch-Site': 'cross-site' }, 403],
    [{ 'Sec-Fetch-Site': 'same-origin' }, 200],
  ])('%j is %i', async (headers, status) => {
    expect((await server.call('/v2', { headers })).status).toBe(status);
  });
});

test('files of the server cannot be chosen over the network', async () => {
  const log = await server.call('/v2/logging', { body: '{"log_file":"/tmp/x"}' });
  expect([log.status, log.text]).toEqual([
    501,
    '{"error":"log file location can not be updated through network protocol"}',
  ]);
  const trace = await server.call('/v2/trace/setting', { body: '{"trace_file":"/tmp/x"}' });
  expect([trace.status, trace.text]).toEqual([
    501,
    '{"error":"trace file location can not be updated through network protocol"}',
  ]);
});

test('a label file outside the model directory is never read', async () => {
  const config = JSON.stringify({
    backend: 'onnxruntime',
    max_batch_size: 0,
    input: [{ name: inputName, data_type: 'TYPE_FP32', dims: [-1, 4] }],
    output: [
      {
        name: 'output',
        data_type: 'TYPE_FP32',
        dims: [-1, 4],
        label_filename: '../../../../../../etc/passwd',
      },
    ],
  });
  const answer = await server.call('/v2/repository/models/fp32/load', {
    body: JSON.stringify({ parameters: { config } }),
  });
  expect(answer.status).toBe(400);
  expect(answer.text).not.toContain('root:');
});

test('a log line cannot be forged', async () => {
  await server.call(`/v2/repository/models/${encodeURIComponent('x\r\nE forged')}/load`, { method: 'POST' });
  await server.call('/v2/repository/models/x%0AE%20forged/load', { method: 'POST' });
  expect(server.output).not.toMatch(/^E forged/m);
});

test('clients that go away in the middle of a body do no harm', async () => {
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      const socket = connect(server.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{"inputs"`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.destroy();
    }),
  );
  expect((await server.call('/v2/models/fp32/ready')).status).toBe(200);
});
