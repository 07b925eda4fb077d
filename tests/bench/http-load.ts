import { connect, type Socket } from 'node:net';
import { median, percentile } from './figures.ts';

/** What a closed loop of clients measured; times in milliseconds. */
export interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

/** The bytes of one HTTP/1.1 request. */
export function rawPost(
  path: string,
  headers: Readonly<Record<string, string | number>>,
  body: Uint8Array,
): Buffer {
  const lines = Object.entries({ ...headers, 'Content-Length': body.byteLength }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.concat([
    Buffer.from(`POST ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`),
    body,
  ]);
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** A connection that sends the same request again and again: no HTTP library stands between it and the clock. */
class RawClient implements LoadClient {
  readonly #socket: Socket;
  readonly #request: Buffer;
  #head = Buffer.alloc(0);
  #missing = -1;
  #done: (() => void) | null = null;
  #failed: ((cause: Error) => void) | null = null;
  #status = 0;

  constructor(port: number, request: Buffer) {
    this.#request = request;
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', (cause) => this.#failed?.(cause));
  }

  send(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#socket.write(this.#request);
    });
  }

  #take(chunk: Buffer): void {
    if (this.#missing < 0) {
      this.#head = Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf(HEAD_END);
      if (end < 0) return;
      const head = this.#head.toString('latin1', 0, end);
      this.#status = Number(head.slice(9, 12));
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      this.#missing = length - (this.#head.byteLength - end - HEAD_END.byteLength);
    } else this.#missing -= chunk.byteLength;
    if (this.#missing > 0) return;
    this.#missing = -1;
    this.#head = Buffer.alloc(0);
    if (this.#status === 200) this.#done?.();
    else this.#failed?.(new Error(`HTTP ${this.#status}`));
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** One of the clients of a closed loop. */
export interface LoadClient {
  /** Sends a request and waits for its answer; rejects when that is no success. */
  send(): Promise<void>;
  close(): void;
}

/** Clients that each send a request as soon as they have the answer to the one before; closes them. */
export async function measureClosedLoop(clients: readonly LoadClient[], seconds: number): Promise<Measured> {
  const latencies: number[] = [];
  const run = async (milliseconds: number): Promise<number> => {
    latencies.length = 0;
    const begin = performance.now();
    const loop = async (client: LoadClient): Promise<void> => {
      while (performance.now() - begin < milliseconds) {
        const start = performance.now();
        await client.send();
        latencies.push(performance.now() - start);
      }
    };
    await Promise.all(clients.map(loop));
    return (performance.now() - begin) / 1000;
  };
  try {
    await run((seconds * 1000) / 4);
    const took = await run(seconds * 1000);
    return { p50: median(latencies), p99: percentile(latencies, 0.99), perSecond: latencies.length / took };
  } finally {
    for (const client of clients) client.close();
  }
}

/** A closed loop of `concurrency` connections that send `request`. */
export function measureHttp(
  port: number,
  request: Buffer,
  concurrency: number,
  seconds: number,
): Promise<Measured> {
  const clients = Array.from({ length: concurrency }, () => new RawClient(port, request));
  return measureClosedLoop(clients, seconds);
}
