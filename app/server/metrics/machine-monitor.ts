import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setInterval as startInterval } from 'node:timers';
import { promisify } from 'node:util';
import {
  cpuUtilization,
  GPU_QUERY,
  readCpuTimes,
  readGpuLoads,
  readMachineMemory,
  type CpuLoad,
  type CpuTimes,
  type GpuLoad,
} from '../../core/metrics/machine-families.ts';

const run = promisify(execFile);
const GPU_ANSWER_MILLISECONDS = 10_000;

/** What the machine was doing in the last interval. */
export interface MachineMonitor {
  /** Null until the first interval has passed; undefined where it is not measured. */
  cpu(): CpuLoad | null | undefined;
  gpus(): readonly GpuLoad[];
  /** Joules since the start, by GPU. */
  joules(): ReadonlyMap<string, number>;
  stop(): void;
}

async function readProc(name: string): Promise<string> {
  return readFile(`/proc/${name}`, 'utf8').catch(() => '');
}

class CpuMeter {
  #before: CpuTimes | null = null;
  load: CpuLoad | null = null;

  async measure(): Promise<void> {
    const times = readCpuTimes(await readProc('stat'));
    const memory = readMachineMemory(await readProc('meminfo'));
    if (times && memory && this.#before) {
      this.load = { utilization: cpuUtilization(this.#before, times), ...memory };
    }
    this.#before = times;
  }
}

/** Asks the driver's own tool: one process an interval, only where there is a GPU. */
class GpuMeter {
  readonly #intervalSeconds: number;
  readonly joules = new Map<string, number>();
  #isAsking = false;
  loads: readonly GpuLoad[] = [];

  constructor(intervalSeconds: number) {
    this.#intervalSeconds = intervalSeconds;
  }

  async measure(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const query = [`--query-gpu=${GPU_QUERY}`, '--format=csv,noheader,nounits'];
      const { stdout } = await run('nvidia-smi', query, { timeout: GPU_ANSWER_MILLISECONDS });
      this.loads = readGpuLoads(stdout);
      for (const gpu of this.loads) this.#addEnergy(gpu);
    } catch {
      this.loads = [];
    } finally {
      this.#isAsking = false;
    }
  }

  #addEnergy({ uuid, powerWatts }: GpuLoad): void {
    if (powerWatts === null) return;
    this.joules.set(uuid, (this.joules.get(uuid) ?? 0) + powerWatts * this.#intervalSeconds);
  }
}

/** Starts measuring what is wanted, every `intervalMilliseconds`. */
export function monitorMachine(wanted: {
  readonly intervalMilliseconds: number;
  readonly cpu: boolean;
  readonly gpu: boolean;
}): MachineMonitor {
  const cpu = wanted.cpu && process.platform === 'linux' ? new CpuMeter() : null;
  const gpu = wanted.gpu ? new GpuMeter(wanted.intervalMilliseconds / 1000) : null;
  void cpu?.measure();
  const timer = startInterval(() => {
    void cpu?.measure();
    void gpu?.measure();
  }, wanted.intervalMilliseconds);
  timer.unref();
  return {
    cpu: () => (cpu ? cpu.load : undefined),
    gpus: () => gpu?.loads ?? [],
    joules: () => gpu?.joules ?? new Map(),
    stop: () => clearInterval(timer),
  };
}
