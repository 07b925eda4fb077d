import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encodeInferRequest } from '../../app/core/open-inference/infer-request.ts';
import type { BenchTable } from './bench.ts';
import { fixed, median, percentile } from './figures.ts';
import { measureHttp, rawPost, type Measured } from './http-load.ts';
import { CHECKOUT, peakMemoryBytes } from './product-process.ts';
import { send, startTwin } from './twin.ts';

const SECONDS = 1;
const ROUNDS = 3;
const CONCURRENCIES = [1, 8, 32];
/** In bytes; all as FP32, which goes in and comes out again. */
const SIZES = [64, 4096, 600_000, 4_000_000];
/** Beyond this JSON is no way to send a tensor. */
const MAX_JSON_BYTES = 600_000;
const PASSING_BYTES = 64 * 1024 * 1024;

const MODEL = 'identity';
const ONNX_FILE = join(CHECKOUT, 'tests/fixtures/models/identity-fp32.onnx');
const INPUT = 'input';
const PATH = `/v2/models/${MODEL}/infer`;

function tensorOf(bytes: number): { shape: number[]; data: Uint8Array } {
  const rows = bytes / 16;
  return { shape: [rows, 4], data: new Uint8Array(new Float32Array(rows * 4).fill(0.5).buffer) };
}

function binaryRequest(bytes: number): Buffer {
  const { header, blocks } = encodeInferRequest({
    inputs: [{ name: INPUT, datatype: 'FP32', ...tensorOf(bytes) }],
  });
  const headers = { 'Inference-Header-Content-Length': header.byteLength };
  return rawPost(PATH, headers, Buffer.concat([header, ...blocks]));
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
  readonly echo: number;
}

/** One size at one concurrency, the ways interleaved round by round; ratios are to the echo of the same bytes. */
async function measureRow(ports: Ports, bytes: number, concurrency: number): Promise<string[][]> {
  const binary = binaryRequest(bytes);
  const echo = Buffer.from(binary.toString('latin1').replace(PATH, `/${bytes}`), 'latin1');
  const json = bytes <= MAX_JSON_BYTES ? jsonRequest(bytes) : null;
  const run: Measured[] = [];
  const echoes: Measured[] = [];
  const binaries: Measured[] = [];
  const jsons: Measured[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    if (concurrency === 1) run.push(await measureRun(bytes));
    echoes.push(await measureHttp(ports.echo, echo, concurrency, SECONDS));
    binaries.push(await measureHttp(ports.twin, binary, concurrency, SECONDS));
    if (json) jsons.push(await measureHttp(ports.twin, json, concurrency, SECONDS));
  }
  const limit = middle(echoes);
  const print = (way: string, rounds: readonly Measured[]): string[][] => {
    if (rounds.length === 0) return [];
    const { p50, p99, perSecond } = middle(rounds);
    const ratio = `${fixed(perSecond / limit.perSecond)} ×`;
    const figures = [fixed(p50, 3), fixed(p99, 3), fixed(perSecond, 0), ratio];
    return [[printSize(bytes), String(concurrency), way, ...figures]];
  };
  return [
    ...print('bare session.run', run),
    ...print('node:http echo', echoes),
    ...print('HTTP, binary', binaries),
    ...print('HTTP, JSON', jsons),
  ];
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

/** The protocol by itself: an identity model over HTTP against bare `session.run` and a node:http echo. */
export async function benchProtocol(): Promise<BenchTable> {
  const directory = await mkdtemp(join(tmpdir(), 'conch-bench-model-'));
  await writeModel(directory);
  const twin = await startTwin({ [MODEL]: directory });
  const { port: echo, child } = await startEcho();
  try {
    // First, while the peak of the process is its idle size.
    const memory = await measureMemory(twin);
    const rows: string[][] = [];
    for (const bytes of SIZES) {
      for (const concurrency of CONCURRENCIES) {
        rows.push(...(await measureRow({ twin: twin.port, echo }, bytes, concurrency)));
      }
    }
    return {
      title: 'Protocol: an identity model, the tensor in and out',
      columns: ['tensor', 'concurrency', 'way', 'p50 ms', 'p99 ms', 'requests/s', 'of the echo'],
      rows,
      method: `Closed loop on bare sockets, ${ROUNDS} interleaved rounds of ${SECONDS} s each, medians of the rounds; client, servers and engine share the machine's cores. While a 64 MiB tensor went in and another came out, the peak memory of server and engine together rose by ${memory} the size of one.`,
    };
  } finally {
    child.kill();
    await twin.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
