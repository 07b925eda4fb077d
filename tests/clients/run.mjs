#!/usr/bin/env node
/** Runs Triton's own clients, unmodified, against `conch serve`. `node tests/clients/run.mjs [--all] [file…]` */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installClients } from './install-clients.mjs';
import { freePort, startServer } from './start-server.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scripts = fileURLToPath(new URL('python/', import.meta.url));
const FILE_MILLISECONDS = 300_000;
const MODELS = [
  'simple',
  'simple_string',
  'cls_fp32',
  'fail_at_run',
  'gen_text',
  'simple_sequence',
  ...['bool', 'uint8', 'uint16', 'uint32', 'uint64', 'int8', 'int16', 'int32', 'int64'].map(
    (type) => `id_${type}`,
  ),
  ...['fp16', 'fp32', 'fp64', 'string'].map((type) => `id_${type}`),
];

/** The recorded models that the clients ask, and the linear regression of the tutorial. */
function writeRepository(folder) {
  mkdirSync(folder);
  const archive = join(root, 'tests/fixtures/goldens/repositories.tar.gz');
  const { status } = spawnSync('tar', [
    '-xzf',
    archive,
    '-C',
    folder,
    '--strip-components=2',
    ...MODELS.map((name) => `./main/${name}`),
  ]);
  if (status !== 0) throw new Error('tests/fixtures/goldens/repositories.tar.gz cannot be unpacked');
  cpSync(join(root, 'sample-models/linear_regression'), join(folder, 'linear_regression_model'), {
    recursive: true,
  });
  rmSync(join(folder, 'linear_regression_model/config.pbtxt'), { force: true });
  for (const [model, delay] of [
    ['slow', 1500],
    ['steady', 5],
  ]) {
    mkdirSync(join(folder, model, '1'), { recursive: true });
    writeFileSync(join(folder, model, 'config.pbtxt'), slowConfig(delay));
  }
}

const slowConfig = (milliseconds) => `backend: "identity" max_batch_size: 8
input { name: "INPUT0" data_type: TYPE_FP32 dims: [ 4 ] }
output { name: "OUTPUT0" data_type: TYPE_FP32 dims: [ 4 ] }
instance_group { kind: KIND_CPU count: 1 }
parameters { key: "execute_delay_ms" value { string_value: "${milliseconds}" } }
`;

function runFile(python, file, env) {
  return new Promise((settle) => {
    const results = [];
    let rest = '';
    const child = spawn(python, [join(scripts, 'run_file.py'), join(scripts, file)], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), FILE_MILLISECONDS);
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!line.startsWith('{')) {
          process.stdout.write(`    ${line}\n`);
          continue;
        }
        const result = JSON.parse(line);
        results.push({ file, ...result });
        const mark = { passed: '✓', failed: '✗', skipped: '-' }[result.outcome];
        process.stdout.write(
          `  ${mark} ${result.name} ${result.seconds} s${result.reason ? `: ${result.reason}` : ''}\n`,
        );
      }
    });
    child.once('close', (status) => {
      clearTimeout(timer);
      if (status !== 0)
        results.push({ file, name: 'the script itself', outcome: 'failed', reason: `exit code ${status}` });
      settle(results);
    });
  });
}

async function startConch(repository) {
  const flags = ['--http-port=0', '--grpc-port=0', '--metrics-port=0', '--allow-client-shm=true'];
  const control = ['--model-control-mode=explicit', '--load-model=*', '--exit-on-error=false'];
  return startServer(process.execPath, [
    join(root, 'main/cli/conch.mjs'),
    'serve',
    repository,
    ...flags,
    ...control,
  ]);
}

async function startRealTriton({ program, flags, libraries }, python, scratch) {
  const ports = { http: await freePort(), grpc: await freePort(), metrics: await freePort() };
  const args = Object.entries(ports).map(([protocol, port]) => `--${protocol}-port=${port}`);
  // A copy: its Python backend leaves compiled files beside the model.
  const repository = join(scratch, 'real-triton-models');
  cpSync(join(scripts, 'real-triton-models'), repository, { recursive: true });
  const env = { LD_LIBRARY_PATH: libraries, PATH: `${join(python, '..')}:${process.env.PATH}` };
  return startServer(program, [`--model-repository=${repository}`, ...flags, ...args], env);
}

function environmentOf({ clients, perfAnalyzer, analyzer }, conch, real, scratch) {
  return {
    CONCH_HTTP: `127.0.0.1:${conch.ports.http}`,
    CONCH_GRPC: conch.ports.grpc === null ? '' : `127.0.0.1:${conch.ports.grpc}`,
    CONCH_METRICS: `127.0.0.1:${conch.ports.metrics}`,
    CONCH_REPOSITORY: join(scratch, 'models'),
    REAL_HTTP: real.value ? `127.0.0.1:${real.value.ports.http}` : '',
    REAL_REASON: real.reason ?? '',
    PERF_ANALYZER: perfAnalyzer.value?.program ?? '',
    PERF_ANALYZER_LIBRARIES: perfAnalyzer.value?.libraries ?? '',
    PERF_ANALYZER_REASON: perfAnalyzer.reason ?? '',
    MODEL_ANALYZER: analyzer.value ?? '',
    MODEL_ANALYZER_REASON: analyzer.reason ?? '',
    SCRATCH: scratch,
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    CLIENTS_PYTHON: clients.value,
  };
}

async function runAll(installed, files) {
  const scratch = mkdtempSync(join(tmpdir(), 'conch-clients-'));
  writeRepository(join(scratch, 'models'));
  const conch = await startConch(join(scratch, 'models'));
  const real = installed.realTriton.value
    ? await startRealTriton(installed.realTriton.value, installed.clients.value, scratch).then(
        (value) => ({ value, reason: null }),
        (cause) => ({ value: null, reason: cause.message }),
      )
    : { value: null, reason: installed.realTriton.reason };
  const results = [];
  try {
    const env = environmentOf(installed, conch, real, scratch);
    for (const file of files) {
      process.stdout.write(`— ${file}\n`);
      results.push(...(await runFile(installed.clients.value, file, env)));
    }
  } finally {
    await conch.stop();
    await real.value?.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
  return results;
}

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const installed = installClients({ wantsAnalyzer: process.argv.includes('--all') });
const files = readdirSync(scripts)
  .filter((file) => file.endsWith('_test.py'))
  .filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word)));
const results =
  installed.clients.reason === null
    ? await runAll(installed, files)
    : files.map((file) => ({ file, name: 'all', outcome: 'skipped', reason: installed.clients.reason }));
const withOutcome = (outcome) => results.filter((result) => result.outcome === outcome);
for (const { file, name, reason } of withOutcome('skipped'))
  process.stdout.write(`skipped: ${file} ${name} (${reason})\n`);
for (const { file, name, reason } of withOutcome('failed'))
  process.stdout.write(`failed: ${file} ${name}: ${reason}\n`);
process.stdout.write(
  `\n${withOutcome('passed').length} passed, ${withOutcome('failed').length} failed, ${withOutcome('skipped').length} skipped\n`,
);
process.exitCode = withOutcome('failed').length > 0 ? 1 : 0;
