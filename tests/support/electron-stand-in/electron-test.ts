import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from '@playwright/test';
import { startElectronStandIn, type ElectronStandIn } from './electron-stand-in.ts';

/** A test with the Electron shell running under the stand-in, on a data folder of its own. */
export const electronTest = base.extend<{ readonly dataFolder: string; readonly app: ElectronStandIn }>({
  dataFolder: async ({ browserName }, provide) => {
    const folder = await mkdtemp(join(tmpdir(), `conch-electron-${browserName}-`));
    await provide(folder);
    await rm(folder, { recursive: true, force: true });
  },
  app: async ({ context, dataFolder }, provide) => {
    process.env['CONCH_HTTP_PORT'] = '0';
    const app = await startElectronStandIn(context, ['--data-folder', dataFolder]);
    await provide(app);
    await app.quit();
  },
});
