import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import type { ForkOptions } from 'electron';
import type { UtilityProcessSurface } from './surface.ts';

const PARENT_PORT = new URL('./parent-port.mjs', import.meta.url).href;

/** A message to a child that is dying is lost, as in Electron. */
const ignore = (): void => undefined;

/** A utility process as a forked Node process whose `process.parentPort` is the fork's channel. */
export function forkUtilityProcess(
  modulePath: string,
  args: readonly string[],
  options: ForkOptions,
  started: ChildProcess[],
): UtilityProcessSurface {
  const child = fork(modulePath, args, {
    ...(options.env && { env: options.env as NodeJS.ProcessEnv }),
    execArgv: ['--import', PARENT_PORT],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  started.push(child);
  const emitter = new EventEmitter();
  child.once('spawn', () => emitter.emit('spawn'));
  child.on('message', (message) => emitter.emit('message', message));
  child.once('exit', (code, signal) =>
    emitter.emit('exit', code ?? 128 + (signal ? constants.signals[signal] : 0)),
  );
  return Object.assign(emitter, {
    get pid() {
      return child.exitCode === null && child.signalCode === null ? child.pid : undefined;
    },
    stdout: child.stdout,
    stderr: child.stderr,
    postMessage: (message: unknown) => void (child.connected && child.send(message as object, ignore)),
    kill: () => child.kill('SIGTERM'),
  }) as UtilityProcessSurface;
}
