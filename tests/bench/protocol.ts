import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encodeInferRequest } from '../../app/core/open-inference/infer-request.ts';
import type { BenchTable } from './bench.ts';
import { fixed, median, percentile } from './figures.ts';
import { grpcInferRequest, measureGrpc } from './grpc-load.ts';
import { measureHttp, rawPost, type Measured } from './http-load.ts';
import { CHECKOUT, peakMemoryBytes } from './product-process.ts';
import { send, startTwin } from './twin.ts';

/** `npm run bench:protocol -- --short`: fewer and shorter rounds, for a first look in a minute. */
const IS_SHORT = process.argv.includes('--short');
const SECONDS = IS_SHORT ? 0.4 : 1;
const ROUNDS = IS_SHORT ? 1 : 3;
const CONCURRENCIES = IS_SHORT ? [1, 8] : [1, 8, 32];
/** In bytes; all as FP32, which goes in and comes out again. */
const SIZES = [64, 4096, 600_000, 4_000_000];
/** Beyond this JSON is no way to send a tensor. */
const MAX_JSON_BYTES = 600_000;
const PASSING_BYTES = 64 * 1024 * 1024;

const MODEL = 'identity';
const ONNX_FILE = join(CHECKOUT, 'tests/fixtures/models/identity-fp32.onnx');
const INPUT = 'input';
const PATH = `/v2/models/${MODEL}/infer`;

/** What only reads a body must do: 602 KB in, 12 B out. */
const READING_MODEL = 'image_mean';
const READING_FILE = join(CHECKOUT, 'tests/bench/models/image_mean.onnx');
const READING_PATH = `/v2/models/${READING_MODEL}/infer`;
const READING_SHAPE = [1, 3, 224, 224];

function tensorOf(bytes: number): { shape: number[]; data: Uint8Array } {
  const rows = bytes / 16;
  return { shape: [rows, 4], data: new Uint8Array(new Float32Array(rows * 4).fill(0.5).buffer) };
}

function binaryRequest(path: string, name: string, tensor: { shape: number[]; data: Uint8Array }): Buffer {
  const { header, blocks } = encodeInferRequest({ inputs: [{ name, datatype: 'FP32', ...tensor }] });
  const headers = { 'Inference-Header-Content-Length': header.byteLength };
  return rawPost(path, headers, Buffer.concat([header, ...blocks]));
}

/** The same bytes for the echo server, which answers with `answerBytes`. */
function echoOf(request: Buffer, path: string, answerBytes: number): Buffer {
  return Buffer.from(request.toString('latin1').replace(path, `/${answerBytes}`), 'latin1');
}

function jsonRequest(bytes: number): Buffer {
  const { shape } = tensorOf(bytes);
  const data = Array.from({ length: bytes / 4 }, () => 0.5);
  const body = { inputs: [{ name: INPUT, datatype: 'FP32', shape, data }] };
  return rawPost(PATH, { 'Content-Type': 'application/json' }, Buffer.from(JSON.stringify(body)));
}

async function startEcho(): Promise<{ port: number; child: ChildProcess }> {
  const script = fileURLToPath(new URL('./echo.mjs', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())));
    child.once('exit', () => reject(new Error('the echo server ended')));
  });
  return { port, child };
}

async function measureRun(bytes: number): Promise<Measured> {
  const script = fileURLToPath(new URL('./raw-loop.mjs', import.meta.url));
  const feeds = JSON.stringify([{ name: INPUT, type: 'float32', dims: tensorOf(bytes).shape }]);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [script, ONNX_FILE, feeds, String(SECONDS)],
    { maxBuffer: 1 << 28 },
  );
  const { latencies, seconds } = JSON.parse(stdout) as { latencies: number[]; seconds: number };
  return { p50: median(latencies), p99: percentile(latencies, 0.99), perSecond: latencies.length / seconds };
}

function middle(rounds: readonly Measured[]): Measured {
  return {
    p50: median(rounds.map(({ p50 }) => p50)),
    p99: median(rounds.map(({ p99 }) => p99)),
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
  };
}

function printSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${fixed(bytes / 1000, 0)} KB` : `${fixed(bytes / 1e6, 0)} MB`;
}

interface Ports {
  readonly twin: number;
  readonly grpc: number;
  readonly echo: number;
}

type Way = readonly [name: string, measure: () => Promise<Measured>];

/** Ways interleaved round by round; ratios are to the throughput of the first, the limit. */
async function measureWays(size: string, concurrency: number, ways: readonly Way[]): Promise<string[][]> {
  const rounds = ways.map((): Measured[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, [, measure]] of ways.entries()) rounds[index]?.push(await measure());
  }
  const results = rounds.map(middle);
  const limit = results[0]?.perSecond ?? Number.NaN;
  return ways.map(([name], index) => {
    const { p50, p99, perSecond } = results[index] ?? middle([]);
    const figures = [fixed(p50, 3), fixed(p99, 3), fixed(perSecond, 0), `${fixed(perSecond / limit)} ×`];
    return [size, String(concurrency), name, ...figures];
  });
}

/** One size at one concurrency, there and back. */
function measureRow(ports: Ports, bytes: number, concurrency: number): Promise<string[][]> {
  const binary = binaryRequest(PATH, INPUT, tensorOf(bytes));
  const echo = echoOf(binary, PATH, bytes);
  const message = grpcInferRequest(MODEL, { name: INPUT, ...tensorOf(bytes) });
  const http = (port: number, request: Buffer) => () => measureHttp(port, request, concurrency, SECONDS);
  const grpc = (isStreamed: boolean) => () =>
    measureGrpc(ports.grpc, message, bytes, isStreamed, concurrency, SECONDS);
  const ways: Way[] = [
    ['node:http echo', http(ports.echo, echo)],
    ['HTTP, binary', http(ports.twin, binary)],
    ['gRPC, unary', grpc(false)],
    ['gRPC, stream', grpc(true)],
  ];
  if (bytes <= MAX_JSON_BYTES) ways.push(['HTTP, JSON', http(ports.twin, jsonRequest(bytes))]);
  if (concurrency === 1) ways.push(['bare session.run', () => measureRun(bytes)]);
  return measureWays(printSize(bytes), concurrency, ways);
}

/** Large bodies that are only read, beside a node:http server that reads them. */
function measureReading(ports: Ports, concurrency: number): Promise<string[][]> {
  const data = new Uint8Array(READING_SHAPE.reduce((product, dim) => product * dim, 4));
  const binary = binaryRequest(READING_PATH, 'image', { shape: READING_SHAPE, data });
  return measureWays('602 KB in, 12 B out', concurrency, [
    [
      'node:http that reads',
      () => measureHttp(ports.echo, echoOf(binary, READING_PATH, 12), concurrency, SECONDS),
    ],
    ['HTTP, binary', () => measureHttp(ports.twin, binary, concurrency, SECONDS)],
  ]);
}

/** The peaks of a process and of all that it started, together. */
async function peakBytes(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const below = await Promise.all(children.split(' ').filter(Boolean).map(Number).map(peakBytes));
  return below.reduce((total, bytes) => total + bytes, peakMemoryBytes(pid) ?? Number.NaN);
}

/** By how much the peaks of server and engine rise while a large tensor goes in and comes out, as a multiple of its size. */
async function measureMemory(twin: { port: number; pid: number }): Promise<string> {
  if (process.platform !== 'linux') return 'an unknown multiple of';
  const { header, blocks } = encodeInferRequest({
    inputs: [{ name: INPUT, datatype: 'FP32', ...tensorOf(PASSING_BYTES) }],
  });
  const before = await peakBytes(twin.pid);
  const headers = { 'Inference-Header-Content-Length': header.byteLength };
  const { status } = await send(twin.port, 'POST', PATH, Buffer.concat([header, ...blocks]), headers);
  if (status !== 200) throw new Error(`HTTP ${status}`);
  return `${fixed(((await peakBytes(twin.pid)) - before) / PASSING_BYTES)} ×`;
}

/** A model directory whose config lets a tensor be as long as it likes. */
async function writeModel(directory: string): Promise<void> {
  await mkdir(join(directory, '1'), { recursive: true });
  await cp(ONNX_FILE, join(directory, '1/model.onnx'));
  const tensor = (name: string): string => `[{ name: "${name}" data_type: TYPE_FP32 dims: [-1, 4] }]`;
  await writeFile(
    join(directory, 'config.pbtxt'),
    `backend: "onnxruntime"\nmax_batch_size: 0\ninput ${tensor(INPUT)}\noutput ${tensor('output')}\n`,
  );
}

/** The protocol by itself: an identity model over HTTP and gRPC against bare `session.run` and a node:http echo. */
export async function benchProtocol(): Promise<BenchTable> {
  const directory = await mkdtemp(join(tmpdir(), 'conch-bench-model-'));
  await writeModel(directory);
  const twin = await startTwin({ [MODEL]: directory, [READING_MODEL]: READING_FILE });
  const { port: echo, child } = await startEcho();
  try {
    // First, while the peak of the process is its idle size.
    const memory = await measureMemory(twin);
    const ports = { twin: twin.port, grpc: twin.grpcPort, echo };
    const rows: string[][] = [];
    for (const bytes of SIZES) {
      for (const concurrency of CONCURRENCIES) {
        rows.push(...(await measureRow(ports, bytes, concurrency)));
      }
    }
    for (const concurrency of CONCURRENCIES) rows.push(...(await measureReading(ports, concurrency)));
    return {
      title: 'Protocol: an identity model, the tensor in and out',
      columns: ['tensor', 'concurrency', 'way', 'p50 ms', 'p99 ms', 'requests/s', 'of the limit'],
      rows,
      method: `Closed loop on bare sockets and bare HTTP/2, a connection per client, ${ROUNDS} interleaved rounds of ${SECONDS} s each, medians of the rounds; the limit is the first row of each group; client, servers and engine share the machine's cores. While a 64 MiB tensor went in and another came out, the peak memory of server and engine together rose by ${memory} the size of one.`,
    };
  } finally {
    child.kill();
    await twin.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
