import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** An S3 server that knows all of multipart uploads. */
const PACKAGE = 'moto[server]==5.2.5';

/** The program of the S3 server, installed once on this machine; or why it cannot be. */
export async function installS3Server(): Promise<{ readonly program: string } | { readonly reason: string }> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'conch-s3-server', PACKAGE.replaceAll(/[^\w.]+/g, '-'));
  const mark = join(folder, 'installed');
  const program = join(folder, 'bin/moto_server');
  if (existsSync(mark)) return { program };
  try {
    await mkdir(folder, { recursive: true });
    await run('python3', ['-m', 'venv', '--clear', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE];
    await run(join(folder, 'bin/python'), pip);
    await writeFile(mark, '');
    return { program };
  } catch (cause) {
    return { reason: cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause) };
  }
}

/** Starts the S3 server on a port of its own. */
export async function startS3Server(program: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await freePort();
  const child = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + 30_000;
  while (!(await fetch(url).catch(() => null))) {
    if (Date.now() > until || child.exitCode !== null) throw new Error('The S3 server did not start.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

/** What stands between an uploader and a server: notes every request, and may hold or cut it. */
export interface TappedServer {
  readonly url: string;
  /** Method and path with query of everything that was let through, in order. */
  readonly requests: string[];
  /** What becomes of the next requests; `pass` when it gives nothing. */
  rule: (method: string, path: string) => 'pass' | 'cut' | 'hold' | undefined;
  stop(): Promise<void>;
}

/** Stands before a server. */
export async function tapServer(target: string): Promise<TappedServer> {
  const pass = (
    incoming: IncomingMessage,
    answer: Parameters<Parameters<typeof createServer>[1] & object>[1],
  ) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const onward = request(new URL(url, target), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  };
  const tapped: TappedServer = {
    url: '',
    requests: [],
    rule: () => 'pass',
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const server: Server = createServer((incoming, answer) => {
    const { method = 'GET', url = '/' } = incoming;
    const rule = tapped.rule(method, url) ?? 'pass';
    if (rule === 'cut') incoming.socket.destroy();
    if (rule !== 'pass') return;
    tapped.requests.push(`${method} ${url}`);
    pass(incoming, answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(tapped, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
