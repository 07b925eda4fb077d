import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodeInferRequest } from '../../app/core/open-inference/infer-request.ts';
import type { BenchTable } from './bench.ts';
import { fixed, median, megabytes } from './figures.ts';
import { measureHttp, rawPost } from './http-load.ts';
import { CHECKOUT, peakMemoryBytes, startProduct } from './product-process.ts';
import { startTwin } from './twin.ts';

const ROUNDS = 5;
const SECONDS = 4;
const COLUMNS = [
  'model',
  '.pt',
  'translated in s',
  'peak memory above idle',
  'translated: p50 ms',
  "torch's own export: p50 ms",
  'ratio',
];

interface TorchModel {
  readonly name: string;
  readonly title: string;
  readonly input: { readonly datatype: 'FP32' | 'INT64'; readonly shape: readonly number[] };
}

/** The full-size models, made once where a Python has torch; null with the reason where none has. */
async function makeModels(folder: string): Promise<readonly TorchModel[] | string> {
  const python = process.env['TORCH_PYTHON'] ?? 'python3';
  try {
    await promisify(execFile)(python, [join(CHECKOUT, 'tests/bench/make-torch-models.py'), folder], {
      maxBuffer: 1 << 28,
    });
  } catch (cause) {
    const last = String((cause as { stderr?: string }).stderr ?? cause)
      .trim()
      .split('\n')
      .at(-1);
    return `skipped: ${python} could not make the models (${last}); TORCH_PYTHON names a Python with torch, transformers and onnxscript`;
  }
  return JSON.parse(await readFile(join(folder, 'models.json'), 'utf8')) as TorchModel[];
}

async function runCli(
  args: readonly string[],
): Promise<{ seconds: number; peakBytes: number; output: string }> {
  const start = performance.now();
  const { child, output } = startProduct('cli', args);
  let peakBytes = 0;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakMemoryBytes(child.pid ?? 0) ?? 0);
  }, 5);
  const code = await new Promise<number | null>((done) => child.once('close', done));
  clearInterval(watch);
  if (code !== 0) throw new Error(output());
  return { seconds: (performance.now() - start) / 1000, peakBytes, output: output() };
}

/** A repository entry as a drop makes it: the file as it is, under the config that Conch writes for it. */
async function writeEntry(folder: string, name: string, file: string): Promise<string> {
  const entry = join(folder, name);
  const extension = file.slice(file.lastIndexOf('.'));
  await mkdir(join(entry, '1'), { recursive: true });
  await cp(file, join(entry, '1', `model${extension}`));
  const { output } = await runCli(['config', join(entry, '1', `model${extension}`)]);
  const config = output.replace(/^name: .*$/m, `name: "${name}"`);
  // One instance, so that both ways have the same threads.
  await writeFile(join(entry, 'config.pbtxt'), `${config}instance_group [ { count: 1, kind: KIND_CPU } ]\n`);
  return entry;
}

function request(name: string, { datatype, shape }: TorchModel['input']): Buffer {
  const count = shape.reduce((product, dim) => product * dim, 1);
  const data =
    datatype === 'INT64'
      ? BigInt64Array.from({ length: count }, (_, at) => BigInt(at * 7))
      : Float32Array.from({ length: count }, (_, at) => Math.sin(at));
  const { header, blocks } = encodeInferRequest({
    inputs: [{ name: 'x', datatype, shape, data: new Uint8Array(data.buffer) }],
  });
  return rawPost(
    `/v2/models/${name}/infer`,
    { 'Inference-Header-Content-Length': header.byteLength },
    Buffer.concat([header, ...blocks]),
  );
}

/**
 * Full-size PyTorch models: how long `conch translate` takes, in how much memory, and how fast the twin serves the
 * `.pt` by its translation beside the same model from torch's own ONNX exporter.
 */
export async function benchTorch(): Promise<BenchTable> {
  const models = join(tmpdir(), 'conch-bench-torch-models');
  const title = "PyTorch by translation against torch's own ONNX export";
  const made = await makeModels(models);
  if (typeof made === 'string') return { title, columns: COLUMNS, rows: [], method: made };
  const folder = await mkdtemp(join(tmpdir(), 'conch-bench-'));
  const idle = await runCli(['--version']);
  const rows: string[][] = [];
  try {
    for (const { name, title: modelTitle, input } of made) {
      const pt = join(models, `${name}.pt`);
      const translations = [];
      for (let round = 0; round < ROUNDS; round += 1)
        translations.push(await runCli(['translate', pt, '-o', join(folder, 'model.onnx')]));
      const files = { translated: pt, exported: join(models, `${name}.onnx`) };
      const p50 = { translated: [] as number[], exported: [] as number[] };
      for (let round = 0; round < ROUNDS; round += 1)
        for (const way of ['translated', 'exported'] as const) {
          // Alone in its server: models that are loaded together share the processors' threads.
          const twin = await startTwin({ [way]: await writeEntry(folder, way, files[way]) });
          try {
            p50[way].push((await measureHttp(twin.port, request(way, input), 1, SECONDS)).p50);
          } finally {
            await twin.stop();
          }
        }
      const [translated, exported] = [median(p50.translated), median(p50.exported)];
      rows.push([
        modelTitle,
        megabytes((await stat(pt)).size),
        fixed(median(translations.map(({ seconds }) => seconds)), 1),
        megabytes(median(translations.map(({ peakBytes }) => peakBytes)) - idle.peakBytes),
        fixed(translated, 1),
        fixed(exported, 1),
        `${fixed(translated / exported)} ×`,
      ]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return {
    title,
    columns: COLUMNS,
    rows,
    method: `\`conch translate\` as a whole process, files in the page cache, medians of ${ROUNDS}; latency of one client with binary tensors, one instance in a server of its own, ${ROUNDS} interleaved rounds of ${SECONDS} s.`,
  };
}
