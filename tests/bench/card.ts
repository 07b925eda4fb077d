import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { forkLauncher } from '../../app/host/processes/fork-launcher.ts';
import { startTestHost } from '../support/start-test-host.ts';
import type { BenchTable } from './bench.ts';
import { fixed, median } from './figures.ts';
import { writeLargeOnnx } from './large-models/write-large-onnx.ts';
import { CHECKOUT } from './product-process.ts';

const ROUNDS = 5;
const IDLE_MILLISECONDS = 1500;

async function timeCard(folder: string, path: string): Promise<number> {
  const tested = await startTestHost(join(folder, 'data'), {
    launcher: forkLauncher(join(CHECKOUT, 'dist/node')),
  });
  try {
    // A person drops something a moment after the window is there.
    await new Promise((resolve) => setTimeout(resolve, IDLE_MILLISECONDS));
    const begin = performance.now();
    const described = new Promise<number>((resolve) =>
      tested.client.on('model.changed', ({ description }) => {
        if (description) resolve(performance.now() - begin);
      }),
    );
    await tested.client.call('model.import', { source: { kind: 'paths', paths: [path] } });
    return await described;
  } finally {
    await tested.close();
  }
}

/** From the drop of a file to its card, through the host: a new inspector process, and the copy into the repository. */
export async function benchCard(): Promise<BenchTable> {
  const folder = await mkdtemp(join(tmpdir(), 'conch-bench-'));
  const [load = 0] = loadavg();
  const times: number[] = [];
  try {
    const path = join(folder, 'large.onnx');
    await writeLargeOnnx(path, 100e6);
    for (let round = 0; round < ROUNDS; round += 1) {
      times.push(await timeCard(folder, path));
      await rm(join(folder, 'data'), { recursive: true });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return {
    title: 'From the drop of an ONNX file to its card',
    columns: ['file', 'median ms', 'slowest ms'],
    rows: [['100 MB', fixed(median(times), 0), fixed(Math.max(...times), 0)]],
    method: `${ROUNDS} imports by path into empty repositories, the file in the page cache; load average ${fixed(load, 1)} before.`,
  };
}
