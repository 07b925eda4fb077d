import { fork, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeInferResponse, type InferResponse } from '../../../app/core/open-inference/infer-response.ts';
import {
  encodeInferRequest,
  type OutgoingInferRequest,
} from '../../../app/core/open-inference/infer-request.ts';
import type { Datatype } from '../../../app/core/datatypes.ts';
import type { ServedEndpoint, ServerEvent } from '../../../app/core/server-events/server-event.ts';
import { elementCount } from '../../../app/core/tensors/tensor.ts';

const SERVER = fileURLToPath(new URL('../../../dist/node/server.mjs', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../../fixtures/models/', import.meta.url));

/** A model of the repository under test. */
export interface TestModel {
  /** File below tests/fixtures/models; absent: no model file. */
  readonly file?: string;
  readonly config?: string;
  readonly versions?: readonly string[];
  /** Further files, by path in the model's directory. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface NamedShape {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Uint8Array;
}

/** Sends one request on a connection of its own, and gives back what came. */
export function callPort(port: number, path: string, options: CallOptions = {}): Promise<Answer> {
  const { method = options.body === undefined ? 'GET' : 'POST', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path,
      method,
      agent: false,
      headers: { ...headers },
    });
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const whole = Buffer.concat(chunks);
        const { statusCode = 0 } = response;
        resolve({ status: statusCode, headers: response.headers, body: whole, text: whole.toString('utf8') });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Waits until `isTrue` answers true. */
export async function until(isTrue: () => Promise<boolean> | boolean, milliseconds = 20_000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`not within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function writeModel(repository: string, name: string, model: TestModel): Promise<void> {
  const directory = join(repository, name);
  await mkdir(directory, { recursive: true });
  for (const version of model.versions ?? ['1']) {
    await mkdir(join(directory, version), { recursive: true });
    if (model.file !== undefined)
      await cp(join(FIXTURES, model.file), join(directory, version, 'model.onnx'));
  }
  if (model.config !== undefined) await writeFile(join(directory, 'config.pbtxt'), model.config);
  for (const [path, text] of Object.entries(model.files ?? {})) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
}

/** A real server process over a repository of its own. */
export class ServerUnderTest {
  readonly repository: string;
  readonly events: ServerEvent[] = [];
  port = 0;
  grpcPort = 0;
  metricsPort = 0;
  output = '';
  readonly #child: ChildProcess;
  readonly #root: string;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;

  private constructor(root: string, repositories: readonly string[], flags: readonly string[]) {
    this.#root = root;
    this.repository = repositories[0] ?? '';
    const models = repositories.map((repository) => `--model-repository=${repository}`);
    this.#child = fork(SERVER, [...models, '--http-port=0', '--grpc-port=0', '--metrics-port=0', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child.on('message', (event: ServerEvent) => {
      this.events.push(event);
      if (event.kind === 'listening') this.#noteEndpoints(event.endpoints);
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.exited = new Promise((resolve) => {
      // Not 'close': it does not come once the channel was disconnected by hand. The rest of the output gets a moment.
      this.#child.once('exit', (code, signal) => setTimeout(() => resolve({ code, signal }), 100));
    });
  }

  /** Starts a server and waits until it has loaded what it was told to. */
  static async start(
    models: Readonly<Record<string, TestModel>>,
    flags: readonly string[] = [],
  ): Promise<ServerUnderTest> {
    const server = await ServerUnderTest.launch(models, flags);
    await until(async () => server.port > 0 && (await server.call('/v2/health/live')).status === 200);
    return server;
  }

  /** Starts a server over repositories that exist already; rejects if it ends instead. */
  static async startOn(repositories: readonly string[], flags: readonly string[]): Promise<ServerUnderTest> {
    const server = new ServerUnderTest(await mkdtemp(join(tmpdir(), 'conch-test-')), repositories, flags);
    let hasEnded = false;
    void server.exited.then(() => (hasEnded = true));
    await until(async () => {
      if (hasEnded) throw new Error(`the server ended: ${server.output.slice(-500)}`);
      return server.port > 0 && (await server.call('/v2/health/live')).status === 200;
    }, 120_000);
    return server;
  }

  /** Starts a server without waiting for anything. */
  static async launch(
    models: Readonly<Record<string, TestModel>>,
    flags: readonly string[] = [],
  ): Promise<ServerUnderTest> {
    const root = await mkdtemp(join(tmpdir(), 'conch-test-'));
    const repository = join(root, 'models');
    await mkdir(repository);
    for (const [name, model] of Object.entries(models)) await writeModel(repository, name, model);
    return new ServerUnderTest(root, [repository], flags);
  }

  #noteEndpoints(endpoints: readonly ServedEndpoint[]): void {
    for (const { protocol, port } of endpoints) {
      if (protocol === 'http') this.port = port;
      if (protocol === 'grpc') this.grpcPort = port;
      if (protocol === 'metrics') this.metricsPort = port;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  call(path: string, options?: CallOptions): Promise<Answer> {
    return callPort(this.port, path, options);
  }

  async isReady(model: string): Promise<boolean> {
    return (await this.call(`/v2/models/${model}/ready`)).status === 200;
  }

  /** Infers with binary tensors. Rejects with the server's own text. */
  async infer(model: string, outgoing: OutgoingInferRequest): Promise<InferResponse> {
    const { header, blocks } = encodeInferRequest(outgoing);
    const answer = await this.call(`/v2/models/${model}/infer`, {
      headers: { 'Inference-Header-Content-Length': header.byteLength },
      body: Buffer.concat([header, ...blocks]),
    });
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
    const length = answer.headers['inference-header-content-length'];
    return decodeInferResponse(answer.body, length === undefined ? null : Number(length));
  }

  /** Inputs of a model as its metadata has them, every free dimension being 1. */
  async inputsOf(model: string): Promise<readonly NamedShape[]> {
    const answer = await this.call(`/v2/models/${model}`);
    if (answer.status !== 200) throw new Error(`${answer.text}\n${this.output.slice(-2000)}`);
    const metadata = JSON.parse(answer.text) as { inputs: NamedShape[] };
    return metadata.inputs.map(({ name, datatype, shape }) => ({
      name,
      datatype,
      shape: shape.map((dim) => (dim < 0 ? 1 : dim)),
    }));
  }

  /** A request of zeros for a model of 4-byte elements. */
  async zeros(model: string): Promise<OutgoingInferRequest> {
    const inputs = (await this.inputsOf(model)).map(({ name, datatype, shape }) => ({
      name,
      datatype,
      shape,
      data: new Uint8Array(4 * elementCount(shape)),
    }));
    return { inputs };
  }

  /** The newest pid of the engine that serves a model. */
  enginePid(model: string): number {
    const event = this.events.findLast(
      (each) => each.kind === 'model-state' && each.model === model && each.enginePid !== undefined,
    );
    return event?.kind === 'model-state' ? (event.enginePid ?? 0) : 0;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  disconnect(): void {
    this.#child.disconnect();
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
    await rm(this.#root, { recursive: true, force: true });
  }
}

/** The only (or first) one; throws if there is none. */
export function first<Item>(items: Iterable<Item>): Item {
  for (const item of items) return item;
  throw new Error('there is none');
}

/** The bytes of the first output as a list that compares well. */
export function firstBytes(response: InferResponse): number[] {
  return [...first(response.outputs).data];
}

/** Whether a process exists and is no zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return state !== null && !/\) Z /.test(state);
}

/** Whether a process is (still) a child of another: a number may have been given to somebody else. */
export async function isChildOf(pid: number, parent: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return state !== null && Number(/\) \w (\d+) /.exec(state)?.[1]) === parent;
}

/** The bytes of numbers as a tensor has them. */
export function int32(...values: readonly number[]): Uint8Array {
  return new Uint8Array(new Int32Array(values).buffer);
}

export function fp32(...values: readonly number[]): Uint8Array {
  return new Uint8Array(new Float32Array(values).buffer);
}
