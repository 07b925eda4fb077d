import type { LaunchReport, LaunchRequest } from '../../core/server-events/server-event.ts';
import type { HostProcess, HostProcessLauncher } from '../processes/host-process-launcher.ts';

const STDERR_TAIL_CHARACTERS = 4096;

/** Starts engines for a server that may not start processes itself. */
export interface EngineRelay {
  handle(request: LaunchRequest): void;
  /** Ends every engine: their server is gone. */
  close(): void;
}

/** @param report sends an answer to the server. */
export function createEngineRelay(
  launcher: HostProcessLauncher,
  report: (message: LaunchReport) => void,
  onStderr: (text: string) => void,
): EngineRelay {
  const engines = new Map<string, HostProcess>();
  const launch = ({ id, entry, args, env }: Extract<LaunchRequest, { kind: 'launch' }>) => {
    const engine = launcher.launch({ entry, args, env });
    let stderrTail = '';
    engines.set(id, engine);
    engine.onStderr((text) => {
      stderrTail = (stderrTail + text).slice(-STDERR_TAIL_CHARACTERS);
      onStderr(text);
    });
    engine.onExit(({ code, signal }) => {
      engines.delete(id);
      report({ kind: 'exited', id, code, signal, stderrTail });
    });
    void reportStart(id, engine);
  };
  const reportStart = async (id: string, engine: HostProcess) => {
    const pid = await engine.spawned;
    if (pid !== 0) report({ kind: 'launched', id, pid });
  };
  return {
    handle: (request) => {
      switch (request.kind) {
        case 'launch':
          return launch(request);
        case 'terminate':
          return engines.get(request.id)?.kill(request.signal);
      }
    },
    close: () => {
      for (const engine of engines.values()) engine.kill('SIGKILL');
    },
  };
}
