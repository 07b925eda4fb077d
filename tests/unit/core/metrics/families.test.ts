import { expect, test } from 'vitest';
import { histogramBounds, LatencyMetrics } from '../../../../app/core/metrics/latency-metrics.ts';
import {
  cpuUtilization,
  energyCounter,
  machineGauges,
  readCpuTimes,
  readGpuLoads,
  readMachineMemory,
} from '../../../../app/core/metrics/machine-families.ts';
import { printMetrics } from '../../../../app/core/metrics/metric-text.ts';
import { readMetricsConfig } from '../../../../app/core/metrics/metrics-config.ts';
import { modelFamilies } from '../../../../app/core/metrics/model-families.ts';
import { ModelStatistics } from '../../../../app/core/statistics/model-statistics.ts';

const REQUEST = {
  requestNs: 679_400,
  queueNs: 38_900,
  computeInputNs: 25_000,
  computeInferNs: 219_000,
  computeOutputNs: 14_000,
  batchSize: 1,
};

function scrapeOf(flags: readonly string[], bounds: readonly number[] = histogramBounds({})): string {
  const { config } = readMetricsConfig(flags);
  const statistics = new ModelStatistics();
  const latencies = new LatencyMetrics(config, bounds, () => 0);
  statistics.observeWith(latencies);
  statistics.addExecution(1, REQUEST, 1);
  statistics.addSuccess(REQUEST);
  const labels = { model: 'simple', version: '1' };
  const model = { labels, hasCache: false, loadSeconds: 0.5, statistics: statistics.snapshot(), latencies };
  const { counters, gauges, latencies: others } = modelFamilies([model], config);
  return printMetrics([...counters, ...gauges, ...others]);
}

const linesOf = (text: string, name: string) => text.split('\n').filter((line) => line.startsWith(name));

test('the histogram counts whole milliseconds in Triton’s buckets', () => {
  const name = 'nv_inference_first_response_histogram_ms';
  expect(linesOf(scrapeOf(['histogram_latencies=true']), name)).toEqual([
    `${name}_count{model="simple",version="1"} 1`,
    `${name}_sum{model="simple",version="1"} 0`,
    ...['100', '500', '2000', '5000', '+Inf'].map(
      (bound) => `${name}_bucket{model="simple",version="1",le="${bound}"} 1`,
    ),
  ]);
});

test('a model has its own buckets by model_metrics; ones that do not rise are not taken', () => {
  const configOf = (buckets: readonly number[]) => ({
    model_metrics: {
      metric_control: [
        {
          metric_identifier: { family: 'nv_inference_first_response_histogram_ms' },
          histogram_options: { buckets },
        },
      ],
    },
  });
  expect(histogramBounds(configOf([-1, 0, 1, 2.5]))).toEqual([-1, 0, 1, 2.5]);
  expect(histogramBounds(configOf([5, 1]))).toEqual([100, 500, 2000, 5000]);
  expect(histogramBounds(configOf([]))).toEqual([100, 500, 2000, 5000]);
});

test('summaries give count, sum and quantiles in whole microseconds', () => {
  const text = scrapeOf(['summary_latencies=true', 'summary_quantiles=0.5:0.05,0.9:0.01']);
  const name = 'nv_inference_request_summary_us';
  expect(linesOf(text, name)).toEqual([
    `${name}_count{model="simple",version="1"} 1`,
    `${name}_sum{model="simple",version="1"} 679`,
    `${name}{model="simple",version="1",quantile="0.5"} 679`,
    `${name}{model="simple",version="1",quantile="0.9"} 679`,
  ]);
});

test('without counter_latencies the durations go, and the counters stay at 0 as in Triton', () => {
  const text = scrapeOf(['counter_latencies=false']);
  expect(text).not.toContain('duration_us');
  expect(linesOf(text, 'nv_inference_request_success')).toEqual([
    'nv_inference_request_success{model="simple",version="1"} 0',
  ]);
});

test('processor and memory are read from /proc, and are 0 before the first interval', () => {
  const before = readCpuTimes('cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 1 1 1\n');
  const after = readCpuTimes('cpu  150 0 150 900 0 0 0 0 0 0\n');
  expect(before && after && cpuUtilization(before, after)).toBe(0.5);
  expect(before && cpuUtilization(before, before)).toBe(0);
  expect(readMachineMemory('MemTotal:  100 kB\nMemFree: 1 kB\nMemAvailable:   40 kB\n')).toEqual({
    totalBytes: 102_400,
    usedBytes: 61_440,
  });
  expect(readMachineMemory('')).toBeNull();
  expect(readCpuTimes('nothing')).toBeNull();
  expect(linesOf(printMetrics(machineGauges(null, [])), 'nv_cpu')).toEqual([
    'nv_cpu_utilization 0',
    'nv_cpu_memory_total_bytes 0',
    'nv_cpu_memory_used_bytes 0',
  ]);
  expect(printMetrics(machineGauges(undefined, []))).not.toContain('nv_cpu');
});

test('GPUs are read from nvidia-smi; what the driver does not tell has no series', () => {
  const gpus = readGpuLoads(
    'GPU-1234, 37, 15109, 3, 70.5, 300.00\nGPU-5678, [N/A], 100, 1, [N/A], [N/A]\nfailed\n',
  );
  const joules = new Map([['GPU-1234', 70.5]]);
  const text = printMetrics([energyCounter(joules), ...machineGauges(undefined, gpus)]);
  expect(linesOf(text, 'nv_gpu_utilization')).toEqual(['nv_gpu_utilization{gpu_uuid="GPU-1234"} 0.37']);
  expect(linesOf(text, 'nv_gpu_memory_total_bytes')).toEqual([
    'nv_gpu_memory_total_bytes{gpu_uuid="GPU-1234"} 15842934784',
    'nv_gpu_memory_total_bytes{gpu_uuid="GPU-5678"} 104857600',
  ]);
  expect(linesOf(text, 'nv_energy_consumption')).toEqual(['nv_energy_consumption{gpu_uuid="GPU-1234"} 70.5']);
});
