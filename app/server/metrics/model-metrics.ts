import { performance } from 'node:perf_hooks';
import { histogramBounds, LatencyMetrics } from '../../core/metrics/latency-metrics.ts';
import type { Labels } from '../../core/metrics/metric-text.ts';
import type { MetricsConfig } from '../../core/metrics/metrics-config.ts';
import type { MeasuredModel } from '../../core/metrics/model-families.ts';
import { tagLabels } from '../../core/metrics/tag-labels.ts';
import type { ModelStatistics } from '../../core/statistics/model-statistics.ts';
import type { Log } from '../log.ts';
import type { ModelVersion } from '../repository/model-version.ts';

interface Measured {
  readonly version: ModelVersion;
  readonly labels: Labels;
  readonly latencies: LatencyMetrics | null;
}

/** The versions that have series: from the moment they are first ready until they are unavailable. */
export class ModelMetrics {
  readonly #config: MetricsConfig;
  readonly #log: Log;
  readonly #known = new WeakMap<ModelStatistics, Measured>();
  readonly #shown = new Map<string, Measured>();

  constructor(config: MetricsConfig, log: Log) {
    this.#config = config;
    this.#log = log;
  }

  /** A version has another state. Its latencies are observed from before its first run. */
  stateChanged(version: ModelVersion): void {
    const key = `${version.name}/${version.version}`;
    const { state } = version.status;
    const measured = this.#known.get(version.statistics) ?? this.#measure(version);
    if (state === 'READY') this.#shown.set(key, measured);
    if (state === 'UNAVAILABLE' && this.#shown.get(key) === measured) this.#shown.delete(key);
  }

  #measure(version: ModelVersion): Measured {
    const { config, statistics } = version;
    const { labels, refused } = tagLabels(config.metric_tags ?? {});
    for (const key of refused) {
      const text = `metric_tags of model '${version.name}': '${key}' makes no valid label; its metrics go without it`;
      this.#log.write('warning', text);
    }
    const { hasHistograms, hasSummaries } = this.#config;
    const latencies =
      hasHistograms || hasSummaries
        ? new LatencyMetrics(this.#config, histogramBounds(config), () => performance.now())
        : null;
    if (latencies) statistics.observeWith(latencies);
    const own = { model: version.name, version: version.version };
    const measured: Measured = { version, labels: { ...labels, ...own }, latencies };
    this.#known.set(statistics, measured);
    return measured;
  }

  /** What there is to tell now, by name and version. */
  measured(): readonly MeasuredModel[] {
    return [...this.#shown]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([, { version, labels, latencies }]) => ({
        labels,
        hasCache: version.config.response_cache?.enable === true,
        loadSeconds: Math.round(version.loadMilliseconds * 1e6) / 1e9,
        statistics: version.statistics.snapshot(),
        latencies,
      }));
  }
}
