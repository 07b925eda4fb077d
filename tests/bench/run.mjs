#!/usr/bin/env node
/** Builds the product and the benchmark, then runs it: `npm run bench [-- serving scheduling protocol inspection card start event-loop torch]`. */
import { mkdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { spawnSync } from 'node:child_process';
import { build } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const outDir = join(root, 'node_modules/.cache/conch-bench');
const external = ['onnxruntime-node', 'dockerode', '@playwright/test', '@sparticuz/chromium'];

const product = spawnSync(process.execPath, [join(root, 'main/build.mjs'), '--quiet'], { stdio: 'inherit' });
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
      input: {
        bench: join(root, 'tests/bench/bench.ts'),
        echo: join(root, 'tests/bench/echo-process.ts'),
        'raw-loop': join(root, 'tests/bench/raw-loop-process.ts'),
      },
      external: [...builtinModules, ...builtinModules.map((name) => `node:${name}`), ...external],
      output: { entryFileNames: '[name].mjs' },
    },
  },
});
await import(pathToFileURL(join(outDir, 'bench.mjs')).href);
