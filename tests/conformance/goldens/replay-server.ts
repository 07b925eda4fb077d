import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { exchange, NO_ANSWER, type WireAnswer, type WireRequest } from './http-exchange.ts';

export interface Ports {
  readonly http: number;
  readonly grpc: number;
  readonly metrics: number;
}

export interface ServerCommand {
  readonly program: string;
  readonly repositories: string;
  /** Where the gRPC protos lie. */
  readonly protos: string;
}

export interface ServerPlan {
  readonly repositories: readonly string[];
  readonly flags: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const START_MILLISECONDS = 600_000;
const STOP_MILLISECONDS = 40_000;

function takeFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Three ports that are free now. */
export async function takePorts(): Promise<Ports> {
  const [http, grpc, metrics] = await Promise.all([takeFreePort(), takeFreePort(), takeFreePort()]);
  return { http, grpc, metrics };
}

/** Puts `{repositories}`, `{triton}` and `{upload}` for real paths, as the recordings have them. */
export function placeIn(repositories: string): (text: string) => string {
  return (text) =>
    text
      .replaceAll(repositories, '{repositories}')
      .replaceAll('/opt/tritonserver/backends', '{triton}/backends')
      .replaceAll(/\/[^"' ]*\/folder\w{6}/g, '{upload}');
}

/** A server process of ours under replay. */
export class ReplayServer {
  readonly ports: Ports;
  readonly place: (text: string) => string;
  /** Names of steps that were done to this server already. */
  readonly done = new Set<string>();
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly exited: Promise<number | null>;
  hasExited = false;

  constructor(command: ServerCommand, args: readonly string[], ports: Ports, env: ServerPlan['env'] = {}) {
    this.ports = ports;
    this.place = placeIn(command.repositories);
    this.#child = spawn(process.execPath, [command.program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        this.hasExited = true;
        resolve(code);
      });
    });
  }

  /** Starts a server and waits until it answers; it may have ended instead. */
  static async start(command: ServerCommand, plan: ServerPlan): Promise<ReplayServer> {
    const ports = await takePorts();
    const server = new ReplayServer(
      command,
      [
        ...plan.repositories.map((name) => `--model-repository=${command.repositories}/${name}`),
        '--exit-on-error=false',
        ...plan.flags,
        ...portFlags(ports),
      ],
      ports,
      plan.env,
    );
    await server.waitUntilListening();
    return server;
  }

  async waitUntilListening(): Promise<void> {
    const end = Date.now() + START_MILLISECONDS;
    while (!this.hasExited && Date.now() < end) {
      const { status } = await this.call({ method: 'GET', path: '/v2/health/live' });
      if (status === 200 || status === 403) return;
      await sleep(50);
    }
  }

  call(request: WireRequest): Promise<WireAnswer> {
    return exchange(this.ports.http, request);
  }

  post(path: string, body = '', headers: Readonly<Record<string, string>> = {}): Promise<WireAnswer> {
    return this.call({ method: 'POST', path, body: Buffer.from(body), headers });
  }

  async isLive(): Promise<boolean> {
    return (
      !this.hasExited && (await this.call({ method: 'GET', path: '/v2/health/live' })).status !== NO_ANSWER
    );
  }

  /** Waits until no model is on its way out. */
  async waitUntilUnloaded(headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const end = Date.now() + 20_000;
    while (Date.now() < end) {
      const { body } = await this.post('/v2/repository/index', '', headers);
      if (!body.includes('"UNLOADING"')) return;
      await sleep(10);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Asks it to end, and ends it for sure. */
  async stop(): Promise<void> {
    if (this.hasExited) return;
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_MILLISECONDS);
    await this.exited;
    clearTimeout(timer);
  }
}

export function portFlags({ http, grpc, metrics }: Ports): string[] {
  return [
    '--http-address=127.0.0.1',
    `--http-port=${http}`,
    '--grpc-address=127.0.0.1',
    `--grpc-port=${grpc}`,
    '--metrics-address=127.0.0.1',
    `--metrics-port=${metrics}`,
  ];
}
