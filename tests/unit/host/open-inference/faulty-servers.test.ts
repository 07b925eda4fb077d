import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { tensorOf } from '../../../../app/core/tensors/elements.ts';
import { createOpenInferenceClient } from '../../../../app/host/open-inference/http-client.ts';

const SILENCE_MILLISECONDS = 300;
const PAGE = `<html>${'<p>Sign in</p>'.repeat(400_000)}</html>`;
const ANSWER = JSON.stringify({
  model_name: 'm',
  outputs: [{ name: 'y', datatype: 'FP32', shape: [1], data: [2] }],
});

describe('a server that is not what it should be', () => {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  });

  async function listen(server: Server): Promise<string> {
    servers.push(server);
    server.on('connection', (socket: Socket) => sockets.add(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** What a request to the address ends with. */
  async function askedAt(url: string): Promise<string> {
    const client = createOpenInferenceClient(url, { timeoutMilliseconds: SILENCE_MILLISECONDS });
    try {
      await client.infer({
        model: 'm',
        protocol: 'json',
        inputs: [{ name: 'x', ...tensorOf('FP32', [1], [1]) }],
      });
      return 'answered';
    } catch (cause) {
      return (cause as Error).message;
    } finally {
      client.close();
    }
  }

  const asked = async (listener: RequestListener) =>
    askedAt(`http://${await listen(createHttpServer(listener))}`);
  const wired = async (onData: (socket: Socket) => void) =>
    askedAt(
      `http://${await listen(
        createServer((socket) => {
          socket.on('error', () => undefined).once('data', () => onData(socket));
        }),
      )}`,
    );

  test('answers five megabytes of HTML: it is no inference server, and the page is not repeated', async () => {
    for (const status of [200, 404]) {
      const said = await asked((_request, response) =>
        response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' }).end(PAGE),
      );
      expect(said).toContain(`answered with a web page (HTTP status ${status}): it is no inference server`);
      expect(said.length).toBeLessThan(200);
    }
  });

  test('sends on to another host: nothing is asked there, and it is said where it leads', async () => {
    let strangers = 0;
    const stranger = await listen(
      createHttpServer((_request, response) => {
        strangers += 1;
        response.end(ANSWER);
      }),
    );
    const said = await asked((_request, response) =>
      response.writeHead(307, { Location: `http://${stranger}/v2` }).end(),
    );
    expect(said).toContain(`sends on to http://${stranger}/v2 (HTTP status 307), which was not asked`);
    expect(strangers).toBe(0);
  });

  test('wants a token', async () => {
    expect(await asked((_request, response) => response.writeHead(401).end())).toContain(
      'wants to know who asks (HTTP status 401)',
    );
  });

  test('never answers, or stops in the middle: neither hangs', async () => {
    const quiet = `said nothing for ${SILENCE_MILLISECONDS} ms`;
    expect(await asked(() => undefined)).toContain(quiet);
    expect(
      await asked((_request, response) => {
        response.writeHead(200, { 'Content-Length': '1000' }).write('{"model_name"');
      }),
    ).toContain(quiet);
  });

  test('closes in the middle of its answer, or declares more than it sends', async () => {
    const cut = (socket: Socket) =>
      socket.end(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n${ANSWER}`,
      );
    expect(await wired(cut)).toContain('closed the connection in the middle of its answer');
  });

  test('closes before it answers', async () => {
    expect(await wired((socket) => socket.destroy())).toContain('closed the connection before its answer');
  });

  test('declares less than it sends: no part of an answer is taken for the whole', async () => {
    const said = await wired((socket) =>
      socket.end(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n${ANSWER}`),
    );
    expect(said).not.toBe('answered');
  });

  test('speaks something else than HTTP', async () => {
    expect(await wired((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'))).toContain(
      'is no HTTP (Parse Error: Expected HTTP/',
    );
  });

  test('is not there, or its name is not', async () => {
    const server = createHttpServer();
    const place = await listen(server);
    server.close();
    await once(server, 'close');
    expect(await askedAt(`http://${place}`)).toBe(`Nothing answers at http://${place}.`);
    expect(await askedAt('http://no-such-host.invalid')).toMatch(
      /^The host of http:\/\/no-such-host\.invalid (?:is not known|could not be looked up)/,
    );
  });

  test('speaks no TLS where https was asked', async () => {
    const place = await listen(createHttpServer((_request, response) => response.end()));
    expect(await askedAt(`https://${place}`)).toContain(
      'does not speak TLS: is it http:// instead of https://?',
    );
  });

  test('has a certificate for which nobody vouches: nothing is sent to it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'conch-certificate-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const request = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1'.split(' ');
    const { status } = spawnSync('openssl', request.concat('-keyout', key, '-out', cert));
    expect(status).toBe(0);
    let requests = 0;
    const place = await listen(
      createHttpsServer({ key: await readFile(key), cert: await readFile(cert) }, (_request, response) => {
        requests += 1;
        response.end(ANSWER);
      }),
    );
    await rm(folder, { recursive: true });
    const said = await askedAt(`https://${place}`);
    expect(said).toContain('is signed by itself, so that nobody vouches for it');
    expect(said).toContain('NODE_EXTRA_CA_CERTS');
    expect(requests).toBe(0);
  });
});
