import type { ServerOptions } from './command-line.ts';

type Rows = readonly (readonly string[])[];

/** There are none: what an agent does must not be left out silently, so such models are refused. */
export const REPOSITORY_AGENT_ROWS: Rows = [['Repository Agent', 'Path']];

/** Where Triton has the backend; here it is built in. */
function libraryOf({ backendDirectory }: ServerOptions, backend: string): string {
  return `${backendDirectory}/${backend}/libtriton_${backend}.so`;
}

/** What the command line says to a backend, as Triton hands it over. */
export function backendConfig(options: ServerOptions, backend: string): string {
  const settings = new Map([
    ['auto-complete-config', String(options.autoCompleteConfig)],
    ['backend-directory', options.backendDirectory],
    ['min-compute-capability', options.minComputeCapability.toFixed(6)],
    ['default-max-batch-size', '4'],
  ]);
  for (const isNamed of [false, true]) {
    for (const { name, setting, value } of options.backendSettings) {
      if (isNamed ? name === backend : name === '') settings.set(setting, value);
    }
  }
  return JSON.stringify({ cmdline: Object.fromEntries(settings) });
}

/** ONNX Runtime's backend does not start with a batch size that is no number. */
function startsBackend({ defaultMaxBatchSize }: ServerOptions, backend: string): boolean {
  return backend !== 'onnxruntime' || !Number.isNaN(Number.parseInt(defaultMaxBatchSize ?? '0', 10));
}

/** The backends that models use and that started, with the settings that the command line gave them. */
export function backendRows(options: ServerOptions, backends: Iterable<string>): Rows {
  const rows = [...new Set(backends)]
    .filter((backend) => backend !== '' && startsBackend(options, backend))
    .sort()
    .map((backend) => [backend, libraryOf(options, backend), backendConfig(options, backend)]);
  return [['Backend', 'Path', 'Config'], ...rows];
}

function resourceRows({ rateLimitResources }: ServerOptions): Rows {
  const devices = new Map<string, Record<string, number>>();
  for (const { name, count, device } of rateLimitResources) {
    const key = device === null ? 'device_all' : `device_${device}`;
    devices.set(key, { ...devices.get(key), [name]: count });
  }
  return [...devices].map(([device, counts]) => [`rate_limit_resource[${device}]`, JSON.stringify(counts)]);
}

/** What the server was started with, as Triton lists it. */
export function optionRows(
  options: ServerOptions,
  server: { readonly version: string; readonly extensions: readonly string[]; readonly hasCache: boolean },
): Rows {
  return [
    ['Option', 'Value'],
    ['server_id', options.serverId],
    ['server_version', server.version],
    ['server_extensions', server.extensions.join(' ')],
    ...options.modelRepositories.map((path, index) => [`model_repository_path[${index}]`, path]),
    ['model_control_mode', `MODE_${options.modelControlMode.toUpperCase()}`],
    ...options.startupModels.map((name, index) => [`startup_models_${index}`, name]),
    ['strict_model_config', options.autoCompleteConfig ? '0' : '1'],
    ['model_config_name', options.modelConfigName],
    ['rate_limit', options.rateLimit === 'off' ? 'OFF' : 'EXEC_COUNT'],
    ...resourceRows(options),
    ['pinned_memory_pool_byte_size', String(Math.max(0, options.pinnedMemoryPoolBytes))],
    ['min_supported_compute_capability', options.minComputeCapability.toFixed(1)],
    ['strict_readiness', options.strictReadiness ? '1' : '0'],
    ['exit_timeout', String(options.exitTimeoutSeconds)],
    ['cache_enabled', server.hasCache ? '1' : '0'],
  ];
}
