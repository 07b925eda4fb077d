import { defineConfig } from '@playwright/test';
import { findBrowser } from './tests/support/find-browser.ts';

const { executablePath, args } = await findBrowser();

export default defineConfig({
  testDir: 'tests/e2e',
  // The stand-in for electron imports the built main code as it is.
  build: { external: ['**/dist/**'] },
  globalSetup: './tests/support/prepare-browser-tests.ts',
  outputDir: 'test-results',
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath, args: [...args] },
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
  },
  projects: [
    { name: 'browser', testIgnore: /electron.*\.spec\.ts/ },
    { name: 'electron-stand-in', testMatch: /electron.*\.spec\.ts/, testIgnore: /real-electron.*/ },
    { name: 'electron', testMatch: /real-electron.*\.spec\.ts/ },
  ],
});
