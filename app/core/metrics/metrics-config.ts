import type { SummaryQuantile } from './sliding-quantiles.ts';

/** What `--metrics-config` chose. */
export interface MetricsConfig {
  /** `counter_latencies`: cumulative durations. */
  readonly hasCounters: boolean;
  /** `histogram_latencies`. */
  readonly hasHistograms: boolean;
  /** `summary_latencies`. */
  readonly hasSummaries: boolean;
  /** `summary_quantiles`, in the order given. */
  readonly quantiles: readonly SummaryQuantile[];
}

const DEFAULT_QUANTILES: readonly SummaryQuantile[] = [
  { quantile: 0.5, error: 0.05 },
  { quantile: 0.9, error: 0.01 },
  { quantile: 0.95, error: 0.001 },
  { quantile: 0.99, error: 0.001 },
  { quantile: 0.999, error: 0.001 },
];

const isFraction = (value: number): boolean => value >= 0 && value <= 1;

function readQuantile(pair: string): SummaryQuantile | string {
  const at = pair.indexOf(':');
  if (at < 0) {
    return `Invalid option: [${pair}]. No ':' delimiter found. Expected format is <quantile>:<error>`;
  }
  const quantile = Number.parseFloat(pair.slice(0, at));
  const error = Number.parseFloat(pair.slice(at + 1));
  if (Number.isNaN(quantile) || Number.isNaN(error)) return `Invalid option: [${pair}]. Error: stod`;
  return isFraction(quantile) && isFraction(error)
    ? { quantile, error }
    : `Invalid option: [${pair}]. Quantile and error are fractions between 0 and 1`;
}

/**
 * Reads the values of `--metrics-config` (`<setting>=<value>`). Unknown settings, and words other than true and false,
 * say nothing (as in Triton); a quantile that cannot be read is left out, and why is among the `mistakes`.
 */
export function readMetricsConfig(values: readonly string[]): {
  readonly config: MetricsConfig;
  readonly mistakes: readonly string[];
} {
  const settings = new Map(
    values.map((text) => {
      const at = text.indexOf('=');
      return at < 0 ? ([text, ''] as const) : ([text.slice(0, at), text.slice(at + 1)] as const);
    }),
  );
  const pairs = settings.get('summary_quantiles')?.split(',').map(readQuantile) ?? [];
  const quantiles = pairs.filter((pair) => typeof pair !== 'string');
  return {
    config: {
      hasCounters: settings.get('counter_latencies') !== 'false',
      hasHistograms: settings.get('histogram_latencies') === 'true',
      hasSummaries: settings.get('summary_latencies') === 'true',
      quantiles: quantiles.length > 0 ? quantiles : DEFAULT_QUANTILES,
    },
    mistakes: pairs.filter((pair) => typeof pair === 'string'),
  };
}
