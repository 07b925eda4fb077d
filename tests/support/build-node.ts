import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BUILD = fileURLToPath(new URL('../../main/build.mjs', import.meta.url));

/** Builds what is stale: everything, or one part of `dist/`. Tests of processes run the real bundles. */
export function build(part?: 'node'): void {
  const only = part === undefined ? [] : ['--only', part];
  const { status, stderr } = spawnSync(process.execPath, [BUILD, '--quiet', ...only], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The build failed:\n${stderr}`);
}

/** Before the first conformance test. */
export function setup(): void {
  build('node');
}
