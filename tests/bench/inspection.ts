import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchTable } from './bench.ts';
import { fixed, median, megabytes } from './figures.ts';
import { writeLargeOnnx } from './large-models/write-large-onnx.ts';
import { peakMemoryBytes, startProduct } from './product-process.ts';

const ROUNDS = 5;

async function inspect(args: readonly string[]): Promise<{ milliseconds: number; peakBytes: number }> {
  const start = performance.now();
  const { child, output } = startProduct('cli', args);
  let peakBytes = 0;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakMemoryBytes(child.pid ?? 0) ?? 0);
  }, 5);
  const code = await new Promise<number | null>((done) => child.once('exit', done));
  clearInterval(watch);
  if (code !== 0) throw new Error(output());
  return { milliseconds: performance.now() - start, peakBytes };
}

async function repeat(args: readonly string[]): Promise<{ milliseconds: number; peakBytes: number }> {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await inspect(args));
  return {
    milliseconds: median(rounds.map(({ milliseconds }) => milliseconds)),
    peakBytes: median(rounds.map(({ peakBytes }) => peakBytes)),
  };
}

/** `conch inspect` of a 100 MB and a 1 GB ONNX file: whole process, start-up included. */
export async function benchInspection(): Promise<BenchTable> {
  const folder = await mkdtemp(join(tmpdir(), 'conch-bench-'));
  try {
    const idle = await repeat(['--version']);
    const rows = [
      ['(idle: conch --version)', fixed(idle.milliseconds, 0), megabytes(idle.peakBytes), '', ''],
    ];
    for (const [title, byteSize] of [
      ['100 MB', 100e6],
      ['1 GB', 1e9],
    ] as const) {
      const path = join(folder, `${byteSize}.onnx`);
      await writeLargeOnnx(path, byteSize);
      const { milliseconds, peakBytes } = await repeat(['inspect', path, '--json']);
      rows.push([
        title,
        fixed(milliseconds, 0),
        megabytes(peakBytes),
        fixed(milliseconds - idle.milliseconds, 0),
        megabytes(peakBytes - idle.peakBytes),
      ]);
    }
    return {
      title: 'Inspection of large ONNX files (`conch inspect`)',
      columns: ['file', 'ms', 'peak memory', 'ms above idle', 'memory above idle'],
      rows,
      method: `Medians of ${ROUNDS} processes each, files in the page cache; peak memory is the process's VmHWM.`,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
