import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { build } from '../support/build-node.ts';

const START = fileURLToPath(new URL('../../main/start.mjs', import.meta.url));

let folder: string;
const running: ChildProcess[] = [];

beforeEach(async () => {
  build();
  folder = await mkdtemp(join(tmpdir(), 'conch-start-'));
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, SSH_CONNECTION: _ssh, ...rest } = process.env;
  const child = spawn(process.execPath, [START, ...args], {
    cwd: folder,
    env: { ...rest, CONCH_DATA_FOLDER: join(folder, 'data'), CONCH_HTTP_PORT: '0', INIT_CWD: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return {
    child,
    output: () => output,
    says: async (pattern: RegExp) => {
      await expect.poll(() => output, { timeout: 30_000 }).toMatch(pattern);
      return pattern.exec(output) ?? [];
    },
    ended: async () => {
      const [code] = (await once(child, 'close')) as [number | null];
      return code;
    },
  };
}

const ADDRESS = /Conch is at (http:\/\/127\.0\.0\.1:(\d+)\/\?token=[\w-]+)/;

describe('npm start without a display', () => {
  test('says why there is no window, prints the address and the tunnel, and ends with Ctrl-C', async () => {
    const shell = start([]);
    await shell.says(/There is no display here, so the workbench opens in a browser\./);
    const [, url = '', port] = await shell.says(ADDRESS);
    await shell.says(new RegExp(`ssh -L ${port}:127\\.0\\.0\\.1:${port} \\S+@\\S+`));
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(303);
    shell.child.kill('SIGINT');
    expect(await shell.ended()).toBe(0);
    await expect(fetch(url)).rejects.toThrow(/fetch failed/);
  });

  test('leaves no workbench behind when it is killed', async () => {
    const shell = start(['--port', '0']);
    const [, url = ''] = await shell.says(ADDRESS);
    shell.child.kill('SIGKILL');
    await shell.ended();
    await expect
      .poll(
        () =>
          fetch(url).then(
            () => 'answers',
            () => 'gone',
          ),
        { timeout: 5_000 },
      )
      .toBe('gone');
  });

  test('shows the token to the person and to nobody else', async () => {
    const shell = start(['--port', '0']);
    const [, url = ''] = await shell.says(ADDRESS);
    const token = new URL(url).searchParams.get('token') ?? 'none';
    await fetch(url);
    expect(shell.output().split(token)).toHaveLength(2);
  });
});

describe('npm start with a display', () => {
  test('opens the default browser with a ticket instead of the token', async () => {
    const bin = join(folder, 'bin');
    const opened = join(folder, 'opened');
    await mkdir(bin);
    await writeFile(join(bin, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" > '${opened}'\n`, { mode: 0o755 });
    const shell = start(['--headless'], {
      DISPLAY: ':99',
      PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
    });
    const [, url = ''] = await shell.says(ADDRESS);
    await expect.poll(() => readFile(opened, 'utf8').catch(() => '')).toMatch(/token=/);
    const ticketUrl = await readFile(opened, 'utf8');
    expect(ticketUrl).not.toBe(url);
    expect((await fetch(ticketUrl, { redirect: 'manual' })).status).toBe(303);
    expect((await fetch(ticketUrl, { redirect: 'manual' })).status).toBe(401);
  });

  test('runs Electron where its binary is, with absolute paths', async () => {
    const args = join(folder, 'args');
    await writeFile(join(folder, 'electron'), `#!/bin/sh\nprintf '%s\\n' "$@" > '${args}'\nexit 7\n`, {
      mode: 0o755,
    });
    const shell = start(['a.onnx'], { DISPLAY: ':99', ELECTRON_OVERRIDE_DIST_PATH: folder });
    expect(await shell.ended()).toBe(7);
    expect((await readFile(args, 'utf8')).split('\n').slice(1, 3)).toEqual(['--', join(folder, 'a.onnx')]);
  });
});

test('a second start hands its paths over and prints the same address', async () => {
  const first = start(['--port', '0']);
  const [, url] = await first.says(ADDRESS);
  const second = start(['--no-open', 'nothing.onnx']);
  expect(await second.ended()).toBe(0);
  expect(second.output()).toContain('Conch runs already; it took over what you opened.');
  expect(ADDRESS.exec(second.output())?.[1]).toBe(url);
});

test('a busy port that was asked for is named', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as { port: number };
  const shell = start(['--port', String(port)]);
  expect(await shell.ended()).toBe(1);
  expect(shell.output()).toBe(`Port ${port} is taken by another program; choose one with --port.\n`);
  holder.close();
});

describe('wrong usage', () => {
  test('of the starter ends with 2 and the help', async () => {
    const shell = start(['--prot']);
    expect(await shell.ended()).toBe(2);
    expect(shell.output()).toMatch(/--prot[^]*npm start -- model\.onnx/);
  });

  test('of the port ends with 2 and a sentence', async () => {
    const shell = start(['--port', 'http']);
    expect(await shell.ended()).toBe(2);
    expect(shell.output()).toBe('--port takes a number from 0 to 65535, not http.\n');
  });
});

test('--help needs no build and no port', async () => {
  const shell = start(['--help']);
  expect(await shell.ended()).toBe(0);
  expect(shell.output()).toContain('npm start -- path/to/model_repository/');
});
