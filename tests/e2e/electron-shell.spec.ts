import { expect } from '@playwright/test';
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

test('the preload gives the page one function and nothing of electron', async ({ app }) => {
  const page = await app.firstPage();
  const offered = await page.evaluate(() =>
    Object.entries(window.conch ?? {}).map(([name, value]) => `${name}: ${typeof value}`),
  );
  expect(offered).toEqual(['pathForFile: function']);
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

test('the policy stops inline script, eval and the network', async ({ app }) => {
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
    setTimeout('window.isOwned = true;');
    await fetch('https://evil.example/').catch(() => undefined);
    const style = document.createElement('style');
    style.textContent = 'body { color: red }';
    document.head.append(style);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { directives, isOwned: 'isOwned' in window };
  });
  expect(violated.isOwned).toBe(false);
  expect(new Set(violated.directives)).toEqual(
    new Set(['script-src-elem', 'script-src', 'connect-src', 'style-src-elem']),
  );
});
