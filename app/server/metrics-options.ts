import { readMetricsConfig, type MetricsConfig } from '../core/metrics/metrics-config.ts';
import type { FlagName } from './command-line-flags.ts';
import { readFloat } from './flag-values.ts';

/** How the metrics port is served (`--metrics-…`). */
export interface MetricsOptions {
  readonly isAllowed: boolean;
  readonly address: string;
  readonly port: number;
  readonly hasCpu: boolean;
  readonly hasGpu: boolean;
  readonly intervalMilliseconds: number;
  readonly config: MetricsConfig;
  /** What of `--metrics-config` could not be read. */
  readonly mistakes: readonly string[];
}

/** The flags as they were given. */
export interface GivenMetricsFlags {
  readonly all: (name: FlagName) => readonly string[];
  readonly last: (name: FlagName, fallback: string) => string;
  readonly boolean: (name: FlagName, fallback: boolean) => boolean;
  readonly integer: (name: FlagName, fallback: number) => number;
}

const SHORTEST_INTERVAL_MILLISECONDS = 100;

/** What the flags of the metrics port mean. */
export function readMetricsOptions(given: GivenMetricsFlags): MetricsOptions {
  const { all, last, boolean, integer } = given;
  return {
    isAllowed: boolean('allow-metrics', true),
    address: last('metrics-address', last('http-address', '127.0.0.1')),
    port: integer('metrics-port', 8002),
    hasCpu: boolean('allow-cpu-metrics', true),
    hasGpu: boolean('allow-gpu-metrics', true),
    intervalMilliseconds: Math.max(
      SHORTEST_INTERVAL_MILLISECONDS,
      readFloat(last('metrics-interval-ms', '2000')),
    ),
    ...readMetricsConfig(all('metrics-config')),
  };
}
