import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The checkout that is measured: the folder in which `npm run bench` runs. */
export const CHECKOUT = resolve(process.cwd());

/** Starts one of the product's built processes; its output is collected for error messages. */
export function startProduct(
  entry: 'cli' | 'headless' | 'inspector',
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { readonly child: ChildProcess; readonly output: () => string; readonly stop: () => Promise<void> } {
  const path = join(CHECKOUT, 'dist/node', `${entry}.mjs`);
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`npm run build\` first.`);
  const child = spawn(process.execPath, [path, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  return {
    child,
    output: () => text,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Peak resident memory of a process so far, in bytes (Linux), or undefined where the system does not tell. */
export function peakMemoryBytes(pid: number): number | undefined {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes ? Number(kilobytes) * 1024 : undefined;
  } catch {
    return undefined;
  }
}

/** Polls until `attempt` gives a value; throws with `what` and the last reason after `seconds`. */
export async function waitFor<Value>(
  what: string,
  seconds: number,
  attempt: () => Promise<Value | undefined>,
): Promise<Value> {
  const deadline = performance.now() + seconds * 1000;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await attempt();
      if (value !== undefined) return value;
    } catch (cause) {
      last = cause;
    }
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`${what} did not happen within ${seconds} s (${String(last)})`);
}
