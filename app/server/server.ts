import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { setTimeout as startTimer } from 'node:timers';
import { printStatus } from '../core/open-inference/error-body.ts';
import type { ServedEndpoint, ServerEvent } from '../core/server-events/server-event.ts';
import { StatusError, statusOf } from '../core/status.ts';
import type { ServerOptions } from './command-line.ts';
import { openEngineDoor, type EngineDoor } from './engine/engine-door.ts';
import { openGrpcEndpoint, type GrpcEndpoint } from './grpc/grpc-endpoint.ts';
import type { ServerContext } from './http/handle-request.ts';
import { openHttpEndpoint, type HttpEndpoint } from './http/http-endpoint.ts';
import type { ParentPort } from './launch/parent-port.ts';
import { forkLauncher, parentLauncher, type ProcessLauncher } from './launch/process-launcher.ts';
import { openLog, type Log } from './log.ts';
import { monitorMachine, type MachineMonitor } from './metrics/machine-monitor.ts';
import { openMetricsEndpoint, type MetricsEndpoint } from './metrics/metrics-endpoint.ts';
import { ModelMetrics } from './metrics/model-metrics.ts';
import { openPort, type WantedPort } from './open-port.ts';
import { BackendLines } from './repository/backend-lines.ts';
import { ModelRepository } from './repository/model-repository.ts';
import type { ModelVersion, VersionObserver } from './repository/model-version.ts';
import { RateLimitGate } from './scheduling/rate-limit-gate.ts';
import { batchRequests } from './request-batcher.ts';
import type { ResponseCache } from '../core/scheduling/response-cache.ts';
import { CACHE_DIRECTORY, openResponseCache } from './response-cache/open-response-cache.ts';
import { Tracing } from './trace/tracing.ts';
import { SERVER_EXTENSIONS, TRITON_VERSION } from './server-metadata.ts';
import { SharedMemoryRegions } from './shared-memory/shared-memory-regions.ts';
import { backendRows, optionRows, REPOSITORY_AGENT_ROWS } from './startup-tables.ts';

/** Whether every request in flight was answered before the exit timeout. */
type DrainResult = 'complete' | 'expired';

/** What Triton's gRPC service counts of its own where nobody is connected. */
const GRPC_HANDLERS = 3;

/** A running server. */
export interface RunningServer {
  /** Ready becomes false at once; requests in flight are answered until the exit timeout; then everything ends. */
  drain(): Promise<DrainResult>;
}

async function countGpus(): Promise<number> {
  const cards = await readdir('/proc/driver/nvidia/gpus').catch(() => []);
  return cards.length;
}

function observe(
  emit: (event: ServerEvent) => void,
  log: Log,
  metrics: ModelMetrics | null,
): VersionObserver {
  return {
    stateChanged: (version) => {
      metrics?.stateChanged(version);
      emit(stateEvent(version));
    },
    engineDied: ({ name, version }, { signal, code }, reason, restartInMilliseconds) => {
      const next =
        restartInMilliseconds === null ? 'not started again' : `started again in ${restartInMilliseconds} ms`;
      log.write('error', `${reason}; ${next}`);
      emit({ kind: 'engine-died', model: name, version, signal, code, reason, restartInMilliseconds });
    },
    warned: (text) => log.write('warning', text),
  };
}

function stateEvent(served: ModelVersion): ServerEvent {
  const { status, engine } = served;
  return {
    kind: 'model-state',
    model: served.name,
    version: served.version,
    state: status.state,
    ...(status.reason === '' ? {} : { reason: status.reason }),
    ...(!engine && status.state === 'READY' ? { instanceCount: 0 } : {}),
    ...(engine && status.state === 'READY'
      ? {
          loadMilliseconds: Math.round(served.loadMilliseconds),
          executionProvider: engine.provider,
          ...(engine.providerReason === null ? {} : { executionProviderReason: engine.providerReason }),
          instanceCount: engine.instanceCount,
          threadsPerInstance: engine.threadsPerInstance,
          enginePid: engine.pid,
        }
      : {}),
  };
}

function rateLimitGate({ rateLimit, rateLimitResources }: ServerOptions): RateLimitGate | null {
  return rateLimit === 'execution_count' ? new RateLimitGate(rateLimitResources) : null;
}

