import type { ServerEvent, ServerToParent } from '../../core/server-events/server-event.ts';
import type { HostProcessExit, HostProcessLauncher } from '../processes/host-process-launcher.ts';
import { createEngineRelay } from './engine-relay.ts';

/** A server process that was started. */
export interface RunningServer {
  readonly pid: number;
  /** Settles when the process is gone. */
  readonly exited: Promise<HostProcessExit>;
  /** The last thing that it wrote to stderr. */
  stderrTail(): string;
  /** Asks it to drain and end; kills it where it does not within a few seconds. */
  end(): Promise<void>;
  kill(): void;
}

/** The ports to ask for; 0 takes any. */
export type WantedPorts = Readonly<Record<'http' | 'grpc' | 'metrics', number>>;

/** What a server process is started for. */
export interface ServerTarget {
  readonly repository: string;
  readonly ports: WantedPorts;
}

const STDERR_TAIL_CHARACTERS = 4096;
const END_MILLISECONDS = 6000;

function isServerMessage(message: unknown): message is ServerToParent {
  return typeof message === 'object' && message !== null && 'kind' in message;
}

/** Starts the server process on a repository; `onEvent` hears everything that it tells. */
export function startServerProcess(
  launcher: HostProcessLauncher,
  target: ServerTarget,
  onEvent: (event: ServerEvent) => void,
  onStderr: (text: string) => void,
): RunningServer {
  const child = launcher.launch({
    entry: 'server',
    args: [
      `--model-repository=${target.repository}`,
      '--model-control-mode=explicit',
      '--exit-on-error=false',
      `--http-port=${target.ports.http}`,
      `--grpc-port=${target.ports.grpc}`,
      `--metrics-port=${target.ports.metrics}`,
      '--exit-timeout-secs=5',
      '--conch-next-free-port',
      '--conch-with-parent',
      ...(launcher.canChildrenFork ? [] : ['--conch-launcher=parent']),
    ],
    env: { ORT_DISABLE_TELEMETRY: '1' },
  });
  const relay = createEngineRelay(launcher, (report) => child.postMessage(report), onStderr);
  let stderrTail = '';
  child.onMessage((message) => {
    if (!isServerMessage(message)) return;
    if (message.kind === 'launch' || message.kind === 'terminate') relay.handle(message);
    else onEvent(message);
  });
  child.onStderr((text) => {
    stderrTail = (stderrTail + text).slice(-STDERR_TAIL_CHARACTERS);
    onStderr(text);
  });
  const exited = new Promise<HostProcessExit>((resolve) => {
    child.onExit((exit) => {
      relay.close();
      resolve(exit);
    });
  });
  return {
    get pid() {
      return child.pid;
    },
    exited,
    stderrTail: () => stderrTail,
    end: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MILLISECONDS);
      await exited;
      clearTimeout(timer);
    },
    kill: () => child.kill('SIGKILL'),
  };
}
