import { expect } from '@playwright/test';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { electronTest as test } from '../support/electron-stand-in/electron-test.ts';

test('the window opens on the page and knows the host', async ({ app }) => {
  const page = await app.firstPage();
  await expect(page).toHaveTitle(/Conch/);
  await expect(page.getByText(/Drop a model/).first()).toBeVisible();
  expect(app.outbound).toEqual([]);
});

test('the only window factory hardens what it makes', async ({ app }) => {
  await app.firstPage();
  expect(app.windows.map(({ options }) => options.webPreferences)).toEqual([
    {
      preload: expect.stringMatching(/preload\.cjs$/),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  ]);
});

test('the preload gives the page two functions and nothing of electron', async ({ app }) => {
  const page = await app.firstPage();
  const offered = await page.evaluate(() =>
    Object.entries((window as { conch?: object }).conch ?? {}).map(
      ([name, value]) => `${name}: ${typeof value}`,
    ),
  );
  expect(offered).toEqual(['pathForFile: function', 'dragFile: function']);
  expect(await page.evaluate(() => 'require' in window || 'process' in window)).toBe(false);
});

test.describe('the window stays where it is', () => {
  const ATTEMPTS: Readonly<Record<string, () => void>> = {
    'location.href': () => void (location.href = 'https://evil.example/'),
    'a link': () => {
      const link = document.createElement('a');
      link.href = 'https://evil.example/';
      document.body.append(link);
      link.click();
    },
    'a file URL': () => void (location.href = 'file:///etc/passwd'),
    'a frame': () => {
      const frame = document.createElement('iframe');
      frame.src = 'https://evil.example/';
      document.body.append(frame);
    },
  };
  for (const [name, attempt] of Object.entries(ATTEMPTS)) {
    test(`against ${name}`, async ({ app }) => {
      const page = await app.firstPage();
      await expect(page.getByText(/Drop a model/).first()).toBeVisible();
      const before = page.url();
      await page.evaluate(attempt);
      await page.waitForTimeout(300);
      expect(page.url()).toBe(before);
      expect(page.frames().map((frame) => frame.url())).not.toContain('https://evil.example/');
      expect(app.outbound).toEqual([]);
      await expect(page.getByText(/Drop a model/).first()).toBeVisible();
    });
  }

  test('and a link to the world opens in the browser, another protocol nowhere', async ({ app, context }) => {
    const page = await app.firstPage();
    await expect(page.getByText(/Drop a model/).first()).toBeVisible();
    await page.evaluate(() => {
      window.open('https://example.org/');
      window.open('http://example.org/');
    });
    await expect.poll(() => app.openedOutside).toEqual(['https://example.org/']);
    await expect.poll(() => context.pages().length).toBe(1);
  });
});

test('no permission is given but to write the clipboard', async ({ app }) => {
  const page = await app.firstPage();
  await expect(page.getByText(/Drop a model/).first()).toBeVisible();
  for (const permission of [
    'media',
    'geolocation',
    'notifications',
    'clipboard-read',
    'usb',
    'openExternal',
  ]) {
    expect({ permission, isGiven: await app.askPermission(permission) }).toEqual({
      permission,
      isGiven: false,
    });
    expect(app.checkPermission(permission)).toBe(false);
  }
  expect(await app.askPermission('clipboard-sanitized-write')).toBe(true);
});

test('the policy stops inline script, handlers, style and the network', async ({ app }) => {
  const page = await app.firstPage();
  await expect(page.getByText(/Drop a model/).first()).toBeVisible();
  const violated = await page.evaluate(async () => {
    const directives: string[] = [];
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
      directives.push(effectiveDirective),
    );
    const script = document.createElement('script');
    script.textContent = 'window.isOwned = true;';
    document.body.append(script);
    const button = document.createElement('button');
    button.setAttribute('onclick', 'window.isOwned = true;');
    button.click();
    await fetch('https://evil.example/').catch(() => undefined);
    document.head.insertAdjacentHTML('beforeend', '<style>body { color: red }</style>');
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { directives, isOwned: 'isOwned' in window };
  });
  expect(violated.isOwned).toBe(false);
  expect(new Set(violated.directives)).toEqual(
    new Set(['script-src-elem', 'script-src-attr', 'connect-src', 'style-src-elem']),
  );
});

const DIGITS = fileURLToPath(new URL('../../sample-models/digits/1/model.onnx', import.meta.url));

async function dropFile(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ name, bytes }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes as BlobPart], name));
      return transfer;
    },
    { name, bytes },
  );
  for (const type of ['dragenter', 'dragover', 'drop'])
    await page.dispatchEvent('body', type, { dataTransfer: transfer });
}

test('a dropped file becomes a path, is served by utility processes, and outlives a killed engine', async ({
  app,
}) => {
  const page = await app.firstPage();
  await expect(page.getByText(/Drop a model/).first()).toBeVisible();
  await app.givePath(page, 'digits.onnx', DIGITS);
  // Not the file's bytes: only the path can have led to the model.
  await dropFile(page, 'digits.onnx', new Uint8Array(await readFile(DIGITS)).subarray(0, 10));
  await page.getByRole('button', { name: 'Serve model' }).click();
  await expect(page.getByText('Your model answered', { exact: false }).first()).toBeVisible();

  const engines = () =>
    app.children.filter((child) => child.spawnargs.some((argument) => argument.endsWith('engine.mjs')));
  expect(engines()).toHaveLength(1);
  engines()[0]?.kill('SIGKILL');
  await expect.poll(() => engines().length).toBe(2);
  await expect(page.getByText(/engine/i).first()).toBeVisible();
});

test('a second start brings its paths to the first', async ({ app }) => {
  const page = await app.firstPage();
  await expect(page.getByText(/Drop a model/).first()).toBeVisible();
  app.startAgain([DIGITS]);
  await expect(page.getByRole('button', { name: 'Serve model' })).toBeVisible();
});

test('quitting ends every child', async ({ app }) => {
  const page = await app.firstPage();
  await expect(page.getByText(/Drop a model/).first()).toBeVisible();
  app.startAgain([DIGITS]);
  await page.getByRole('button', { name: 'Serve model' }).click();
  await expect(page.getByText('Your model answered', { exact: false }).first()).toBeVisible();
  await app.quit();
  await expect
    .poll(() => app.children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null))
    .toEqual([]);
});
