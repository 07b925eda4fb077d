import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';

/** A Docker Engine of the test's own: nothing of the machine's is seen or touched. */
export interface TestEngine {
  readonly socketPath: string;
  readonly docker: Docker;
  stop(): Promise<void>;
}

const START_MILLISECONDS = 30_000;

/** Why no Engine can run here; null where one can. */
export function engineAbsence(): string | null {
  if (process.platform !== 'linux') return 'an Engine of its own runs on Linux only';
  if (process.getuid?.() !== 0) return 'an Engine of its own needs root';
  if (spawnSync('dockerd', ['--version']).status !== 0) return 'dockerd is not installed';
  return null;
}

/** Starts an Engine without bridge, firewall rules and overlays, so that it runs inside of containers too. */
export async function startDockerEngine(): Promise<TestEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'conch-engine-'));
  const socketPath = join(folder, 'docker.sock');
  const child = spawn(
    'dockerd',
    [
      '--iptables=false',
      '--bridge=none',
      '--storage-driver=vfs',
      `--host=unix://${socketPath}`,
      `--data-root=${join(folder, 'data')}`,
      `--exec-root=${join(folder, 'exec')}`,
      `--pidfile=${join(folder, 'docker.pid')}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const docker = new Docker({ socketPath });
  const end = Date.now() + START_MILLISECONDS;
  const answers = () =>
    docker.ping().then(
      () => true,
      () => false,
    );
  while (!(await answers())) {
    if (child.exitCode !== null || Date.now() > end) {
      child.kill('SIGKILL');
      throw new Error(`dockerd did not start:\n${said}`);
    }
    await sleep(100);
  }
  return {
    socketPath,
    docker,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      spawnSync('umount', [join(folder, 'exec/netns/default')]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
