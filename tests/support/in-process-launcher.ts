import { answerInspection } from '../../app/host/inspection/answer-inspection.ts';
import type { InspectionRequest } from '../../app/host/inspection/inspection-message.ts';
import type {
  HostProcess,
  HostProcessExit,
  HostProcessLauncher,
} from '../../app/host/processes/host-process-launcher.ts';

/** The process border of unit tests: the inspector answers in this process, everything else cannot be started. */
export function inProcessLauncher(): HostProcessLauncher {
  return {
    canChildrenFork: true,
    launch: ({ entry }): HostProcess => {
      const isInspector = entry === 'inspector';
      const listeners = new Set<(message: unknown) => void>();
      const exits = new Set<(exit: HostProcessExit) => void>();
      const answer = async (request: InspectionRequest) => {
        const reply = structuredClone(await answerInspection(request));
        for (const listener of listeners) listener(reply);
      };
      if (!isInspector)
        setImmediate(() => {
          for (const listener of exits) listener({ code: null, signal: null });
        });
      return {
        pid: isInspector ? process.pid : 0,
        spawned: Promise.resolve(isInspector ? process.pid : 0),
        postMessage: (message) => {
          void answer(message as InspectionRequest);
        },
        onMessage: (listener) => void listeners.add(listener),
        onExit: (listener) => void exits.add(listener),
        onStdout: () => undefined,
        onStderr: () => undefined,
        kill: () => undefined,
      };
    },
  };
}
