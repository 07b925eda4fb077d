import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ParentPort } from './parent-port.ts';

/** How a child ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to stderr. */
  readonly stderrTail: string;
}

/** A started child. */
export interface LaunchedProcess {
  /** 0 until the system has given one. */
  readonly pid: number;
  /** Settles when the process is gone, whoever ended it. */
  readonly exited: Promise<ProcessExit>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** What to start: a sibling bundle, its arguments, and variables added to our environment. */
export interface LaunchTarget {
  readonly entry: 'engine';
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Starts engine processes, whatever kind of process we are ourselves. */
export interface ProcessLauncher {
  launch(target: LaunchTarget): LaunchedProcess;
}

const STDERR_TAIL_CHARACTERS = 4096;

function siblingPath(entry: 'engine'): string {
  return fileURLToPath(new URL(`./${entry}.mjs`, import.meta.url));
}

/** Children by `child_process.fork`: the way of plain Node. */
export function forkLauncher(onStderr: (text: string) => void): ProcessLauncher {
  return {
    launch: ({ entry, args, env }) => {
      const child = fork(siblingPath(entry), args, {
        env: { ...process.env, ...env },
        execArgv: [],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      let stderrTail = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        stderrTail = (stderrTail + text).slice(-STDERR_TAIL_CHARACTERS);
        onStderr(text);
      });
      const exited = new Promise<ProcessExit>((resolve) => {
        child.once('error', (cause) => resolve({ code: null, signal: null, stderrTail: cause.message }));
        child.once('close', (code, signal) => resolve({ code, signal, stderrTail }));
      });
      return { pid: child.pid ?? 0, exited, kill: (signal) => void child.kill(signal) };
    },
  };
}

/** Children started by our parent on request, for a parent that alone may start them (Electron's main). */
export function parentLauncher(port: ParentPort, newId: () => string): ProcessLauncher {
  const children = new Map<string, { pid: number; exit: (exit: ProcessExit) => void }>();
  port.onMessage((message) => {
    const child = children.get(message.id);
    if (!child) return;
    if (message.kind === 'launched') child.pid = message.pid;
    else {
      children.delete(message.id);
      child.exit({ code: message.code, signal: message.signal, stderrTail: message.stderrTail });
    }
  });
  return {
    launch: ({ entry, args, env }) => {
      const id = newId();
      const child = { pid: 0, exit: (_exit: ProcessExit): void => undefined };
      const exited = new Promise<ProcessExit>((resolve) => {
        child.exit = resolve;
      });
      children.set(id, child);
      port.post({ kind: 'launch', id, entry, args, env });
      return {
        get pid() {
          return child.pid;
        },
        exited,
        kill: (signal) => port.post({ kind: 'terminate', id, signal }),
      };
    },
  };
}
