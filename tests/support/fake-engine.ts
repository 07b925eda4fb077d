import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Answers one request of the Engine API; what it does not answer hangs. */
export type EngineAnswer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on a Unix socket that says what a Docker Engine would say where a real one cannot be provoked. */
export interface FakeEngine {
  readonly socketPath: string;
  /** `GET /containers/json` without the query and the version. */
  readonly asked: readonly string[];
  /** Answers from now on, by method and path; the path may end in `*`. */
  answer(route: string, answer: EngineAnswer): void;
  /** Cuts every connection; new ones are taken. */
  cut(): void;
  close(): Promise<void>;
}

/** An answer in JSON. */
export function json(status: number, body: unknown): EngineAnswer {
  return (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  };
}

/** Listens on `socketPath`, as an Engine with nothing in it. */
export async function startFakeEngine(socketPath: string): Promise<FakeEngine> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const answers = new Map<string, EngineAnswer>([
    ['GET /_ping', (_request, response) => response.end('OK')],
    ['GET /containers/json', json(200, [])],
    ['GET /networks', json(200, [{ Name: 'bridge', Driver: 'bridge' }])],
    ['GET /info', json(200, { ServerVersion: '27.3.1', MemTotal: 16 * 1024 ** 3, Runtimes: {} })],
    ['GET /images/*', json(200, { Size: 1_000_000 })],
    ['DELETE /containers/*', (_request, response) => response.writeHead(204).end()],
  ]);
  const find = (route: string) => {
    const exact = answers.get(route);
    if (exact) return exact;
    return [...answers].find(([known]) => known.endsWith('*') && route.startsWith(known.slice(0, -1)))?.[1];
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*$/, '');
    const route = `${request.method ?? ''} ${path}`;
    asked.push(route);
    find(route)?.(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return {
    socketPath,
    asked,
    // The newest answer comes first: it may stand before a wider one.
    answer: (route, answer) => {
      const others = [...answers].filter(([known]) => known !== route);
      answers.clear();
      for (const [known, body] of [[route, answer] as const, ...others]) answers.set(known, body);
    },
    cut,
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