class Server implements RunningServer {
  readonly #options: ServerOptions;
  readonly #log: Log;
  readonly #emit: (event: ServerEvent) => void;
  readonly #door: EngineDoor;
  readonly #repository: ModelRepository;
  readonly #backendLines: BackendLines;
  readonly #records: ReturnType<typeof batchRequests>;
  readonly #regions: SharedMemoryRegions;
  readonly #tracing: Tracing;
  readonly #modelMetrics: ModelMetrics | null;
  readonly #gpuCount: number;
  #http: HttpEndpoint | null = null;
  #grpc: GrpcEndpoint | null = null;
  #metrics: MetricsEndpoint | null = null;
  #machine: MachineMonitor | null = null;
  #isExiting = false;
  #isStarted = false;
  #pollTimer: NodeJS.Timeout | null = null;

  constructor(parts: {
    options: ServerOptions;
    log: Log;
    emit: (event: ServerEvent) => void;
    door: EngineDoor;
    launcher: ProcessLauncher;
    gpuCount: number;
  }) {
    const { options, log, emit, door, launcher, gpuCount } = parts;
    this.#options = options;
    this.#log = log;
    this.#emit = emit;
    this.#door = door;
    this.#tracing = new Tracing(options.trace, (text) => log.write('error', text));
    this.#regions = new SharedMemoryRegions(options.allowClientSharedMemory);
    this.#records = batchRequests((records) => emit({ kind: 'requests', records }));
    this.#gpuCount = gpuCount;
    this.#modelMetrics = options.metrics.isAllowed ? new ModelMetrics(options.metrics.config, log) : null;
    this.#backendLines = new BackendLines(options, log);
    this.#repository = new ModelRepository({
      options,
      engines: { door, launcher, gate: rateLimitGate(options) },
      log,
      backendLines: this.#backendLines,
      gpuCount,
      responseCache: this.#openCache(),
      observer: observe(emit, log, this.#modelMetrics),
      versionFailed: (model, version, reason) =>
        emit(
          version === null
            ? { kind: 'model-failed', model, reason }
            : { kind: 'model-state', model, version, state: 'UNAVAILABLE', reason },
        ),
    });
  }

  /** @throws StatusError in Triton's words, of which its log has a word more. */
  #openCache(): ResponseCache | null {
    const { cacheSettings } = this.#options;
    const isLocal = cacheSettings[0]?.name === 'local';
    if (isLocal) {
      const settings = JSON.stringify(
        Object.fromEntries(cacheSettings.map(({ setting, value }) => [setting, value])),
      );
      const library = `${CACHE_DIRECTORY}/local/libtritoncache_local.so`;
      this.#log.write(
        'info',
        `Creating TritonCache with name: 'local', libpath: '${library}', cache_config: '${settings}'`,
      );
      this.#log.write('info', `Initializing LocalCache with config: ${settings}`);
    }
    try {
      return openResponseCache(cacheSettings);
    } catch (cause) {
      if (isLocal) this.#log.write('error', 'cache implementation handle is nullptr');
      this.#logOptions(false);
      throw this.#withoutContext(cause);
    }
  }

  async start(): Promise<void> {
    const { options } = this;
    const context: ServerContext = {
      options,
      repository: this.#repository,
      log: this.#log,
      regions: this.#regions,
      tracing: this.#tracing,
      record: (record) => this.#records.add(record),
      isExiting: () => this.#isExiting,
      isStarted: () => this.#isStarted,
    };
    if (options.modelRepositories.length === 0) {
      this.#logOptions();
      throw this.#withoutContext(new StatusError('invalid-argument', '--model-repository must be specified'));
    }
    // The ports first: a host learns at once where it will be answered, and `live` holds while models load.
    await this.#openPorts(context);
    await this.#loadModels();
    this.#isStarted = true;
    for (const [name, endpoint] of [
      ['GRPCInferenceService', this.#grpc],
      ['HTTPService', this.#http],
      ['Metrics Service', this.#metrics],
    ] as const) {
      if (endpoint) this.#log.write('info', `Started ${name} at ${endpoint.address}:${endpoint.port}`);
    }
    const isPolling = options.modelControlMode === 'poll' && options.repositoryPollSeconds > 0;
    if (isPolling) this.#pollLater();
  }

  /** Loads what is to be loaded, with the tables that tritonserver writes, whatever becomes of it. */
  async #loadModels(): Promise<void> {
    const failures = await this.#repository.loadAtStartup().catch((cause: unknown) => {
      this.#logOptions();
      throw this.#withoutContext(cause);
    });
    await this.#logModels();
    this.#logOptions();
    await this.#reportFailures(failures);
  }

  #withoutContext<Cause>(cause: Cause): Cause {
    this.#log.write('info', 'No server context available. Exiting immediately.');
    return cause;
  }

  async #openPorts(context: ServerContext): Promise<void> {
    const { options } = this;
    const wish = { takesNextFreePort: options.takesNextFreePort, log: this.#log, emit: this.#emit };
    const endpoints: ServedEndpoint[] = [];
    if (options.allowHttp) {
      const { httpAddress: address, httpPort: port } = options;
      const open = (taken: number): Promise<HttpEndpoint> => openHttpEndpoint(context, address, taken);
      this.#http = await openPort({ ...wish, address, port }, open);
      endpoints.push({ protocol: 'http', address, port: this.#http.port });
    }
    if (options.grpc.isAllowed) {
      const { address, port } = options.grpc;
      const open = (taken: number): Promise<GrpcEndpoint> => openGrpcEndpoint(context, address, taken);
      this.#grpc = await openPort({ ...wish, address, port }, open);
      endpoints.push({ protocol: 'grpc', address, port: this.#grpc.port });
    }
    if (this.#modelMetrics) {
      this.#metrics = await this.#openMetrics(wish, this.#modelMetrics);
      endpoints.push({ protocol: 'metrics', address: options.metrics.address, port: this.#metrics.port });
    }
    this.#emit({ kind: 'listening', endpoints });
  }

  async #openMetrics(
    wish: Pick<WantedPort, 'takesNextFreePort' | 'log' | 'emit'>,
    models: ModelMetrics,
  ): Promise<MetricsEndpoint> {
    const { address, port, intervalMilliseconds, hasCpu, hasGpu, ...metrics } = this.options.metrics;
    for (const mistake of metrics.mistakes) this.#log.write('error', mistake);
    const machine = monitorMachine({ intervalMilliseconds, cpu: hasCpu, gpu: hasGpu && this.#gpuCount > 0 });
    this.#machine = machine;
    const { allowedHosts } = this.options;
    const sources = { config: metrics.config, models, machine, allowedHosts };
    return openPort({ ...wish, address, port }, (taken) => openMetricsEndpoint(sources, address, taken));
  }

  get options(): ServerOptions {
    return this.#options;
  }

  async #reportFailures(failures: readonly StatusError[]): Promise<void> {
    if (failures.length === 0) return;
    const { exitOnError, modelControlMode, startupModels } = this.#options;
    const isNamed = modelControlMode === 'explicit' && (startupModels.length > 1 || startupModels[0] !== '*');
    const refused = failures.filter(({ code }) => code === 'invalid-argument');
    const cause =
      isNamed && refused.length > 0
        ? new StatusError('invalid-argument', refused.map(({ message }) => message).join(''))
        : new StatusError('internal', 'failed to load all models');
    if (exitOnError) {
      await this.#closeRepository();
      throw cause;
    }
    this.#log.write('error', printStatus(cause));
  }

  async #logModels(): Promise<void> {
    const rows = await this.#repository.startupTable();
    this.#log.writeTable(REPOSITORY_AGENT_ROWS);
    this.#log.writeTable(backendRows(this.#options, this.#backends()));
    this.#log.writeTable([['Model', 'Version', 'Status'], ...rows]);
  }

  /** Every version that has something behind it, ready or not. */
  #served(): readonly ModelVersion[] {
    const { models } = this.#repository;
    return models
      .names()
      .flatMap((name) => models.versionsOf(name).flatMap(([, { served }]) => served ?? []));
  }

  /** Of every model that was tried: its backend is there even where the model is not. */
  #backends(): readonly string[] {
    const { models } = this.#repository;
    return models.names().flatMap((name) => models.get(name)?.source?.config.backend ?? []);
  }

  #logOptions(hasCache = this.#options.cacheSettings.length > 0): void {
    const { isAllowed, hasCpu } = this.#options.metrics;
    if (isAllowed && hasCpu) this.#log.write('info', 'Collecting CPU metrics');
    this.#log.writeTable(
      optionRows(this.#options, { version: TRITON_VERSION, extensions: SERVER_EXTENSIONS, hasCache }),
    );
  }

  #pollLater(): void {
    this.#pollTimer = startTimer(() => {
      void this.#repository
        .poll()
        .catch((cause: unknown) => this.#log.write('error', `poll failed: ${statusOf(cause).message}`))
        .finally(() => this.#isExiting || this.#pollLater());
    }, this.#options.repositoryPollSeconds * 1000);
  }

  async drain(): Promise<DrainResult> {
    if (this.#isExiting) return 'complete';
    this.#isExiting = true;
    if (this.#pollTimer) clearTimeout(this.#pollTimer);
    if (this.#grpc && this.#isStarted) {
      const count = this.#grpc.connectionCount + GRPC_HANDLERS;
      this.#log.write(
        'info',
        `Timeout ${this.#options.exitTimeoutSeconds}: Found ${count} gRPC service connections and inference handlers`,
      );
    }
    // What never served has nothing to say of its end.
    const result = this.#isStarted ? await this.#closeRepository() : await this.#abandonRepository();
    this.#http?.stopAccepting();
    this.#grpc?.stopAccepting();
    this.#machine?.stop();
    this.#records.flush();
    await new Promise((resolve) => setImmediate(resolve));
    this.#http?.close();
    this.#regions.close();
    await this.#tracing.close();
    this.#grpc?.close();
    this.#metrics?.close();
    await this.#door.close();
    return result;
  }

  /** Returns how many there are. */
  #logLiveModels(secondsLeft: number): number {
    const live = this.#served().filter(({ status }) => status.state !== 'UNAVAILABLE');
    const count = new Set(live.map(({ name }) => name)).size;
    const requests = `${count} live models and 0 in-flight non-inference requests`;
    this.#log.write('info', `Timeout ${secondsLeft}: Found ${requests}`);
    return count;
  }

  async #abandonRepository(): Promise<DrainResult> {
    await this.#repository.close(0, () => undefined);
    return 'complete';
  }

  /** Answers what is in flight, and says every second what is waited for. */
  async #closeRepository(): Promise<DrainResult> {
    const { exitTimeoutSeconds } = this.#options;
    let secondsLeft = exitTimeoutSeconds;
    let isExpired = false;
    let liveModels: number | null = null;
    const report = (): void => {
      const busy = this.#served().filter(({ inFlight }) => inFlight > 0);
      this.#log.write(
        'info',
        `Timeout ${secondsLeft}: Found ${busy.length} model versions that have in-flight inferences`,
      );
      for (const { name, version, inFlight } of busy) {
        this.#log.write('info', `Model '${name}' (version ${version}) has ${inFlight} in-flight inferences`);
      }
      if (secondsLeft <= 0 && busy.length > 0) isExpired = true;
      secondsLeft -= 1;
      if (busy.length === 0) sayIdle();
    };
    const sayIdle = (): void => {
      if (liveModels !== null) return;
      this.#log.write('info', 'All models are stopped, unloading models');
      liveModels = this.#logLiveModels(secondsLeft);
    };
    this.#log.write('info', 'Waiting for in-flight requests to complete.');
    report();
    const ticker = setInterval(report, 1000);
    await this.#repository
      .close(exitTimeoutSeconds * 1000, (version) => this.#backendLines.unloaded(version))
      .finally(() => clearInterval(ticker));
    sayIdle();
    if (liveModels !== 0) this.#logLiveModels(secondsLeft);
    this.#backendLines.backendsFinalized();
    if (!isExpired) return 'complete';
    this.#log.write('error', 'failed to stop server: Internal - Exit timeout expired. Exiting immediately.');
    return 'expired';
  }
}

/** Starts the server. Rejects with a StatusError if it cannot run; then nothing is left behind. */
export async function startServer(
  options: ServerOptions,
  notes: readonly string[],
  port: ParentPort | null,
): Promise<RunningServer> {
  const emit = (event: ServerEvent): void => port?.post(event);
  const log = openLog(options, (level, text) => emit({ kind: 'log', level, text }));
  for (const note of notes) log.write('info', note);
  const door = await openEngineDoor();
  const launcher =
    options.launcher === 'parent' && port
      ? parentLauncher(port, randomUUID)
      : forkLauncher((text) => log.write('verbose', `engine: ${text.trimEnd()}`));
  const server = new Server({ options, log, emit, door, launcher, gpuCount: await countGpus() });
  try {
    await server.start();
    return server;
  } catch (cause) {
    await server.drain();
    throw cause;
  }
}
