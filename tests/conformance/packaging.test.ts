import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { build } from '../support/build-node.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FUSE_SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const FUSE_WIRE_VERSION = 1;
/** The wire's characters. */
const OFF = '0'.charCodeAt(0);
const ON = '1'.charCodeAt(0);

let folder: string;
let resources: string;
/** Paths in the archive, of files that lie inside it and of those unpacked beside it. */
const packed = new Set<string>();
const unpacked = new Set<string>();

interface ArchiveNode {
  readonly files?: Readonly<Record<string, ArchiveNode>>;
  readonly unpacked?: boolean;
}

function collect(node: ArchiveNode, path: string): void {
  for (const [name, child] of Object.entries(node.files ?? {})) {
    const childPath = path === '' ? name : `${path}/${name}`;
    if (child.files) collect(child, childPath);
    else (child.unpacked ? unpacked : packed).add(childPath);
  }
}

/** An Electron of nothing but fuses, so that packaging needs no network. */
async function writeFakeElectron(at: string): Promise<void> {
  await mkdir(join(at, 'resources'), { recursive: true });
  const fuses = Buffer.from('10110001');
  const wire = Buffer.concat([
    Buffer.from(FUSE_SENTINEL),
    Buffer.from([FUSE_WIRE_VERSION, fuses.length]),
    fuses,
  ]);
  await writeFile(join(at, 'electron'), Buffer.concat([Buffer.alloc(100), wire, Buffer.alloc(100)]));
  await chmod(join(at, 'electron'), 0o755);
  for (const name of ['version', 'LICENSE', 'LICENSES.chromium.html', 'resources/.keep'])
    await writeFile(join(at, name), '');
}

describe.skipIf(process.platform !== 'linux')('a package for Linux', () => {
  beforeAll(async () => {
    build();
    folder = await mkdtemp(join(tmpdir(), 'conch-package-'));
    await writeFakeElectron(join(folder, 'electron'));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(ROOT, 'node_modules/electron-builder/cli.js'),
        '--dir',
        '--linux',
        '--publish=never',
        `-c.electronDist=${join(folder, 'electron')}`,
        `-c.directories.output=${join(folder, 'release')}`,
      ],
      { cwd: ROOT, encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(stdout + stderr);
    const unpackedFolder = process.arch === 'x64' ? 'linux-unpacked' : `linux-${process.arch}-unpacked`;
    resources = join(folder, 'release', unpackedFolder, 'resources');
    const archive = await readFile(join(resources, 'app.asar'));
    const headerLength = archive.readUInt32LE(12);
    collect(JSON.parse(archive.subarray(16, 16 + headerLength).toString('utf8')) as ArchiveNode, '');
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('holds the shells, the page and every process', () => {
    const all = new Set([...packed, ...unpacked]);
    for (const path of [
      'package.json',
      'dist/electron/main.mjs',
      'dist/electron/preload.cjs',
      'dist/renderer/index.html',
      'dist/node/server.mjs',
      'dist/node/engine.mjs',
      'dist/node/probe.mjs',
      'dist/node/inspector.mjs',
      'sample-models/samples.json',
      'resources/icons/icon.png',
      'node_modules/electron-updater/out/main.js',
      'node_modules/builder-util-runtime/out/index.js',
    ])
      expect(all).toContain(path);
  });

  test('holds no source maps, tests, sources or secrets', () => {
    const strangers = [...packed, ...unpacked].filter(
      (path) =>
        /\.map$|\.env|^(app|main|tests|renderer|\.ci)\//.test(path) ||
        /^node_modules\/(react|@mantine|monaco-editor)\//.test(path),
    );
    expect(strangers).toEqual([]);
  });

  test('has the native engine of this platform alone, outside of the archive', async () => {
    const binaries = [...packed, ...unpacked].filter((path) => path.includes('onnxruntime-node/bin/'));
    expect(binaries.length).toBeGreaterThan(0);
    expect(binaries.filter((path) => !path.includes(`/${process.platform}/${process.arch}/`))).toEqual([]);
    expect([...packed].filter((path) => /\.(node|dll|dylib)$|\.so(\.|$)/.test(path))).toEqual([]);
    for (const path of binaries)
      expect((await stat(join(resources, 'app.asar.unpacked', path))).isFile()).toBe(true);
  });

  test('has its fuses blown', async () => {
    const wire = await getCurrentFuseWire(join(resources, '..', 'conch'));
    expect(wire).toMatchObject({
      [FuseV1Options.RunAsNode]: OFF,
      [FuseV1Options.EnableCookieEncryption]: ON,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: OFF,
      [FuseV1Options.EnableNodeCliInspectArguments]: OFF,
      [FuseV1Options.OnlyLoadAppFromAsar]: ON,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: OFF,
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: OFF,
    });
  });
});

describe('the packages of all three systems', async () => {
  const config = parse(await readFile(join(ROOT, 'electron-builder.yml'), 'utf8')) as {
    readonly fileAssociations: readonly { readonly ext: string; readonly rank: string }[];
    readonly publish: unknown;
    readonly npmRebuild: boolean;
    readonly nsis: Readonly<Record<string, boolean>>;
  } & Readonly<
    Record<'linux' | 'mac' | 'win', { readonly target: readonly string[]; readonly icon: string }>
  >;

  test('open model files with Conch, without taking them from other programs', () => {
    expect(config.fileAssociations.map(({ ext }) => ext)).toEqual(['onnx', 'pt', 'pt2']);
    expect(new Set(config.fileAssociations.map(({ rank }) => rank))).toEqual(new Set(['Alternate']));
  });

  test('are what people of each system install, with an icon that exists', async () => {
    expect(config.linux.target).toEqual(['AppImage', 'deb', 'tar.gz']);
    // Electron's updater reads the zip beside the dmg.
    expect(config.mac.target).toEqual(['dmg', 'zip']);
    expect(config.win.target).toEqual(['nsis']);
    for (const { icon } of [config.linux, config.mac, config.win])
      expect((await stat(join(ROOT, icon))).size).toBeGreaterThan(1_000);
  });

  test('name no place for updates, compile nothing, and leave a person’s models where they are', () => {
    expect(config.publish).toBeNull();
    expect(config.npmRebuild).toBe(false);
    expect(config.nsis).toMatchObject({ deleteAppDataOnUninstall: false, perMachine: false });
  });
});
