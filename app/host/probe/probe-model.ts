import { freemem } from 'node:os';
import type { ProbeOutcome } from '../../contract/model-entry.ts';
import type { ModelDescription } from '../../core/formats/model-description.ts';
import { StatusError } from '../../core/status.ts';
import { isRecord } from '../files/json-file.ts';
import { createQueue } from '../files/work-queue.ts';
import type {
  HostProcess,
  HostProcessExit,
  HostProcessLauncher,
} from '../processes/host-process-launcher.ts';
import { explanationOf } from '../server-supervisor/version-states.ts';
import type { OpenWorkspace } from '../workspace/workspace.ts';

/** Opens unknown models in throw-away processes: loads, runs once with zeros, and is gone. */
export interface ModelProbe {
  /** Probes a new model of the repository and notes the outcome on its entry. */
  start(workspace: OpenWorkspace, name: string): Promise<void>;
  /** Whether ONNX Runtime opens `modelPath` on CUDA. */
  cuda(
    modelPath: string,
  ): Promise<{ readonly kind: 'works' } | { readonly kind: 'fails'; readonly reason: string }>;
  close(): void;
}

const TIME_LIMIT_MILLISECONDS = 30_000;
const LEAST_MEMORY_BYTES = 2 * 1024 ** 3;
const MEMORY_SHARE = 0.8;
const TAIL_CHARACTERS = 4096;

type Step = Readonly<Record<string, unknown>> & { readonly step: string };

function stepsOf(output: string): readonly Step[] {
  return output.split('\n').flatMap((line) => {
    try {
      const facts: unknown = JSON.parse(line);
      if (!isRecord(facts)) return [];
      const { step } = facts;
      return typeof step === 'string' ? [{ ...facts, step }] : [];
    } catch {
      return [];
    }
  });
}

interface Finished {
  readonly steps: readonly Step[];
  readonly exit: HostProcessExit;
  readonly isLate: boolean;
  readonly stderrTail: string;
}

function numberOf(step: Step | undefined, member: string): number {
  const value = step?.[member];
  return typeof value === 'number' ? value : 0;
}

function failureReason({ steps, exit, isLate, stderrTail }: Finished): string {
  const failed = steps.find(({ step }) => step === 'failed');
  if (failed && typeof failed['message'] === 'string') return failed['message'];
  const phase = steps.some(({ step }) => step === 'loaded') ? 'A trial run with zeros' : 'Loading the model';
  if (isLate) return `${phase} took longer than ${TIME_LIMIT_MILLISECONDS / 1000} s and was stopped.`;
  const lastWords = stderrTail.trim().split('\n').at(-1) ?? '';
  const how = exit.signal ?? `exit code ${exit.code ?? 'unknown'}`;
  return `${phase} ended the process that tried it (${how}).${lastWords === '' ? '' : ` ${lastWords}`}`;
}

function outcomeOf(finished: Finished): ProbeOutcome {
  const { steps } = finished;
  const done = steps.find(({ step }) => step === 'done');
  const refused = steps.find(({ step, during }) => step === 'failed' && during === 'run');
  // Zeros are no fair input for every model: only a dead or endless process speaks against the model itself.
  if (refused)
    return {
      kind: 'skipped',
      reason: `It loads. A trial run with zeros failed: ${String(refused['message'])}`,
    };
  if (!done) {
    const reason = failureReason(finished);
    return { kind: 'failed', reason, ...explanationOf(reason) };
  }
  const skipped = steps.find(({ step }) => step === 'skipped');
  if (skipped) return { kind: 'skipped', reason: `It loads. It was not run: ${String(skipped['reason'])}.` };
  return {
    kind: 'answered',
    loadMilliseconds: numberOf(
      steps.find(({ step }) => step === 'loaded'),
      'milliseconds',
    ),
    runMilliseconds: numberOf(
      steps.find(({ step }) => step === 'ran'),
      'milliseconds',
    ),
    peakMemoryBytes: numberOf(done, 'peakResidentBytes'),
  };
}

function whyNotProbed(description: ModelDescription | null): string | null {
  if (!description) return 'There is no model file.';
  if (description.format !== 'onnx') return `${description.formatName} models are not run by Conch itself.`;
  return description.verdict.kind === 'cannot-be-served' ? description.verdict.reason : null;
}

/** One probe at a time: a probe takes what memory it needs. */
export function createModelProbe(launcher: HostProcessLauncher): ModelProbe {
  const inTurn = createQueue();
  let running: HostProcess | null = null;
  let isClosed = false;
  const run = (args: readonly string[]): Promise<Finished> =>
    inTurn(async () => {
      if (isClosed) throw new StatusError('cancelled', 'Conch is closing.');
      const memoryLimit = Math.max(LEAST_MEMORY_BYTES, Math.round(freemem() * MEMORY_SHARE));
      const child = launcher.launch({
        entry: 'probe',
        args: [...args, '--json', `--memory-limit-bytes=${memoryLimit}`],
        env: { ORT_DISABLE_TELEMETRY: '1' },
      });
      running = child;
      let output = '';
      let stderrTail = '';
      let isLate = false;
      child.onStdout((text) => {
        output += text;
      });
      child.onStderr((text) => {
        stderrTail = (stderrTail + text).slice(-TAIL_CHARACTERS);
      });
      const timer = setTimeout(() => {
        isLate = true;
        child.kill('SIGKILL');
      }, TIME_LIMIT_MILLISECONDS);
      const exit = await new Promise<HostProcessExit>((resolve) => {
        child.onExit(resolve);
      });
      clearTimeout(timer);
      running = null;
      return { steps: stepsOf(output), exit, isLate, stderrTail };
    });
  return {
    start: async (workspace, name) => {
      const entry = workspace.entries().find((model) => model.name === name);
      if (!entry) return;
      const why = whyNotProbed(entry.description);
      if (why !== null) return workspace.setProbe(name, { kind: 'skipped', reason: why });
      try {
        const finished = await run([entry.path]);
        if (!isClosed) await workspace.setProbe(name, outcomeOf(finished));
      } catch (cause) {
        if (!(cause instanceof StatusError)) throw cause;
      }
    },
    cuda: async (modelPath) => {
      const finished = await run([modelPath, '--cuda']);
      if (finished.steps.some(({ step }) => step === 'loaded')) return { kind: 'works' };
      return { kind: 'fails', reason: failureReason(finished) };
    },
    close: () => {
      isClosed = true;
      running?.kill('SIGKILL');
    },
  };
}
