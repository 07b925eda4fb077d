import { writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkDocker } from '../../../../app/host/triton-container/docker-status.ts';
import { makeTestFolder } from '../../../support/start-test-host.ts';

describe('the state of Docker', () => {
  let folder: Awaited<ReturnType<typeof makeTestFolder>>;
  let path: string;
  let daemon: Server | null = null;
  const sockets = new Set<Socket>();
  beforeEach(async () => {
    folder = await makeTestFolder();
    path = join(folder.path, 'docker.sock');
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => (daemon ? daemon.close(resolve) : resolve(null)));
    daemon = null;
    await folder.remove();
  });

  /** A daemon that gives one answer to every request, by its path; null: none, ever. */
  const listen = (answer: (path: string) => string | null) =>
    new Promise<void>((resolve) => {
      daemon = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('data', (bytes) => {
          const text = answer(/^\w+ (\S+)/.exec(bytes.toString('latin1'))?.[1] ?? '');
          if (text !== null) socket.end(text);
        });
      }).listen(path, resolve);
    });
  const reply = (status: string, body: string) =>
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
  const check = () => checkDocker({ socketPath: path, timeoutMilliseconds: 300 });

  test('is available with its version', async () => {
    await listen((asked) =>
      asked.includes('_ping') ? reply('200 OK', 'OK') : reply('200 OK', '{"Version":"27.3.1"}'),
    );
    expect(await check()).toEqual({ kind: 'available', version: '27.3.1' });
  });

  test('names the socket that is not there', async () => {
    expect(await check()).toEqual({
      kind: 'absent',
      reason: `Docker is not installed or not running: there is no ${path}.`,
    });
  });

  test('says that nothing answers behind a socket that was left behind', async () => {
    await writeFile(path, '');
    expect(await check()).toMatchObject({ reason: expect.stringContaining('not running: nothing answers') });
  });

  test('says what to do where a proxy of the socket forbids it', async () => {
    await listen(() => reply('403 Forbidden', '{"message":"not for you"}'));
    expect(await check()).toMatchObject({ kind: 'absent', reason: expect.stringContaining('not for you') });
  });

  test.each([
    ['no HTTP', 'hello, I am a mail server\r\n'],
    ['no JSON', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n<htm>'],
    ['JSON without a version', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]'],
    ['nothing', ''],
  ])('says that what answers is not Docker: %s', async (_what, text) => {
    await listen(() => text);
    expect(await check()).toMatchObject({ kind: 'absent', reason: expect.stringMatching(/^\w.+\.$/) });
  });

  test('does not wait for a daemon that hangs', async () => {
    await listen(() => null);
    expect(await check()).toEqual({ kind: 'absent', reason: 'Docker does not answer.' });
  });

  test('does not wait for one that hangs after the greeting', async () => {
    await listen((asked) => (asked.includes('_ping') ? reply('200 OK', 'OK') : null));
    expect(await check()).toEqual({ kind: 'absent', reason: 'Docker does not answer.' });
  });
});

// Root may open any socket: only somebody else is refused.
test.skipIf(process.getuid?.() === 0)('says how to get the permission for the socket', async () => {
  const folder = await makeTestFolder();
  const path = join(folder.path, 'docker.sock');
  const daemon = createServer();
  await new Promise<void>((resolve) => {
    daemon.listen(path, resolve);
  });
  const { chmod } = await import('node:fs/promises');
  await chmod(path, 0o000);
  expect(await checkDocker({ socketPath: path, timeoutMilliseconds: 300 })).toMatchObject({
    reason: expect.stringContaining('sudo usermod -aG docker'),
  });
  daemon.close();
  await folder.remove();
});
