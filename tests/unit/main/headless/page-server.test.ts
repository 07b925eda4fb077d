import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Channel, HostMessage } from '../../../../app/contract/channel.ts';
import { decodeMessage, encodeMessage } from '../../../../app/contract/codec.ts';
import { StatusError } from '../../../../app/core/status.ts';
import { startPageServer, type PageServer } from '../../../../main/headless/page-server.ts';

let folder: string;
let server: PageServer;
let takenPaths: readonly string[] = [];
const openChannels = new Set<Channel<HostMessage, unknown>>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conch-page-'));
  await mkdir(join(folder, 'page', 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(folder, 'page', 'index.html'), '<meta property="csp-nonce" nonce="%CSP_NONCE%">');
  await writeFile(join(folder, 'page', 'assets', 'main-abc.js'), 'let page;');
  await writeFile(join(folder, 'page', '.hidden'), 'hidden');
  await symlink(folder, join(folder, 'page', 'assets', 'outside'));
  server = await startPageServer({
    pageFolder: join(folder, 'page'),
    ports: [0],
    serveChannel: (channel) => {
      openChannels.add(channel);
      channel.onMessage((message) => channel.send({ kind: 'result', id: 1, value: message }));
      return () => openChannels.delete(channel);
    },
    openDownload: async (id) => {
      if (id !== 'ready') throw new StatusError('not-found', 'no such download');
      return { fileName: 'modèles.zip', byteSize: 5, stream: Readable.from([Buffer.from('hello')]) };
    },
    takePaths: (paths) => {
      takenPaths = paths;
    },
  });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Without `fetch`: it would tidy the path and refuse to set Host. */
function ask(
  path: string,
  { method = 'GET', body = '', ...headers }: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port: server.port, path, method, headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      },
    );
    request.on('error', reject).end(body);
  });
}

function pathOf(url: string): string {
  return url.slice(url.indexOf('/', 'http://'.length));
}

async function logIn(): Promise<string> {
  const { headers } = await ask(pathOf(server.url));
  return headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

function rawAnswer(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

describe('the key', () => {
  test('is exchanged for a strict, script-proof cookie and leaves the address bar', async () => {
    const { status, headers } = await ask(pathOf(server.url));
    expect(status).toBe(303);
    expect(headers.location).toBe('/');
    expect(headers['set-cookie']?.[0]).toMatch(/^conch-\d+=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict$/);
  });

  test('opens the page only to who has shown it', async () => {
    expect((await ask('/')).status).toBe(401);
    expect((await ask('/?token=wrong')).status).toBe(401);
    expect((await ask('/', { Cookie: `conch-${server.port}=wrong` })).status).toBe(401);
    expect((await ask('/', { Cookie: await logIn() })).status).toBe(200);
  });

  test('guards files and downloads too', async () => {
    expect((await ask('/assets/main-abc.js')).status).toBe(401);
    expect((await ask('/downloads/ready')).status).toBe(401);
  });

  test('for a command line works once', async () => {
    const path = pathOf(server.issueUrl());
    expect((await ask(path)).status).toBe(303);
    expect((await ask(path)).status).toBe(401);
  });

  test('is asked for again, once, where a link on another site led here without the cookie', async () => {
    const fromElsewhere = await ask('/', { 'Sec-Fetch-Site': 'cross-site' });
    expect(fromElsewhere.body).toContain('http-equiv="refresh"');
    expect((await ask('/', { 'Sec-Fetch-Site': 'same-origin' })).body).not.toContain('http-equiv="refresh"');
  });
});

describe('the address', () => {
  test.each([
    'evil.example',
    'evil.example:PORT',
    '127.0.0.1',
    'localhost:1',
    '10.0.0.1:PORT',
    'localhost.evil:PORT',
  ])('Host %s is refused, whatever cookie comes with it', async (host) => {
    const Cookie = await logIn();
    const { status } = await ask('/', { Cookie, Host: host.replace('PORT', String(server.port)) });
    expect(status).toBe(403);
  });

  test.each(['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]'])(
    'Host %s with our port is ours',
    async (name) => {
      const { status } = await ask('/', { Cookie: await logIn(), Host: `${name}:${server.port}` });
      expect(status).toBe(200);
    },
  );

  test('another origin is refused, ours is not', async () => {
    const Cookie = await logIn();
    expect((await ask('/', { Cookie, Origin: 'http://evil.example' })).status).toBe(403);
    expect((await ask('/', { Cookie, Origin: 'null' })).status).toBe(403);
    expect((await ask('/', { Cookie, Origin: `http://127.0.0.1:${server.port}` })).status).toBe(200);
  });

  test('two hosts are one too many', async () => {
    const answer = await rawAnswer(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nHost: evil\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe('the page', () => {
  test('carries a policy whose style nonce is fresh for each response and stands in the page', async () => {
    const Cookie = await logIn();
    const nonces = [];
    for (const { headers, body } of [await ask('/', { Cookie }), await ask('/', { Cookie })]) {
      const policy = String(headers['content-security-policy']);
      const nonce = /style-src 'self' 'nonce-([^']+)'/.exec(policy)?.[1];
      expect(body).toBe(`<meta property="csp-nonce" nonce="${nonce}">`);
      expect(policy).toContain("default-src 'none'; script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      nonces.push(nonce);
    }
    expect(new Set(nonces).size).toBe(2);
  });

  test.each(['/', '/nothing', '/assets/main-abc.js'])('%s comes with every security header', async (path) => {
    const { headers } = await ask(path, { Cookie: await logIn() });
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['content-security-policy']).toContain("script-src 'self'");
  });

  test('has assets that never change and an index that is never kept', async () => {
    const Cookie = await logIn();
    const asset = await ask('/assets/main-abc.js', { Cookie });
    expect(asset.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(asset.headers['cache-control']).toBe('private, max-age=31536000, immutable');
    expect((await ask('/', { Cookie })).headers['cache-control']).toBe('no-store');
  });

  test.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/%5c..%5c..%5csecret.txt',
    '/%252e%252e/secret.txt',
    '//secret.txt',
    '/assets//main-abc.js',
    '/.hidden',
    '/assets',
    '/index.html%00.js',
    '/%',
    '/assets/outside/secret.txt',
  ])('no file outside is reached by %s', async (path) => {
    const { status, body } = await ask(path, { Cookie: await logIn() });
    expect({ status, body }).toEqual({ status: 404, body: '' });
  });

  test('takes no other method', async () => {
    const { status, headers } = await ask('/', { Cookie: await logIn(), method: 'DELETE' });
    expect(status).toBe(405);
    expect(headers.allow).toBe('GET, HEAD');
  });
});

describe('a download', () => {
  test('is streamed under its own name', async () => {
    const { status, headers, body } = await ask('/downloads/ready', { Cookie: await logIn() });
    expect({ status, body }).toEqual({ status: 200, body: 'hello' });
    expect(headers['content-disposition']).toBe("attachment; filename*=UTF-8''mod%C3%A8les.zip");
  });

  test('that nobody made is not found', async () => {
    expect((await ask('/downloads/none', { Cookie: await logIn() })).status).toBe(404);
    expect((await ask('/downloads/%ff', { Cookie: await logIn() })).status).toBe(404);
  });
});

function openSocket(headers: Record<string, string>, path = '/channel'): Promise<WebSocket | number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers });
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode ?? 0));
    socket.once('error', reject);
  });
}

