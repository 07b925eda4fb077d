/** The bundles that the host may start, by the name of the file beside it: `server` is `server.mjs`. */
export type HostProcessEntry = 'server' | 'engine' | 'probe' | 'inspector';

/** How a process ended. Both null: it could not be started. */
export interface HostProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A started process and its control channel. Messages are plain data and never tensors. */
export interface HostProcess {
  /** 0 until the system has given one. */
  readonly pid: number;
  /** Settles with the pid as soon as there is one; 0 when the process could not be started. */
  readonly spawned: Promise<number>;
  postMessage(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, after the last output. */
  onExit(listener: (exit: HostProcessExit) => void): void;
  onStdout(listener: (text: string) => void): void;
  onStderr(listener: (text: string) => void): void;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** What to start: variables of `env` are added to ours. */
export interface LaunchTarget {
  readonly entry: HostProcessEntry;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Starts the host's processes: by `child_process.fork` under Node, by `utilityProcess` under Electron. */
export interface HostProcessLauncher {
  launch(target: LaunchTarget): HostProcess;
  /** Whether a started server may start its engines itself; false: it asks us over its control channel. */
  readonly canChildrenFork: boolean;
}
