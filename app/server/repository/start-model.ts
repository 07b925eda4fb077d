import { printStatus } from '../../core/open-inference/error-body.ts';
import { instanceCount } from '../../core/model-config/complete-config.ts';
import type { ResponseCache } from '../../core/scheduling/response-cache.ts';
import { ModelStatistics } from '../../core/statistics/model-statistics.ts';
import { unknownMetricFamilies } from '../../core/metrics/latency-metrics.ts';
import { StatusError, statusOf } from '../../core/status.ts';
import type { ServerOptions } from '../command-line.ts';
import { EnsembleVersion } from '../ensembles/ensemble-version.ts';
import type { FindVersion } from '../ensembles/run-ensemble.ts';
import type { Log } from '../log.ts';
import type { BackendLines } from './backend-lines.ts';
import { InstanceFailure } from './instance-failure.ts';
import type { ModelVersion, VersionObserver } from './model-version.ts';
import type { PreparedModel } from './prepare-model.ts';
import { prepareEnsemble } from './prepare-ensemble.ts';
import { prepareVersion } from './prepare-version.ts';
import { ServedVersion, type VersionMachinery } from './served-version.ts';

/** What the repository needs from the server. */
export interface RepositoryEnvironment {
  readonly options: ServerOptions;
  readonly engines: VersionMachinery;
  readonly log: Log;
  readonly backendLines: BackendLines;
  readonly gpuCount: number;
  /** Null: the server was started without one. */
  readonly responseCache: ResponseCache | null;
  readonly observer: VersionObserver;
  /** The version of another model, for the steps of ensembles. */
  readonly findVersion: FindVersion;
  /** A version got a state without having been started, or a model could not even be polled. */
  readonly versionFailed: (name: string, version: string | null, reason: string) => void;
}

/** What became of the start of one version: `reason` is null if it is ready. */
export interface StartedVersion {
  readonly version: string;
  readonly served: ModelVersion | null;
  readonly reason: string | null;
}

async function prepare(
  environment: RepositoryEnvironment,
  model: PreparedModel,
  version: string,
  statistics: ModelStatistics,
): Promise<{ readonly served: ModelVersion; readonly warnings: readonly string[] }> {
  const { options, engines, gpuCount, observer, findVersion, responseCache } = environment;
  if (model.polled.ensemble_scheduling) {
    const prepared = await prepareEnsemble(model, (name) => findVersion(name, null).config);
    const ensemble = new EnsembleVersion(version, prepared, { findVersion, observer, responseCache });
    return { served: ensemble, warnings: [] };
  }
  const prepared = await prepareVersion(model, version, {
    gpuCount,
    autoComplete: options.autoCompleteConfig,
    defaultMaxBatchSize: options.defaultMaxBatchSize,
    backendDirectory: options.backendDirectory,
    resourceLimits: options.rateLimit === 'off' ? [] : options.rateLimitResources,
  });
  const served = new ServedVersion(version, prepared, engines, observer, options.runTimeoutSeconds, {
    statistics,
    responseCache,
  });
  // Triton's backend opens the model before it completes its config: a model that cannot be opened gets no warning.
  return { served, warnings: prepared.warnings };
}

/** What our checks find early and Triton finds when it creates the instances. */
const FOUND_BY_INSTANCES = /^(?:Resource count|unknown Execution Accelerator)/;

/** Triton opens a model once more to complete its config; what fails after that fails in an instance. */
function failsInInstances({ options }: RepositoryEnvironment, { polled }: PreparedModel): boolean {
  const isComplete = Boolean(polled.input?.length && polled.output?.length);
  return !polled.ensemble_scheduling && (isComplete || !options.autoCompleteConfig);
}

/**
 * Starts one version; tries as often as `--model-load-retry-count` allows. Never rejects.
 * @param statistics those of the version that it continues, if it does.
 */
export async function startVersion(
  environment: RepositoryEnvironment,
  model: PreparedModel,
  version: string,
  statistics = new ModelStatistics(),
): Promise<StartedVersion> {
  const { options, log, backendLines, versionFailed } = environment;
  log.write('info', `loading: ${model.name}:${version}`);
  backendLines.modelInitializing(model, version);
  for (let attempt = 0; ; attempt += 1) {
    let served: ModelVersion | null = null;
    try {
      const prepared = await prepare(environment, model, version, statistics);
      served = prepared.served;
      await served.start();
      for (const warning of [...prepared.warnings, ...unknownMetricFamilies(model.polled)])
        log.write('warning', warning);
      backendLines.instancesInitializing(served.config);
      return { version, served, reason: null };
    } catch (cause) {
      if (attempt < options.modelLoadRetryCount) continue;
      const reason = printStatus(statusOf(cause));
      const { message } = statusOf(cause);
      const isOfInstance = served
        ? failsInInstances(environment, model)
        : cause instanceof InstanceFailure || FOUND_BY_INSTANCES.test(message);
      const failures = isOfInstance ? instanceCount(model.polled, environment.gpuCount) : 0;
      for (let instance = 0; instance < failures; instance += 1)
        log.write('error', `ERROR: Failed to create instance: ${message}`);
      log.write('error', `failed to load '${model.name}' version ${version}: ${reason}`);
      if (served) served.fail(reason);
      else versionFailed(model.name, version, reason);
      return { version, served, reason };
    }
  }
}

/** What a load request is told when versions did not start. */
export function loadFailure(name: string, started: readonly StartedVersion[]): StatusError {
  const reasons = started.map(({ version, reason }) =>
    reason === null ? '' : `version ${version} is at UNAVAILABLE state: ${reason};\n`,
  );
  return new StatusError('invalid-argument', `load failed for model '${name}': ${reasons.join('')}`);
}
