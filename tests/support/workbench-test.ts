import { fileURLToPath } from 'node:url';
import { test as base, expect } from '@playwright/test';
import { AppWindow } from './pages/app-window.ts';
import { startWorkbench, type Workbench, type WorkbenchOptions } from './start-workbench.ts';

/** The path of a model fixture. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/models/${name}`, import.meta.url));
}

/** The path of something in the sample model repository. */
export function sample(path: string): string {
  return fileURLToPath(new URL(`../../sample-models/${path}`, import.meta.url));
}

interface Fixtures {
  /** How the workbench of the test is started. */
  readonly workbenchOptions: WorkbenchOptions;
  /** A real headless shell; after the test nothing of it may be left. */
  readonly workbench: Workbench;
  /** Its window in the browser, opened; after the test it must have met no bug and no forbidden resource. */
  readonly app: AppWindow;
}

/** A test through the UI, in a real browser, against the real shell, server and engines. */
export const test = base.extend<Fixtures>({
  workbenchOptions: [{}, { option: true }],
  workbench: async ({ workbenchOptions }, use) => {
    const workbench = await startWorkbench(workbenchOptions);
    await use(workbench);
    const output = workbench.output();
    await workbench.dispose();
    expect(output, 'The shell reported no bug').not.toContain('Conch has a bug');
  },
  app: async ({ workbench, page }, use) => {
    const mishaps: string[] = [];
    page.on('pageerror', (cause) => mishaps.push(cause.stack ?? cause.message));
    page.on('console', (message) => {
      const isLostChannel = message.text().includes('WebSocket connection to');
      if (message.type() === 'error' && !isLostChannel)
        mishaps.push(`${message.text()} ${message.location().url}`);
    });
    const app = new AppWindow(page);
    await app.open(workbench.url());
    await use(app);
    expect(mishaps, 'The page met no bug').toEqual([]);
  },
});

export { expect };
