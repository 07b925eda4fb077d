import { findBrowser } from './find-browser.ts';
import { build } from './build-node.ts';

/** Builds what is stale and says which browser is used. Playwright wants a default export. */
export default async function prepareBrowserTests(): Promise<void> {
  const { executablePath, origin } = await findBrowser();
  process.stdout.write(`Browser: ${executablePath} (${origin})\n`);
  build();
}
