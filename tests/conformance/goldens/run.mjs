#!/usr/bin/env node
/**
 * Builds the server, then asks it all that a real Triton was asked:
 * `npm run test:goldens [-- <recording>… --verbose --bytes --prune]`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { spawnSync } from 'node:child_process';
import { build } from 'vite';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const outDir = join(root, 'node_modules/.cache/conch-goldens');
const external = ['@grpc/grpc-js', '@grpc/proto-loader'];

const product = spawnSync(process.execPath, [join(root, 'main/build.mjs'), '--only', 'node', '--quiet'], {
  stdio: 'inherit',
});
if (product.status !== 0) process.exit(1);
mkdirSync(outDir, { recursive: true });
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  ssr: { noExternal: true, external },
  build: {
    ssr: true,
    target: 'node20',
    outDir,
    emptyOutDir: true,
    rolldownOptions: {
      input: { replay: join(root, 'tests/conformance/goldens/replay-recordings.ts') },
      external: [...builtinModules, ...builtinModules.map((name) => `node:${name}`), ...external],
      output: { entryFileNames: '[name].mjs' },
    },
  },
});
const { replayRecordings } = await import(pathToFileURL(join(outDir, 'replay.mjs')).href);

const args = process.argv.slice(2);
const known = ['--verbose', '--bytes', '--prune', '--add'];
const unknown = args.filter((each) => each.startsWith('--') && !known.includes(each));
if (unknown.length > 0) {
  process.stderr.write(`Not known: ${unknown.join(' ')}. Known: ${known.join(' ')}, names of recordings.\n`);
  process.exit(2);
}
const summary = await replayRecordings({
  root,
  recordings: args.filter((each) => !each.startsWith('--')).map((each) => each.replace(/\.jsonl$/, '')),
  isVerbose: args.includes('--verbose') || Boolean(process.env.GOLDENS_VERBOSE),
  showsBytes: args.includes('--bytes'),
  prunes: args.includes('--prune'),
  adds: args.includes('--add'),
});
const report = process.env.GOLDENS_REPORT;
if (report) writeFileSync(report, JSON.stringify(summary));
process.exitCode = summary.failed > 0 ? 1 : 0;
