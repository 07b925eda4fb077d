import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type Docker from 'dockerode';
import { installClients } from '../clients/install-clients.mjs';

/** Where NVIDIA's images have it. */
const HOME = '/opt/tritonserver';
/** What the server and its Python backend call, and what a person looks around with. */
const PROGRAMS = [
  '/bin/bash',
  '/bin/sh',
  '/usr/bin/env',
  '/bin/cat',
  '/bin/ls',
  '/bin/sleep',
  '/usr/bin/python3',
  '/usr/bin/curl',
];

interface RealTriton {
  readonly program: string;
  readonly libraries: string;
  readonly python: string;
}

/** The real tritonserver of the nvidia-pytriton wheel, or why it cannot be had here. */
export function realTriton(): RealTriton | string {
  const { clients, realTriton: server } = installClients({ wantsAnalyzer: false });
  if (server.reason !== null) return server.reason;
  if (clients.reason !== null) return clients.reason;
  return { program: server.value.program, libraries: server.value.libraries, python: clients.value };
}

function output(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const { stdout, status, stderr } = spawnSync(program, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** The libraries of this machine that a program needs, by the paths under which it looks for them. */
function librariesOf(file: string, libraries: string): readonly string[] {
  const { stdout } = spawnSync('ldd', [file], {
    encoding: 'utf8',
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
  });
  return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].flatMap(([, path = '']) =>
    path.startsWith(libraries) || path.includes('/tritonserver/') ? [] : [path],
  );
}

/** A file of this machine in the image, at its own path below `/usr`. */
async function copyFromMachine(root: string, path: string): Promise<void> {
  const target = join(root, path.startsWith('/usr/') ? path : `/usr${path}`);
  await mkdir(dirname(target), { recursive: true });
  await cp(await realpath(path), target, { force: true });
}

async function copyServer(root: string, { program, libraries, python }: RealTriton): Promise<void> {
  const home = dirname(dirname(program));
  const target = join(root, HOME);
  await mkdir(join(target, 'backends'), { recursive: true });
  await cp(join(home, 'bin'), join(target, 'bin'), { recursive: true });
  await cp(join(home, 'backends/python'), join(target, 'backends/python'), { recursive: true });
  await cp(libraries, join(target, 'lib'), { recursive: true });
  for (const name of ['caches', 'repoagents']) await mkdir(join(target, name), { recursive: true });
  const sitePackages = output(python, [
    '-c',
    'import numpy, os; print(os.path.dirname(os.path.dirname(numpy.__file__)))',
  ]).trim();
  const packages = join(root, 'usr/lib/python3/dist-packages');
  await mkdir(packages, { recursive: true });
  for (const name of await readdir(sitePackages))
    if (name.startsWith('numpy'))
      await cp(join(sitePackages, name), join(packages, name), { recursive: true });
}

async function fillRoot(root: string, server: RealTriton): Promise<void> {
  // It becomes `/`, which every user has to pass.
  await chmod(root, 0o755);
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(join(root, 'usr', name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  for (const name of ['etc', 'tmp', 'models', 'proc', 'sys', 'dev']) await mkdir(join(root, name));
  await chmod(join(root, 'tmp'), 0o1777);
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\ntriton-server:x:1000:1000::/:/bin/sh\n');
  await writeFile(join(root, 'etc/group'), 'root:x:0:\ntriton-server:x:1000:\n');
  await copyServer(root, server);
  const backend = join(root, HOME, 'backends/python');
  const programs = [
    ...PROGRAMS,
    join(root, HOME, 'bin/tritonserver'),
    join(backend, 'triton_python_backend_stub'),
    join(backend, 'libtriton_python.so'),
  ];
  const needed = new Set(programs.flatMap((file) => librariesOf(file, server.libraries)));
  for (const file of [...PROGRAMS, ...needed]) await copyFromMachine(root, file);
  const version = /libpython(\d\.\d+)/.exec([...needed].join(' '))?.[1] ?? '3';
  const standard = `/usr/lib/python${version}`;
  await cp(standard, join(root, standard), {
    recursive: true,
    filter: (path) => !/\/(?:__pycache__|test|tests|idlelib|tkinter|ensurepip|config-[^/]*)$/.test(path),
  });
}

/**
 * Makes an image of this machine's libraries and the real tritonserver with its Python backend, laid out as NVIDIA's are;
 * nothing is pulled. @param tag name and tag, as `nvcr.io/nvidia/tritonserver:26.07-py3`.
 */
export async function buildTritonImage(docker: Docker, tag: string, server: RealTriton): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'conch-image-'));
  try {
    await fillRoot(root, server);
    const tar = spawn(
      'tar',
      ['--create', '--numeric-owner', '--owner=0', '--group=0', `--directory=${root}`, '.'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [, repository = '', version = ''] = /^(.*):([^:/]+)$/.exec(tag) ?? [];
    const changes = [
      `ENV PATH=${HOME}/bin:/usr/bin:/bin`,
      `ENV LD_LIBRARY_PATH=${HOME}/lib`,
      'ENV LANG=C.UTF-8',
      `WORKDIR ${HOME}`,
    ].join('\n');
    const answer = await docker.importImage(tar.stdout, { repo: repository, tag: version, changes });
    answer.resume();
    await once(answer, 'end');
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
