import { execFile } from 'node:child_process';
import { availableParallelism, arch, cpus, platform, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { MachineStatus } from '../../contract/machine.ts';
import type { EmitEvent } from '../events/host-events.ts';
import { fileErrorCode } from '../files/file-failure.ts';
import { checkDocker } from '../triton-container/docker-status.ts';
import { byHandSteps, isProviderInstalled, readProviderPlan, type ProviderPlan } from './cuda-provider.ts';

/** What the host's machine offers, looked at when it starts and again when somebody asks after a while. */
export interface Machine {
  status(): MachineStatus;
  /** Looks again, where the last look is old; tells what changed. */
  recheck(isForced?: boolean): Promise<void>;
  /** The plan for installing the CUDA execution provider; null where there is none for this platform. */
  readonly providerPlan: ProviderPlan | null;
}

/** Whether ONNX Runtime really opens a session on CUDA, found out in a throw-away process. */
export type ProbeCuda = () => Promise<
  { readonly kind: 'works' } | { readonly kind: 'fails'; readonly reason: string }
>;

const SMI_MILLISECONDS = 5000;
const FRESH_MILLISECONDS = 30_000;

async function findNvidiaGpu(): Promise<{ readonly name: string } | { readonly reason: string }> {
  try {
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      ['--query-gpu=name', '--format=csv,noheader'],
      {
        timeout: SMI_MILLISECONDS,
      },
    );
    const [name] = stdout.trim().split('\n');
    return name ? { name } : { reason: 'nvidia-smi sees no GPU.' };
  } catch (cause) {
    if (fileErrorCode(cause) === 'ENOENT')
      return { reason: 'No NVIDIA GPU was found: nvidia-smi is not there. Models run on the CPU.' };
    const detail = cause instanceof Error ? (cause.message.split('\n')[1] ?? cause.message) : String(cause);
    return { reason: `nvidia-smi failed: ${detail.trim()} Models run on the CPU.` };
  }
}

async function checkGpu(plan: ProviderPlan | null, probeCuda: ProbeCuda): Promise<MachineStatus['gpu']> {
  const gpu = await findNvidiaGpu();
  if ('reason' in gpu) return { kind: 'absent', reason: gpu.reason };
  const probed = await probeCuda();
  if (probed.kind === 'works') return { kind: 'available', name: gpu.name, executionProvider: 'CUDA' };
  const reason = `${gpu.name} is there, but ONNX Runtime cannot use it: ${probed.reason}`;
  if (!plan || (await isProviderInstalled(plan))) return { kind: 'absent', reason };
  const install = {
    text: `Downloads the CUDA execution provider of ONNX Runtime (${plan.packageName}, about 300 MB) from its NuGet feed, checks its checksum and puts it beside ONNX Runtime. CUDA 12 and cuDNN 9 must be installed.`,
    byHand: byHandSteps(plan),
  };
  return { kind: 'absent', reason, install };
}

/** Looks at the machine; the first status says `checking` where looking takes time. */
export function createMachine(emit: EmitEvent, probeCuda: ProbeCuda): Machine {
  const providerPlan = readProviderPlan(`${platform()}/${arch()}`);
  let status: MachineStatus = {
    cpu: {
      model: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memoryBytes: totalmem(),
    },
    gpu: { kind: 'checking' },
    docker: { kind: 'checking' },
  };
  let checkedAt = Number.NEGATIVE_INFINITY;
  let checking: Promise<void> | null = null;
  const set = (change: Partial<MachineStatus>) => {
    const next = { ...status, ...change };
    const isNew = JSON.stringify(next) !== JSON.stringify(status);
    status = next;
    if (isNew) emit('machine.changed', status);
  };
  const check = async () => {
    await Promise.all([
      checkGpu(providerPlan, probeCuda).then((gpu) => set({ gpu })),
      checkDocker().then((docker) => set({ docker })),
    ]);
    checkedAt = performance.now();
  };
  return {
    status: () => status,
    providerPlan,
    recheck: async (isForced = false) => {
      if (!isForced && performance.now() - checkedAt < FRESH_MILLISECONDS) return;
      checking ??= check().finally(() => {
        checking = null;
      });
      await checking;
    },
  };
}
