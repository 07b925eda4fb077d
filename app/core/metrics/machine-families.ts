import type { MetricFamily } from './metric-text.ts';

/** Processor time since the machine started, in any one unit: all of it, and what was idle. */
export interface CpuTimes {
  readonly total: number;
  readonly idle: number;
}

/** Memory of the machine in bytes. */
export interface MachineMemory {
  readonly totalBytes: number;
  readonly usedBytes: number;
}

/** What the machine was doing in the last interval; zeros until one has passed. */
export interface CpuLoad extends MachineMemory {
  /** 0 to 1. */
  readonly utilization: number;
}

/** One GPU; null: the driver does not tell. */
export interface GpuLoad {
  readonly uuid: string;
  /** 0 to 1. */
  readonly utilization: number | null;
  readonly totalBytes: number | null;
  readonly usedBytes: number | null;
  readonly powerWatts: number | null;
  readonly powerLimitWatts: number | null;
}

const UNMEASURED: CpuLoad = { utilization: 0, totalBytes: 0, usedBytes: 0 };

/** The processor times in `/proc/stat`; null if it is none. */
export function readCpuTimes(procStat: string): CpuTimes | null {
  const match = /^cpu +(.+)$/m.exec(procStat);
  if (!match?.[1]) return null;
  const times = match[1].trim().split(/ +/).map(Number);
  const [user = 0, nice = 0, system = 0, idle = 0, ioWait = 0, irq = 0, softIrq = 0, steal = 0] = times;
  return {
    total: user + nice + system + idle + ioWait + irq + softIrq + steal,
    idle: idle + ioWait,
  };
}

/** The memory in `/proc/meminfo`; null if it says too little. Used is what is not available. */
export function readMachineMemory(procMeminfo: string): MachineMemory | null {
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(procMeminfo)?.[1] ?? Number.NaN);
  const totalBytes = kilobytes('MemTotal') * 1024;
  const usedBytes = totalBytes - kilobytes('MemAvailable') * 1024;
  return Number.isFinite(usedBytes) ? { totalBytes, usedBytes: Math.max(0, usedBytes) } : null;
}

/** How busy the processors were between two moments: 0 to 1. */
export function cpuUtilization(before: CpuTimes, after: CpuTimes): number {
  const total = after.total - before.total;
  return total <= 0 ? 0 : Math.min(1, Math.max(0, 1 - (after.idle - before.idle) / total));
}

/** What to ask `nvidia-smi --query-gpu` for, so that {@link readGpuLoads} understands the answer. */
export const GPU_QUERY = 'uuid,utilization.gpu,memory.total,memory.used,power.draw,power.limit';
const MEBIBYTE = 1024 ** 2;

/** Reads the lines of `nvidia-smi --query-gpu=… --format=csv,noheader,nounits`. `[N/A]` and the like become null. */
export function readGpuLoads(csv: string): readonly GpuLoad[] {
  const number = (text: string | undefined): number | null => {
    const value = Number.parseFloat(text ?? '');
    return Number.isNaN(value) ? null : value;
  };
  const scaled = (text: string | undefined, factor: number): number | null => {
    const value = number(text);
    return value === null ? null : value * factor;
  };
  return csv.split('\n').flatMap((line) => {
    const [uuid = '', utilization, total, used, power, limit] = line.split(',').map((text) => text.trim());
    if (!uuid.startsWith('GPU-') && !uuid.startsWith('MIG-')) return [];
    return [
      {
        uuid,
        utilization: scaled(utilization, 0.01),
        totalBytes: scaled(total, MEBIBYTE),
        usedBytes: scaled(used, MEBIBYTE),
        powerWatts: number(power),
        powerLimitWatts: number(limit),
      },
    ];
  });
}

const GPU_GAUGES: readonly (readonly [string, string, (gpu: GpuLoad) => number | null])[] = [
  ['nv_gpu_utilization', 'GPU utilization rate [0.0 - 1.0)', (gpu) => gpu.utilization],
  ['nv_gpu_memory_total_bytes', 'GPU total memory, in bytes', (gpu) => gpu.totalBytes],
  ['nv_gpu_memory_used_bytes', 'GPU used memory, in bytes', (gpu) => gpu.usedBytes],
  ['nv_gpu_power_usage', 'GPU power usage in watts', (gpu) => gpu.powerWatts],
  ['nv_gpu_power_limit', 'GPU power management limit in watts', (gpu) => gpu.powerLimitWatts],
];

const CPU_GAUGES: readonly (readonly [string, string, (cpu: CpuLoad) => number])[] = [
  ['nv_cpu_utilization', 'CPU utilization rate [0.0 - 1.0]', (cpu) => cpu.utilization],
  ['nv_cpu_memory_total_bytes', 'CPU total memory (RAM), in bytes', (cpu) => cpu.totalBytes],
  ['nv_cpu_memory_used_bytes', 'CPU used memory (RAM), in bytes', (cpu) => cpu.usedBytes],
];

/** No memory is pinned here: the pool is empty, as in a Triton without a GPU. */
const PINNED_MEMORY = [
  ['nv_pinned_memory_pool_total_bytes', 'Pinned memory pool total memory size, in bytes'],
  ['nv_pinned_memory_pool_used_bytes', 'Pinned memory pool used memory size, in bytes'],
] as const;

function gpuFamily(
  [name, help, read]: readonly [string, string, (gpu: GpuLoad) => number | null],
  gpus: readonly GpuLoad[],
): MetricFamily {
  const series = gpus.flatMap((gpu) => {
    const value = read(gpu);
    return value === null ? [] : [{ labels: { gpu_uuid: gpu.uuid }, value }];
  });
  return { name, type: 'gauge', help, series };
}

/** The energy counter of the GPUs: joules since this server started, by uuid. */
export function energyCounter(joules: ReadonlyMap<string, number>): MetricFamily {
  return {
    name: 'nv_energy_consumption',
    type: 'counter',
    help: 'GPU energy consumption in joules since the Triton Server started',
    series: [...joules].map(([uuid, value]) => ({ labels: { gpu_uuid: uuid }, value })),
  };
}

/** Gauges of the machine. `cpu` undefined: not wanted; null: not measured yet. */
export function machineGauges(
  cpu: CpuLoad | null | undefined,
  gpus: readonly GpuLoad[],
): readonly MetricFamily[] {
  const cpuGauges = cpu === undefined ? [] : CPU_GAUGES;
  return [
    ...PINNED_MEMORY.map(([name, help]): MetricFamily => ({
      name,
      type: 'gauge',
      help,
      series: [{ labels: {}, value: 0 }],
    })),
    ...GPU_GAUGES.map((spec) => gpuFamily(spec, gpus)),
    ...cpuGauges.map(([name, help, read]): MetricFamily => ({
      name,
      type: 'gauge',
      help,
      series: [{ labels: {}, value: read(cpu ?? UNMEASURED) }],
    })),
  ];
}
