#!/usr/bin/env node
/**
 * Builds dist/node, dist/electron and dist/renderer; each only when what it is made of has changed.
 * `node main/build.mjs [--only node|electron|renderer] [--force] [--quiet]`
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const builtins = [...builtinModules, ...builtinModules.map((name) => `node:${name}`)];

/** Everything that runs as a process of its own, by the name of its bundle. */
const NODE_ENTRIES = {
  headless: 'main/headless/headless.ts',
  cli: 'main/cli/cli.ts',
  server: 'app/server/server-process.ts',
  engine: 'app/server/engine/engine-process.ts',
  probe: 'app/server/engine/probe-process.ts',
  inspector: 'app/host/inspection/inspector-process.ts',
};

/** Packages that stay in node_modules: native, or loading native parts by themselves. */
const EXTERNAL_PACKAGES = ['electron', 'electron-updater', 'onnxruntime-node', 'dockerode'];

const PARTS = {
  node: {
    sources: ['app', 'main'],
    build: (outDir) =>
      buildForNode({ outDir, entries: presentEntries(NODE_ENTRIES), format: 'es', extension: 'mjs' }),
  },
  electron: {
    sources: ['app', 'main'],
    build: async (outDir) => {
      const main = presentEntries({ main: 'main/electron/main.ts' });
      const preload = presentEntries({ preload: 'main/electron/preload.ts' });
      await buildForNode({ outDir, entries: main, format: 'es', extension: 'mjs' });
      await buildForNode({ outDir, entries: preload, format: 'cjs', extension: 'cjs' });
    },
  },
  renderer: {
    sources: ['renderer', 'app/core', 'app/contract'],
    build: buildForBrowser,
  },
};

function presentEntries(entries) {
  return Object.fromEntries(Object.entries(entries).filter(([, path]) => existsSync(join(root, path))));
}

async function buildForNode({ outDir, entries, format, extension }) {
  if (Object.keys(entries).length === 0) return;
  const { build } = await import('vite');
  await build({
    root,
    configFile: false,
    envDir: false,
    publicDir: false,
    logLevel: 'warn',
    ssr: { noExternal: true, external: EXTERNAL_PACKAGES },
    resolve: { conditions: ['node', 'import', 'default'] },
    build: {
      ssr: true,
      target: 'node20',
      outDir,
      emptyOutDir: false,
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        input: mapValues(entries, (path) => join(root, path)),
        external: [...builtins, ...EXTERNAL_PACKAGES, /\.node$/],
        platform: 'node',
        // Chunks lie beside the entries, so that `new URL('./engine.mjs', import.meta.url)` holds in both.
        output: {
          format,
          entryFileNames: `[name].${extension}`,
          chunkFileNames: `[name]-[hash].${extension}`,
        },
      },
    },
  });
}

async function buildForBrowser(outDir) {
  if (!existsSync(join(root, 'renderer/index.html'))) return;
  const { build } = await import('vite');
  await build({
    configFile: join(root, 'renderer/vite.config.ts'),
    envDir: false,
    logLevel: 'warn',
    // Data URLs are no 'self' for the page's policy: workers and fonts must stay files.
    build: { outDir, emptyOutDir: true, assetsInlineLimit: 0 },
  });
}

function mapValues(record, map) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

function listFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** A digest of the contents that a part is made of; dates do not count, so a fresh checkout stays up to date. */
function digestOf(part) {
  const hash = createHash('sha256').update(process.versions.node.split('.')[0] ?? '');
  const files = PARTS[part].sources.flatMap((folder) => listFiles(join(root, folder)));
  for (const file of [...files, join(root, 'main/build.mjs'), join(root, 'package-lock.json')]) {
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

function readStamp(part) {
  try {
    return readFileSync(join(root, 'dist', `${part}.stamp`), 'utf8');
  } catch {
    return '';
  }
}

/** The parts whose sources have changed since they were built. */
export function staleParts(parts = Object.keys(PARTS)) {
  return parts.filter((part) => !existsSync(join(root, 'dist', part)) || readStamp(part) !== digestOf(part));
}

async function buildPart(part) {
  const digest = digestOf(part);
  const outDir = join(root, 'dist', part);
  const fresh = `${outDir}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    await PARTS[part].build(fresh);
    rmSync(outDir, { recursive: true, force: true });
    renameSync(fresh, outDir);
    writeFileSync(join(root, 'dist', `${part}.stamp`), digest);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Two starts at once must not build the same folder. */
async function withBuildLock(work) {
  const lock = join(root, 'dist', '.build-lock');
  mkdirSync(join(root, 'dist'), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (cause) {
      if (cause.code !== 'EEXIST') throw cause;
      const holder = Number(existsSync(lock) ? readFileSync(lock, 'utf8') : '0');
      if (holder > 0 && !isAlive(holder)) rmSync(lock, { force: true });
      else await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/**
 * Builds what is stale. `report` hears a sentence before and after; nothing where all is up to date.
 * Returns the parts that were built.
 */
export async function buildStale({
  parts = Object.keys(PARTS),
  force = false,
  report = () => undefined,
} = {}) {
  const wanted = () => (force ? parts : staleParts(parts));
  if (wanted().length === 0) return [];
  return withBuildLock(async () => {
    const stale = wanted();
    if (stale.length === 0) return [];
    const startedAt = performance.now();
    report(`Building ${stale.join(', ')} …`);
    for (const part of stale) await buildPart(part);
    report(`Built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
    return stale;
  });
}

async function run(args) {
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined;
  if (only !== undefined && !Object.hasOwn(PARTS, only)) {
    process.stderr.write(`--only takes one of ${Object.keys(PARTS).join(', ')}.\n`);
    return 2;
  }
  try {
    const built = await buildStale({
      ...(only === undefined ? {} : { parts: [only] }),
      force: args.includes('--force'),
      report: (text) => process.stdout.write(`${text}\n`),
    });
    if (built.length === 0 && !args.includes('--quiet')) process.stdout.write('Up to date.\n');
    return 0;
  } catch (cause) {
    process.stderr.write(`${cause.message}\n`);
    return 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = await run(process.argv.slice(2));
}
