import { fork } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { HostProcess, HostProcessExit, HostProcessLauncher } from './host-process-launcher.ts';

function listenToText(stream: Readable | null, listener: (text: string) => void): void {
  stream?.setEncoding('utf8').on('data', listener);
}

/**
 * Starts processes with `child_process.fork`.
 * @param entryFolder where the bundles are; beside the running bundle when absent.
 */
export function forkLauncher(entryFolder?: string): HostProcessLauncher {
  const entryPath = (entry: string) =>
    entryFolder === undefined
      ? fileURLToPath(new URL(`./${entry}.mjs`, import.meta.url))
      : `${entryFolder}/${entry}.mjs`;
  return {
    canChildrenFork: true,
    launch: ({ entry, args, env }): HostProcess => {
      const child = fork(entryPath(entry), args, {
        env: { ...process.env, ...env },
        execArgv: [],
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        serialization: 'advanced',
      });
      const exited = new Promise<HostProcessExit>((resolve) => {
        child.once('error', () => {
          if (child.pid === undefined) resolve({ code: null, signal: null });
        });
        child.once('close', (code, signal) => resolve({ code, signal }));
      });
      // A pipe that nobody reads would stop the child once it is full.
      child.stdout?.resume();
      child.stderr?.resume();
      return {
        pid: child.pid ?? 0,
        spawned: Promise.resolve(child.pid ?? 0),
        postMessage: (message) => {
          if (child.connected) child.send(message as object, () => undefined);
        },
        onMessage: (listener) => child.on('message', listener),
        onExit: (listener) => void exited.then(listener),
        onStdout: (listener) => listenToText(child.stdout, listener),
        onStderr: (listener) => listenToText(child.stderr, listener),
        kill: (signal) => void child.kill(signal),
      };
    },
  };
}
