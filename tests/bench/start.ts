import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { findBrowser } from '../support/find-browser.ts';
import type { BenchTable } from './bench.ts';
import { fixed, median } from './figures.ts';
import { startProduct, waitFor } from './product-process.ts';

const ROUNDS = 5;

/** Starting the headless shell and the page, until the drop zone can be used. */
export async function benchStart(): Promise<BenchTable> {
  const { executablePath, args, origin } = await findBrowser();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', ...args] });
  const shells: number[] = [];
  const pages: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const dataFolder = await mkdtemp(join(tmpdir(), 'conch-bench-'));
      const begin = performance.now();
      const shell = startProduct('headless', ['--port=0', '--no-open', `--data-folder=${dataFolder}`]);
      const url = await waitFor('the URL to be printed', 30, () =>
        Promise.resolve(/http:\/\/\S+token=\S+/.exec(shell.output())?.[0]),
      );
      const printed = performance.now();
      const page = await browser.newPage();
      await page.goto(url);
      await page.getByText('Drop a model, a folder or a model repository').waitFor();
      shells.push(printed - begin);
      pages.push(performance.now() - begin);
      await page.close();
      await shell.stop();
      await rm(dataFolder, { recursive: true, force: true });
    }
  } finally {
    await browser.close();
  }
  return {
    title: 'Start of the built workbench (headless shell)',
    columns: ['until', 'median ms', 'slowest ms'],
    rows: [
      ['the URL is printed', fixed(median(shells), 0), fixed(Math.max(...shells), 0)],
      ['the drop zone can be used', fixed(median(pages), 0), fixed(Math.max(...pages), 0)],
    ],
    method: `${ROUNDS} starts with an empty data folder; the browser (${origin}) already runs.`,
  };
}
