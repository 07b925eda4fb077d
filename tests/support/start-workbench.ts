import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processesWithVariable, type ProcessRow } from './process-table.ts';

const HEADLESS = fileURLToPath(new URL('../../dist/node/headless.mjs', import.meta.url));
const MARK = 'CONCH_TEST_RUN';
const START_MILLISECONDS = 20_000;
const END_MILLISECONDS = 15_000;

/** How a workbench is started. */
export interface WorkbenchOptions {
  /** Paths on the command line. */
  readonly paths?: readonly string[];
  /** The embedded server's first choice; any free port when absent. */
  readonly httpPort?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A real headless shell in folders of its own. */
export interface Workbench {
  /** The address with its token; changes with every start. */
  url(): string;
  readonly folder: string;
  readonly dataFolder: string;
  /** Conch's own model repository. */
  readonly repository: string;
  /** An empty folder for what the test makes. */
  readonly scratch: string;
  /** Process id of the shell. */
  pid(): number;
  /** Everything that it wrote to stdout and stderr since the first start. */
  output(): string;
  /** The processes of this workbench but the shell: server, engines, probes, wherever they hang by now. */
  children(): readonly ProcessRow[];
  /** Ends the shell by SIGKILL, as a crash or the system would. */
  kill(): Promise<void>;
  /** Starts again on the same folders and the same port. */
  start(options?: WorkbenchOptions): Promise<void>;
  /** Ends the shell in order. */
  stop(): Promise<void>;
  /** Resolves when no process of the workbench is left; rejects with their names after 15 s. */
  allGone(): Promise<void>;
  /** Stops everything, checks that nothing is left and removes the folders. */
  dispose(): Promise<void>;
}

/** Starts the built headless shell on a free port, with data, home and temporary folders of its own. */
export async function startWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const folder = await mkdtemp(join(tmpdir(), 'conch-e2e-'));
  const mark = randomUUID();
  const dataFolder = join(folder, 'data');
  const scratch = join(folder, 'scratch');
  const home = join(folder, 'home');
  await mkdir(scratch);
  await mkdir(home);
  let output = '';
  let shell: ChildProcess | null = null;
  let url = '';
  let port = 0;

  const own = () => processesWithVariable(MARK, mark);
  const start = async ({ paths = [], httpPort = 0, env = {} }: WorkbenchOptions = {}) => {
    const child = spawn(
      process.execPath,
      [HEADLESS, '--no-open', `--port=${port}`, `--data-folder=${dataFolder}`, ...paths],
      {
        cwd: scratch,
        env: {
          PATH: process.env['PATH'],
          HOME: home,
          TMPDIR: folder,
          CONCH_HTTP_PORT: String(httpPort),
          [MARK]: mark,
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    shell = child;
    url = await new Promise<string>((resolve, reject) => {
      let text = '';
      const fail = (why: string) => reject(new Error(`The headless shell ${why}:\n${text}`));
      const timer = setTimeout(() => fail('printed no address'), START_MILLISECONDS);
      child.once('exit', (code) => fail(`ended with exit code ${code}`));
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
          output += piece;
          const found = /http:\/\/\S+token=\S+/.exec(text)?.[0];
          if (found === undefined) return;
          clearTimeout(timer);
          resolve(found);
        });
      }
    });
  };
  const startOnSamePort = async (options?: WorkbenchOptions) => {
    await start(options);
    port = Number(new URL(url).port);
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    const child = shell;
    shell = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MILLISECONDS);
    await ended;
    clearTimeout(timer);
  };
  const allGone = () =>
    until(
      () => own().length === 0,
      () => `These processes are left: ${own().map(describe).join('; ')}`,
    );

  await startOnSamePort(options);
  return {
    url: () => url,
    folder,
    dataFolder,
    repository: join(dataFolder, 'model-repository'),
    scratch,
    pid: () => shell?.pid ?? 0,
    output: () => output,
    children: () => own().filter(({ pid }) => pid !== shell?.pid),
    kill: () => end('SIGKILL'),
    start: startOnSamePort,
    stop: () => end('SIGTERM'),
    allGone,
    dispose: async () => {
      await end('SIGTERM');
      try {
        await allGone();
      } finally {
        for (const { pid } of own()) process.kill(pid, 'SIGKILL');
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

function describe({ name, pid, args }: ProcessRow): string {
  return `${name} (pid ${pid}: ${args.slice(2).join(' ')})`;
}

/** Resolves once `isTrue`; the process table tells nobody when it changes, so it is asked again and again. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  why: () => string,
  milliseconds = END_MILLISECONDS,
): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(why());
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
