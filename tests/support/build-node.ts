import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Builds what is stale before the first test of a run; tests of processes run the real bundles. */
export function setup(): void {
  const build = fileURLToPath(new URL('../../main/build.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [build, '--quiet'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The build failed:\n${stderr}`);
}
