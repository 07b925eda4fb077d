import { readFile } from 'node:fs/promises';
import type { ModelDescription } from '../../core/formats/model-description.ts';
import { StatusError } from '../../core/status.ts';
import { createQueue } from '../files/work-queue.ts';
import type { HostProcess, HostProcessLauncher } from '../processes/host-process-launcher.ts';
import type { TreeMeaning } from '../../core/repository/recognize-tree.ts';
import type {
  InspectedTree,
  InspectionQuestion,
  InspectionReply,
  InspectionRequest,
} from './inspection-message.ts';

const TIME_LIMIT_MILLISECONDS = 10_000;
const MEMORY_LIMIT_BYTES = 1024 ** 3;
const MEMORY_CHECK_MILLISECONDS = 100;
const IDLE_MILLISECONDS = 30_000;

/** Looks at unknown files in a process of their own, with a limit of time and memory. */
export interface Inspector {
  /** Rejects as `unavailable` with the reason where the inspection was stopped or failed. */
  describe(tree: InspectedTree, path?: string): Promise<ModelDescription>;
  /** What the files are together; the same rejections. */
  recognize(tree: InspectedTree): Promise<TreeMeaning>;
  /** The external data files that the ONNX models among the files name, there or not; the same rejections. */
  nameExternalData(tree: InspectedTree): Promise<readonly string[]>;
  close(): void;
}

/** Resident bytes of a process; null where the system does not tell. */
async function residentBytes(pid: number): Promise<number | null> {
  try {
    const kilobytes = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}

interface Running {
  readonly process: HostProcess;
  /** Takes the reply or the reason why there is none. */
  settle: ((reply: InspectionReply | { readonly kind: 'stopped'; readonly reason: string }) => void) | null;
}

type Answer = Exclude<InspectionReply, { kind: 'failed' }>;

function ask(running: Running, request: InspectionRequest): Promise<Answer> {
  const { process } = running;
  return new Promise((resolve, reject) => {
    const stop = (reason: string) => {
      running.settle?.({ kind: 'stopped', reason });
      process.kill('SIGKILL');
    };
    const timer = setTimeout(
      () =>
        stop(
          `Looking at the model took longer than ${TIME_LIMIT_MILLISECONDS / 1000} s and was stopped. The file may be damaged or hostile.`,
        ),
      TIME_LIMIT_MILLISECONDS,
    );
    const checkMemory = async () => {
      const bytes = await residentBytes(process.pid);
      if (bytes !== null && bytes > MEMORY_LIMIT_BYTES)
        stop('Looking at the model took more than 1 GiB of memory and was stopped. The file may be hostile.');
    };
    const watch = setInterval(() => void checkMemory(), MEMORY_CHECK_MILLISECONDS);
    running.settle = (reply) => {
      clearTimeout(timer);
      clearInterval(watch);
      running.settle = null;
      if (reply.kind === 'stopped' || reply.kind === 'failed')
        reject(new StatusError('unavailable', reply.reason));
      else resolve(reply);
    };
    process.postMessage(request);
  });
}

/** One inspector process, started when first needed, ended after a while without work or when it misbehaves. */
export function createInspector(launcher: HostProcessLauncher): Inspector {
  const inTurn = createQueue();
  let running: Running | null = null;
  let idle: NodeJS.Timeout | undefined;
  let lastId = 0;
  let isClosed = false;
  const end = () => {
    clearTimeout(idle);
    running?.process.kill('SIGKILL');
    running = null;
  };
  const start = (): Running => {
    const process = launcher.launch({ entry: 'inspector', args: [], env: {} });
    const started: Running = { process, settle: null };
    process.onExit(({ code, signal }) => {
      const how = signal ?? `exit code ${code ?? 'unknown'}`;
      started.settle?.({ kind: 'stopped', reason: `The process that looked at the model ended (${how}).` });
      if (running === started) running = null;
    });
    process.onMessage((message) => started.settle?.(message as InspectionReply));
    running = started;
    return started;
  };
  const inspect = (tree: InspectedTree, question: InspectionQuestion): Promise<Answer> =>
    inTurn(async () => {
      if (isClosed) throw new StatusError('cancelled', 'Conch is closing.');
      clearTimeout(idle);
      const current = running ?? start();
      await current.process.spawned;
      lastId += 1;
      try {
        return await ask(current, { id: lastId, tree, question });
      } finally {
        idle = setTimeout(end, IDLE_MILLISECONDS);
        idle.unref();
      }
    });
  return {
    describe: async (tree, path) => {
      const answer = await inspect(tree, { kind: 'describe', ...(path !== undefined && { path }) });
      if (answer.kind !== 'described') throw new Error('The inspector answered another question.');
      return answer.description;
    },
    recognize: async (tree) => {
      const answer = await inspect(tree, { kind: 'recognize' });
      if (answer.kind !== 'recognized') throw new Error('The inspector answered another question.');
      return answer.meaning;
    },
    nameExternalData: async (tree) => {
      const answer = await inspect(tree, { kind: 'name-external-data' });
      if (answer.kind !== 'named') throw new Error('The inspector answered another question.');
      return answer.files;
    },
    close: () => {
      isClosed = true;
      end();
    },
  };
}
