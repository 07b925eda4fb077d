import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProduct, waitFor } from './product-process.ts';

/** A running twin on a repository made for the benchmark. */
export interface BenchTwin {
  /** Of HTTP. */
  readonly port: number;
  readonly grpcPort: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? done(address.port) : fail(new Error('no port')),
      );
    });
  });
}

/** Serves the given model files (name → ONNX file or model directory) with `conch serve`, and waits until ready. */
export async function startTwin(models: Readonly<Record<string, string>>): Promise<BenchTwin> {
  const folder = await mkdtemp(join(tmpdir(), 'conch-bench-'));
  for (const [name, path] of Object.entries(models)) {
    const isFile = path.endsWith('.onnx');
    await cp(path, isFile ? join(folder, name, '1', 'model.onnx') : join(folder, name), { recursive: true });
  }
  const port = await freePort();
  const grpcPort = await freePort();
  const product = startProduct('cli', [
    'serve',
    folder,
    `--http-port=${port}`,
    `--grpc-port=${grpcPort}`,
    '--metrics-port=0',
  ]);
  const ready = async () => ((await send(port, 'GET', '/v2/health/ready')).status === 200 ? true : undefined);
  try {
    await waitFor('the twin to be ready', 30, ready);
  } catch (cause) {
    await product.stop();
    throw new Error(product.output(), { cause });
  }
  return {
    port,
    grpcPort,
    pid: product.child.pid ?? 0,
    stop: async () => {
      await product.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** One request over a kept-alive connection. */
export function send(
  port: number,
  method: 'GET' | 'POST',
  path: string,
  body?: Uint8Array,
  headers: Record<string, string | number> = {},
): Promise<{ readonly status: number; readonly body: Buffer }> {
  return new Promise((done, fail) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent,
        headers: { 'Content-Length': body?.byteLength ?? 0, ...headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('end', () => done({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
        response.once('error', fail);
      },
    );
    outgoing.once('error', fail);
    outgoing.end(body);
  });
}
