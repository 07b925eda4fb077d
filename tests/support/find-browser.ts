import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from '@playwright/test';

/** A browser that the tests can drive, and where it came from in words. */
export interface FoundBrowser {
  readonly executablePath: string;
  readonly args: readonly string[];
  readonly origin: string;
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findOnPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/**
 * Finds Chromium: `CONCH_BROWSER`, chromium or chrome on the PATH, the one that Playwright downloaded, else the one
 * that npm installed as a package (Linux x64 only). Rejects where even that one does not fit.
 */
export async function findBrowser(): Promise<FoundBrowser> {
  const chosen = process.env['CONCH_BROWSER'];
  if (chosen !== undefined && chosen !== '') {
    if (!isExecutable(chosen)) throw new Error(`CONCH_BROWSER names no program: ${chosen}`);
    return { executablePath: chosen, args: [], origin: 'CONCH_BROWSER' };
  }
  const onPath = findOnPath();
  if (onPath !== undefined) return { executablePath: onPath, args: [], origin: 'on the PATH' };
  const downloaded = chromium.executablePath();
  if (existsSync(downloaded))
    return { executablePath: downloaded, args: [], origin: 'downloaded by Playwright' };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('No browser found: install Chrome, or run npx playwright install chromium.');
  }
  const { default: packaged } = await import('@sparticuz/chromium');
  return {
    executablePath: await packaged.executablePath(),
    // Its own arguments make it a single process, which dies with the first closed page.
    args: ['--no-sandbox', '--disable-gpu', '--headless=shell'],
    origin: 'the npm package @sparticuz/chromium',
  };
}
