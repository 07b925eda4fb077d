import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, expect, test } from '@playwright/test';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NAMES: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
};
const BINARY = join(
  process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(ROOT, 'node_modules/electron/dist'),
  NAMES[process.platform] ?? 'electron',
);

test('the real Electron opens the page, isolated and without Node', async () => {
  test.skip(!existsSync(BINARY), `there is no Electron binary at ${BINARY}; npx install-electron fetches it`);
  const dataFolder = await mkdtemp(join(tmpdir(), 'conch-real-electron-'));
  const app = await _electron.launch({
    executablePath: BINARY,
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ROOT, '--data-folder', dataFolder],
    env: { ...process.env, CONCH_HTTP_PORT: '0' },
  });
  try {
    const page = await app.firstWindow();
    await expect(page.getByText(/Drop a model/).first()).toBeVisible();
    expect(page.url()).toBe('conch://app/');
    expect(await page.evaluate(() => 'require' in window || 'process' in window)).toBe(false);
  } finally {
    await app.close();
    await rm(dataFolder, { recursive: true, force: true });
  }
});
