import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const CLIENTS = [
  'tritonclient[http,grpc]==2.70.0',
  'requests==2.32.5',
  // The Python backend of the real tritonserver knows no NumPy 2.
  'numpy==1.26.4',
];
const ANALYZER = 'triton-model-analyzer==1.58.0';
/** The last wheel with the perf_analyzer binary that this C library runs. */
const PERF_ANALYZER_WHEEL = 'tritonclient==2.50.0';
const REAL_TRITON_WHEEL = 'nvidia-pytriton==0.7.0';
/** Other servers of ONNX models, and what writes and runs the models: for the benchmark of serving. */
const OTHER_SERVERS = [
  'mlserver==1.7.1',
  'onnxruntime==1.30.0',
  'onnx==1.23.2',
  'numpy==1.26.4',
  'httptools==0.8.0',
];

function run(program, args) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  const said = (stderr ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('WARNING'));
  throw new Error(
    `${program} ${args[0] ?? ''} failed: ${error?.message ?? said.at(-1) ?? `exit code ${status}`}`,
  );
}

function cacheFolder(pins) {
  const base = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return join(base, 'conch-clients', createHash('sha256').update(pins.join(' ')).digest('hex').slice(0, 12));
}

/** Does `make` once: a mark says that it was done to its end. */
function once(folder, name, make) {
  const mark = join(folder, `${name}.done`);
  if (!existsSync(mark)) {
    make();
    writeFileSync(mark, '');
  }
}

/** The Python of a virtual environment with these packages. */
function virtualEnvironment(folder, packages) {
  const python = join(folder, 'venv/bin/python');
  once(folder, 'venv', () => {
    run('python3', ['-m', 'venv', '--clear', join(folder, 'venv')]);
    run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
  });
  return python;
}

function unpackWheel(python, folder, wheel, name) {
  const target = join(folder, name);
  once(folder, name, () => {
    rmSync(target, { recursive: true, force: true });
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--dest', target];
    run(python, [...pip, wheel]);
    for (const file of readdirSync(target)) {
      run(python, ['-m', 'zipfile', '-e', join(target, file), target]);
      rmSync(join(target, file));
    }
  });
  return target;
}

function libraryFolder(folder, realTriton) {
  const target = join(folder, 'libraries');
  const libraries = join(realTriton, 'nvidia_pytriton.libs');
  once(folder, 'libraries', () => {
    mkdirSync(target, { recursive: true });
    for (const [prefix, name] of [
      ['libb64-', 'libb64.so.0d'],
      ['libcudart-', 'libcudart.so.12'],
    ]) {
      const file = readdirSync(libraries).find((each) => each.startsWith(prefix));
      rmSync(join(target, name), { force: true });
      if (file) symlinkSync(join(libraries, file), join(target, name));
    }
  });
  return target;
}

function prepareRealTriton(python, unpacked) {
  const home = join(unpacked, 'pytriton/tritonserver');
  const version = run(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']).trim();
  const stub = join(home, 'backends/python/triton_python_backend_stub');
  copyFileSync(join(home, 'python_backend_stubs', version, 'triton_python_backend_stub'), stub);
  for (const program of [stub, join(home, 'bin/tritonserver')]) chmodSync(program, 0o755);
  return {
    program: join(home, 'bin/tritonserver'),
    flags: [`--backend-directory=${join(home, 'backends')}`],
    libraries: join(unpacked, 'nvidia_pytriton.libs'),
  };
}

/** The value of `make`, or why there is none. */
function attempt(make) {
  try {
    return { value: make(), reason: null };
  } catch (cause) {
    return { value: null, reason: cause.message };
  }
}

/**
 * Installs what is missing. Every part is `{ value, reason }`: what to use, or why it cannot be used on this machine.
 */
export function installClients({ wantsAnalyzer }) {
  const folder = cacheFolder([...CLIENTS, ANALYZER, PERF_ANALYZER_WHEEL, REAL_TRITON_WHEEL]);
  mkdirSync(folder, { recursive: true });
  const python = join(folder, 'venv/bin/python');
  const clients = attempt(() => virtualEnvironment(folder, CLIENTS));
  const needsPython = () => {
    if (clients.reason !== null) throw new Error(clients.reason);
    if (process.platform !== 'linux' || process.arch !== 'x64')
      throw new Error('the wheels are for Linux on x86-64');
  };
  const realTriton = attempt(() => {
    needsPython();
    return prepareRealTriton(python, unpackWheel(python, folder, REAL_TRITON_WHEEL, 'real-triton'));
  });
  const perfAnalyzer = attempt(() => {
    needsPython();
    const unpacked = unpackWheel(python, folder, PERF_ANALYZER_WHEEL, 'perf-analyzer');
    const program = join(unpacked, 'tritonclient-2.50.0.data/data/bin/perf_analyzer');
    chmodSync(program, 0o755);
    return { program, libraries: libraryFolder(folder, join(folder, 'real-triton')) };
  });
  const analyzer = attempt(() => {
    needsPython();
    if (!wantsAnalyzer) throw new Error('it takes minutes: npm run test:clients -- --all');
    const place = join(folder, 'analyzer-venv');
    once(folder, 'analyzer', () => {
      run('python3', ['-m', 'venv', '--clear', place]);
      run(join(place, 'bin/python'), [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        ANALYZER,
      ]);
    });
    return join(place, 'bin/model-analyzer');
  });
  return { clients, realTriton, perfAnalyzer, analyzer };
}

/** The Python with MLServer, FastAPI and ONNX Runtime. Throws where it cannot be installed. */
export function installOtherServers() {
  const folder = cacheFolder(OTHER_SERVERS);
  mkdirSync(folder, { recursive: true });
  return virtualEnvironment(folder, OTHER_SERVERS);
}
