#!/usr/bin/env node
/** `npm start`: builds what is stale, then opens Electron where it can, else the headless shell. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { hasDisplay } from './display.mjs';

const OLDEST_NODE = [20, 19];
const DOWNLOAD_PATIENCE_MILLISECONDS = 3_000;
const FAILURE_REMEMBERED_MILLISECONDS = 24 * 60 * 60 * 1000;
const root = fileURLToPath(new URL('..', import.meta.url));

const HELP = `Conch: a workbench for models that NVIDIA Triton Inference Server will serve.

  npm start                                  open the workbench
  npm start -- model.onnx                    … with this model added
  npm start -- path/to/model_repository/     … with this model repository opened

  --headless              in the browser, even where Electron is installed
  --port <number>         of the browser workbench; 8080, or the next free one, when absent
  --no-open               print the address, open no browser
  --data-folder <path>    settings, history and Conch's own model repository
  --help                  this text

Electron is used where its binary is installed (npx install-electron) and a display is there.
`;

function say(text) {
  process.stdout.write(`${text}\n`);
}

function explainOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = OLDEST_NODE;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return null;
  return `Conch needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`;
}

/** What was asked for; paths made absolute, since `npm start` runs elsewhere than the person typed. */
export function readStartArguments(args, folder) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      headless: { type: 'boolean' },
      port: { type: 'string' },
      'no-open': { type: 'boolean' },
      'data-folder': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const passedOn = [];
  if (values.port !== undefined) passedOn.push('--port', values.port);
  if (values['no-open']) passedOn.push('--no-open');
  if (values['data-folder'] !== undefined)
    passedOn.push('--data-folder', resolve(folder, values['data-folder']));
  return {
    wantsHelp: values.help === true,
    // Who names a port or wants no browser means the browser workbench.
    wantsHeadless: values.headless === true || values.port !== undefined || values['no-open'] === true,
    // After `--`, so that a file may be named like a flag.
    args: [...passedOn, '--', ...positionals.map((path) => resolve(folder, path))],
  };
}

function electronFolder() {
  try {
    return dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  } catch {
    return null;
  }
}

function findElectronBinary(folder) {
  const names = {
    darwin: 'Electron.app/Contents/MacOS/Electron',
    win32: 'electron.exe',
  };
  const places = [process.env.ELECTRON_OVERRIDE_DIST_PATH, folder && join(folder, 'dist')];
  return places
    .filter(Boolean)
    .map((place) => join(place, names[process.platform] ?? 'electron'))
    .find((path) => existsSync(path));
}

function hasFailedLately(marker) {
  try {
    return Date.now() - statSync(marker).mtimeMs < FAILURE_REMEMBERED_MILLISECONDS;
  } catch {
    return false;
  }
}

function runForStatus(command, args, patienceMilliseconds) {
  return new Promise((settle) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMilliseconds);
    child.once('error', () => settle(null));
    child.once('close', (status) => {
      clearTimeout(timer);
      settle(status);
    });
  });
}

/** Whether Electron's download server answers at once: only then is the whole download worth waiting for. */
async function canReachDownloads() {
  const mirror = process.env.ELECTRON_MIRROR ?? process.env.npm_config_electron_mirror;
  try {
    await fetch(mirror ?? 'https://github.com/electron/electron/releases', {
      method: 'HEAD',
      signal: AbortSignal.timeout(DOWNLOAD_PATIENCE_MILLISECONDS),
    });
    return true;
  } catch {
    return false;
  }
}

async function downloadElectron(folder) {
  const marker = join(root, 'dist', '.electron-download-failed');
  if (hasFailedLately(marker)) return false;
  if (await canReachDownloads()) {
    say('Downloading Electron once (about 110 MB); Ctrl-C and `npm start -- --headless` skip it …');
    if ((await runForStatus(process.execPath, [join(folder, 'install.js')], 10 * 60_000)) === 0) return true;
  }
  mkdirSync(dirname(marker), { recursive: true });
  writeFileSync(marker, '');
  return false;
}

/** The Electron binary to start, or why the browser workbench opens instead. */
async function chooseShell(wantsHeadless) {
  if (wantsHeadless) return { reason: null };
  if (!hasDisplay(process))
    return { reason: 'There is no display here, so the workbench opens in a browser.' };
  const folder = electronFolder();
  if (!folder) return { reason: 'Electron is not installed, so the workbench opens in a browser.' };
  const binary = findElectronBinary(folder);
  if (binary) return { binary };
  if (await downloadElectron(folder)) {
    const downloaded = findElectronBinary(folder);
    if (downloaded) return { binary: downloaded };
  }
  return {
    reason:
      'Electron has no binary here and it cannot be downloaded (npx install-electron tries again), so the workbench opens in a browser.',
  };
}

/**
 * Runs the shell as a child; its end is ours, and signals that only we get reach it. The headless shell has a channel
 * to us besides, so that it ends even when we are killed.
 */
function runShell(command, args, hasChannel = false) {
  const stdio = ['inherit', 'inherit', 'inherit', ...(hasChannel ? ['ipc'] : [])];
  const child = spawn(command, args, { stdio, cwd: root });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (cause) => {
    process.stderr.write(`${command} could not be started: ${cause.message}\n`);
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1);
  });
}

/** Starts the workbench; `args` as typed after `npm start --`. */
export async function start(args) {
  const oldNode = explainOldNode();
  if (oldNode) {
    process.stderr.write(`${oldNode}\n`);
    process.exitCode = 1;
    return;
  }
  let wish;
  try {
    wish = readStartArguments(args, process.env.INIT_CWD ?? process.cwd());
  } catch (cause) {
    process.stderr.write(`${cause.message}\n\n${HELP}`);
    process.exitCode = 2;
    return;
  }
  if (wish.wantsHelp) {
    process.stdout.write(HELP);
    return;
  }
  if (!existsSync(join(root, 'node_modules', 'vite')) && !existsSync(join(root, 'dist', 'node'))) {
    process.stderr.write('The packages are not installed yet: run npm ci first.\n');
    process.exitCode = 1;
    return;
  }
  const { buildStale } = await import('./build.mjs');
  await buildStale({ report: say });
  const { binary, reason } = await chooseShell(wish.wantsHeadless);
  if (reason) say(reason);
  if (binary) runShell(binary, [root, ...wish.args]);
  else runShell(process.execPath, [join(root, 'dist', 'node', 'headless.mjs'), ...wish.args], true);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await start(process.argv.slice(2));