describe('the channel', () => {
  const origin = () => `http://127.0.0.1:${server.port}`;

  test('wants cookie, origin and path', async () => {
    const Cookie = await logIn();
    expect(await openSocket({ Cookie })).toBe(403);
    expect(await openSocket({ Cookie, Origin: 'http://evil.example' })).toBe(403);
    expect(await openSocket({ Origin: origin() })).toBe(401);
    expect(await openSocket({ Cookie, Origin: origin() }, '/other')).toBe(404);
    expect(await openSocket({ Cookie, Origin: origin(), Host: 'evil.example' })).toBe(403);
  });

  test('survives an upgrade to nonsense', async () => {
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket';
    const answer = await rawAnswer(`GET // HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n${upgrade}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 403 /);
    expect((await ask('/')).status).toBe(401);
  });

  test('carries messages both ways for several tabs, and ends with each', async () => {
    const headers = { Cookie: await logIn(), Origin: origin() };
    const tabs = await Promise.all([openSocket(headers), openSocket(headers)]);
    for (const tab of tabs) {
      if (typeof tab === 'number') throw new Error(`refused: ${tab}`);
      const answered = new Promise((resolve) => tab.once('message', resolve));
      tab.send(encodeMessage({ bytes: Uint8Array.of(1, 2) }));
      expect(decodeMessage((await answered) as Buffer)).toMatchObject({ value: { bytes: { 0: 1, 1: 2 } } });
    }
    expect(openChannels.size).toBe(2);
    for (const tab of tabs) if (typeof tab !== 'number') tab.close();
    await expect.poll(() => openChannels.size).toBe(0);
  });

  test.each([
    ['a text frame', 'text', 1007],
    ['bytes that are no message', Buffer.from([0xc1]), 1007],
    ['a message over 64 MiB', Buffer.alloc(64 * 1024 * 1024 + 1), 1009],
  ])('is closed by %s', async (_, data, code) => {
    const socket = await openSocket({ Cookie: await logIn(), Origin: origin() });
    if (typeof socket === 'number') throw new Error(`refused: ${socket}`);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.send(data);
    expect(await closed).toBe(code);
  });
});

describe('a second start', () => {
  test('hands over its paths and learns an address', async () => {
    const answer = await ask(pathOf(server.handOverAddress), { method: 'POST', body: '["/models/a.onnx"]' });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ url: server.url });
    expect(takenPaths).toEqual(['/models/a.onnx']);
  });

  test('needs its own key: the one of the page will not do', async () => {
    const token = new URL(server.url).searchParams.get('token');
    expect((await ask(`/hand-over?token=${token}`, { method: 'POST', body: '[]' })).status).toBe(403);
  });
});

test('a taken port is passed over, and named where it was the only wish', async () => {
  const parts = {
    pageFolder: folder,
    serveChannel: () => () => undefined,
    openDownload: () => Promise.reject(new StatusError('not-found', '')),
    takePaths: () => undefined,
  };
  const next = await startPageServer({ ...parts, ports: [server.port, 0] });
  expect(next.port).not.toBe(server.port);
  await next.close();
  await expect(startPageServer({ ...parts, ports: [server.port] })).rejects.toMatchObject({
    code: 'unavailable',
    message: `Port ${server.port} is taken by another program; choose one with --port.`,
  });
});
