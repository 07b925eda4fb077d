import { finished } from 'node:stream/promises';
import { utilityProcess, type UtilityProcess } from 'electron';
import type {
  HostProcess,
  HostProcessExit,
  HostProcessLauncher,
} from '../../app/host/processes/host-process-launcher.ts';

/** What a child may know of our environment: where things are, never what a shell profile happens to export. */
const PASSED_ON =
  /^(PATH|HOME|USERPROFILE|USER|LANG|LC_.*|TZ|TMPDIR|TMP|TEMP|SystemRoot|SystemDrive|windir|APPDATA|LOCALAPPDATA|ProgramData|XDG_.*|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|CUDA_.*|NVIDIA_.*|ORT_.*|CONCH_.*)$/i;

/** The variables that every child gets. ONNX Runtime's telemetry is off before it can be loaded. */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && PASSED_ON.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), ORT_DISABLE_TELEMETRY: '1', ...added };
}

/**
 * Starts processes as Electron's utility processes: under its fuses nothing else runs our bundles.
 * @param entryFolder where the bundles are.
 */
export function utilityLauncher(entryFolder: string): HostProcessLauncher {
  return {
    canChildrenFork: false,
    launch: ({ entry, args, env }): HostProcess => {
      const child = utilityProcess.fork(`${entryFolder}/${entry}.mjs`, [...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: childEnvironment(process.env, env),
        serviceName: `conch-${entry}`,
        ...(process.platform === 'darwin' && { disclaim: true }),
      });
      let lastPid = 0;
      const spawned = new Promise<number>((resolve) => {
        child.once('spawn', () => {
          lastPid = child.pid ?? 0;
          resolve(lastPid);
        });
        child.once('exit', () => resolve(lastPid));
      });
      const ended = new Promise<HostProcessExit>((resolve) => {
        child.once('exit', (code) => resolve({ code, signal: null }));
      });
      const exited = ended.then(async (exit) => {
        for (const stream of [child.stdout, child.stderr]) {
          if (stream) await finished(stream).catch(() => undefined);
        }
        return exit;
      });
      const listenToText = (stream: NodeJS.ReadableStream | null, listener: (text: string) => void) =>
        stream?.setEncoding('utf8').on('data', listener);
      // A pipe that nobody reads would stop the child once it is full.
      child.stdout?.resume();
      child.stderr?.resume();
      return {
        get pid() {
          return lastPid;
        },
        spawned,
        postMessage: child.postMessage.bind(child),
        onMessage: (listener) => child.on('message', listener),
        onExit: (listener) => void exited.then(listener),
        onStdout: (listener) => void listenToText(child.stdout, listener),
        onStderr: (listener) => void listenToText(child.stderr, listener),
        kill: (signal) => void endProcess(child, spawned, signal),
      };
    },
  };
}

/** `UtilityProcess.kill` knows SIGTERM only, which a running inference does not hear. */
async function endProcess(
  child: UtilityProcess,
  spawned: Promise<number>,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<void> {
  const pid = await spawned;
  if (child.pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in the meantime: that is what was asked for.
  }
}
