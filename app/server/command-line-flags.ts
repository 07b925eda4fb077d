/** What a flag's value is. `flag` takes none. */
export type FlagValue = 'string' | 'integer' | 'float' | 'boolean' | 'flag';

/** What the embedded server does with a flag of tritonserver. */
export type FlagEffect =
  | { readonly kind: 'honoured' }
  /** Accepted and named once in the log, because it has no effect here. */
  | { readonly kind: 'noted'; readonly why: string }
  /** The server does not start with it. */
  | { readonly kind: 'refused'; readonly why: string }
  /** A tritonserver that was built without it does not know it either. */
  | { readonly kind: 'unknown'; readonly why: string };

export interface Flag {
  readonly group: string;
  readonly value: FlagValue;
  readonly effect: FlagEffect;
  readonly help: string;
}

const honoured: FlagEffect = { kind: 'honoured' };
const noted = (why: string): FlagEffect => ({ kind: 'noted', why });

const CUDA_MEMORY = noted('the runtime manages device memory itself');
const NO_LIBRARIES = noted('backends are built in; no libraries are loaded');
const NO_PLATFORM: FlagEffect = {
  kind: 'unknown',
  why: 'this server is built without the endpoints of SageMaker and Vertex AI',
};

const flag = (group: string, value: FlagValue, effect: FlagEffect, help: string): Flag => ({
  group,
  value,
  effect,
  help,
});

/** Every flag of tritonserver, then our own (`--conch-…`), in the order of `--help`. */
export const FLAGS = {
  help: flag('', 'flag', honoured, 'Print usage'),
  id: flag('Server', 'string', honoured, 'Identifier for this server. Default is triton.'),
  'exit-timeout-secs': flag(
    'Server',
    'integer',
    honoured,
    'Seconds to wait for in-flight inferences when exiting. Default is 30.',
  ),
  'log-verbose': flag('Logging', 'integer', honoured, 'Verbose logging level. Default is 0, off.'),
  'log-info': flag('Logging', 'boolean', honoured, 'Enable or disable info-level logging.'),
  'log-warning': flag('Logging', 'boolean', honoured, 'Enable or disable warning-level logging.'),
  'log-error': flag('Logging', 'boolean', honoured, 'Enable or disable error-level logging.'),
  'log-format': flag('Logging', 'string', honoured, '"default" or "ISO8601".'),
  'log-file': flag('Logging', 'string', honoured, 'Write the log to this file instead of the console.'),
  'model-store': flag('Model Repository', 'string', honoured, 'Equivalent to --model-repository.'),
  'model-repository': flag(
    'Model Repository',
    'string',
    honoured,
    'Path to a model repository directory. May be given several times.',
  ),
  'exit-on-error': flag(
    'Model Repository',
    'boolean',
    honoured,
    'Exit if a model fails to load at startup. Default is true.',
  ),
  'disable-auto-complete-config': flag(
    'Model Repository',
    'flag',
    honoured,
    'Do not complete model configurations from the model file.',
  ),
  'strict-readiness': flag(
    'Model Repository',
    'boolean',
    honoured,
    'Ready only if all models are available. Default is true.',
  ),
  'model-control-mode': flag(
    'Model Repository',
    'string',
    honoured,
    '"none" (load all at startup, the default), "poll" or "explicit".',
  ),
  'repository-poll-secs': flag(
    'Model Repository',
    'integer',
    honoured,
    'Seconds between two polls with --model-control-mode=poll. Default is 15.',
  ),
  'load-model': flag(
    'Model Repository',
    'string',
    honoured,
    'A model to load at startup with --model-control-mode=explicit; * for all. May be given several times.',
  ),
  'model-config-name': flag(
    'Model Repository',
    'string',
    honoured,
    'Use configs/<name>.pbtxt of each model that has it.',
  ),
  'model-load-thread-count': flag(
    'Model Repository',
    'integer',
    honoured,
    'How many models are loaded at once. Default is 4.',
  ),
  'model-load-retry-count': flag(
    'Model Repository',
    'integer',
    honoured,
    'How often a failed load is tried again. Default is 0.',
  ),
  'model-namespacing': flag(
    'Model Repository',
    'boolean',
    noted('models are told apart by name only: a name in two repositories is served by neither'),
    'Accepted, no effect: a model name must be unique across all repositories.',
  ),
  'enable-peer-access': flag('Model Repository', 'boolean', CUDA_MEMORY, 'Accepted, no effect.'),
  'allow-http': flag('HTTP', 'boolean', honoured, 'Listen for HTTP requests. Default is true.'),
  'http-address': flag(
    'HTTP',
    'string',
    honoured,
    "The address to bind. Default is 127.0.0.1, so that nobody else on the network is served; tritonserver's own default is 0.0.0.0: give it to serve other machines.",
  ),
  'http-port': flag(
    'HTTP',
    'integer',
    honoured,
    'The port to listen on; 0 takes a free one. Default is 8000.',
  ),
  'reuse-http-port': flag(
    'HTTP',
    'boolean',
    noted('a port is never shared between servers'),
    'Accepted, no effect.',
  ),
  'http-header-forward-pattern': flag(
    'HTTP',
    'string',
    honoured,
    'Hand the request headers whose names match this regular expression to the model as parameters.',
  ),
  'http-thread-count': flag(
    'HTTP',
    'integer',
    noted('one event loop serves all connections'),
    'Accepted, no effect.',
  ),
  'http-max-input-size': flag(
    'HTTP',
    'integer',
    honoured,
    'Maximum size in bytes of a JSON or decompressed request. Default is 67108864 (64 MiB).',
  ),
  'http-restricted-api': flag(
    'HTTP',
    'string',
    honoured,
    '<apis>:<key>=<value>: these endpoints answer only requests with that header.',
  ),
  'allow-grpc': flag('GRPC', 'boolean', honoured, 'Serve gRPC. Default is true.'),
  'grpc-address': flag(
    'GRPC',
    'string',
    honoured,
    "The address to bind. Default is 127.0.0.1; tritonserver's own default is 0.0.0.0.",
  ),
  'grpc-port': flag(
    'GRPC',
    'integer',
    honoured,
    'The port to listen on; 0 takes a free one. Default is 8001.',
  ),
  'reuse-grpc-port': flag(
    'GRPC',
    'boolean',
    noted('a port is never shared between servers'),
    'Accepted, no effect.',
  ),
  'grpc-header-forward-pattern': flag(
    'GRPC',
    'string',
    noted('no backend here reads headers'),
    'Accepted, no effect.',
  ),
  'grpc-infer-thread-count': flag(
    'GRPC',
    'integer',
    noted('one event loop serves all connections'),
    'Accepted, no effect.',
  ),
  'grpc-infer-allocation-pool-size': flag(
    'GRPC',
    'integer',
    noted('messages are not pooled'),
    'Accepted, no effect.',
  ),
  'grpc-max-response-pool-size': flag(
    'GRPC',
    'integer',
    noted('messages are not pooled'),
    'Accepted, no effect.',
  ),
  'grpc-use-ssl': flag(
    'GRPC',
    'boolean',
    honoured,
    'Encrypt, with --grpc-server-cert and --grpc-server-key. Default is false.',
  ),
  'grpc-use-ssl-mutual': flag(
    'GRPC',
    'boolean',
    honoured,
    'Encrypt, and ask clients for a certificate of --grpc-root-cert. Default is false.',
  ),
  'grpc-server-cert': flag('GRPC', 'string', honoured, "PEM file of the server's certificate."),
  'grpc-server-key': flag('GRPC', 'string', honoured, "PEM file of the server's private key."),
  'grpc-root-cert': flag('GRPC', 'string', honoured, 'PEM file of the root certificate of clients.'),
  'grpc-infer-response-compression-level': flag(
    'GRPC',
    'string',
    honoured,
    'How inference answers are compressed: none, low, medium or high. Default is none.',
  ),
  'grpc-keepalive-time': flag(
    'GRPC',
    'integer',
    honoured,
    'Milliseconds between keepalive pings. Default is 7200000 (2 hours).',
  ),
  'grpc-keepalive-timeout': flag(
    'GRPC',
    'integer',
    honoured,
    'Milliseconds to wait for the answer to a ping before closing the connection. Default is 20000.',
  ),
  'grpc-keepalive-permit-without-calls': flag(
    'GRPC',
    'boolean',
    honoured,
    'Allow keepalive pings without calls. Default is false.',
  ),
  'grpc-http2-max-pings-without-data': flag(
    'GRPC',
    'integer',
    honoured,
    'Pings that may be sent without data between them; 0 for any number. Default is 2.',
  ),
  'grpc-http2-min-recv-ping-interval-without-data': flag(
    'GRPC',
    'integer',
    honoured,
    "Milliseconds that a client's pings must be apart. Default is 300000 (5 minutes).",
  ),
  'grpc-http2-max-ping-strikes': flag(
    'GRPC',
    'integer',
    honoured,
    'Pings that may come too early before the connection is closed; 0 for any number. Default is 2.',
  ),
  'grpc-max-connection-age': flag(
    'GRPC',
    'integer',
    honoured,
    'Milliseconds after which a connection takes no new calls; 0, the default, for never.',
  ),
  'grpc-max-connection-age-grace': flag(
    'GRPC',
    'integer',
    honoured,
    'Milliseconds that calls get to end after the maximum age; 0, the default, for any time.',
  ),
  'grpc-restricted-protocol': flag(
    'GRPC',
    'string',
    honoured,
    '<protocols>:<key>=<value>: these calls are answered only with the metadata triton-grpc-protocol-<key>.',
  ),
  'allow-metrics': flag('Metrics', 'boolean', honoured, 'Serve Prometheus metrics. Default is true.'),
  'allow-gpu-metrics': flag(
    'Metrics',
    'boolean',
    honoured,
    'Report the load of the GPUs, where nvidia-smi tells it. Default is true.',
  ),
  'allow-cpu-metrics': flag(
    'Metrics',
    'boolean',
    honoured,
    'Report the load of processors and memory (Linux). Default is true.',
  ),
  'metrics-address': flag(
    'Metrics',
    'string',
    honoured,
    'The address to bind. Default is that of --http-address.',
  ),
  'metrics-port': flag(
    'Metrics',
    'integer',
    honoured,
    'The port that reports metrics; 0 takes a free one. Default is 8002.',
  ),
  'metrics-interval-ms': flag(
    'Metrics',
    'float',
    honoured,
    'Milliseconds between two measurements of processors, memory and GPUs. Default is 2000.',
  ),
  'metrics-config': flag(
    'Metrics',
    'string',
    honoured,
    '<setting>=<value>: counter_latencies, histogram_latencies or summary_latencies=true|false, summary_quantiles=<quantile>:<error>,… May be given several times.',
  ),
  'trace-config': flag(
    'Tracing',
    'string',
    honoured,
    '<setting>=<value> for level, rate, count and mode (triton); triton,<setting>=<value> for file and log-frequency. May be given several times.',
  ),
  'backend-directory': flag('Backend', 'string', NO_LIBRARIES, 'Accepted, no effect.'),
  'backend-config': flag(
    'Backend',
    'string',
    honoured,
    '<backend>,<setting>=<value>. Read: default-max-batch-size.',
  ),
  'repoagent-directory': flag('Repository Agent', 'string', NO_LIBRARIES, 'Accepted, no effect.'),
  'cache-config': flag(
    'Response Cache',
    'string',
    honoured,
    '<cache>,<setting>=<value>. There is the cache local, with size=<bytes>.',
  ),
  'cache-directory': flag('Response Cache', 'string', NO_LIBRARIES, 'Accepted, no effect.'),
  'rate-limit': flag(
    'Rate Limiter',
    'string',
    honoured,
    'execution_count: an instance runs only while the resources that it needs are free. Default: off.',
  ),
  'rate-limit-resource': flag(
    'Rate Limiter',
    'string',
    honoured,
    'How much there is of a resource: <name>:<count>[:<device>].',
  ),
  'pinned-memory-pool-byte-size': flag(
    'Memory/Device Management',
    'integer',
    CUDA_MEMORY,
    'Accepted, no effect.',
  ),
  'cuda-memory-pool-byte-size': flag(
    'Memory/Device Management',
    'string',
    CUDA_MEMORY,
    'Accepted, no effect.',
  ),
  'cuda-virtual-address-size': flag(
    'Memory/Device Management',
    'string',
    CUDA_MEMORY,
    'Accepted, no effect.',
  ),
  'min-supported-compute-capability': flag(
    'Memory/Device Management',
    'float',
    CUDA_MEMORY,
    'Accepted, no effect.',
  ),
  'buffer-manager-thread-count': flag(
    'Memory/Device Management',
    'integer',
    CUDA_MEMORY,
    'Accepted, no effect.',
  ),
  'host-policy': flag(
    'Memory/Device Management',
    'string',
    noted('threads are placed by the system'),
    'Accepted, no effect.',
  ),
  'model-load-gpu-limit': flag('Memory/Device Management', 'string', CUDA_MEMORY, 'Accepted, no effect.'),
  'allow-client-shm': flag(
    'Shared Memory',
    'boolean',
    honoured,
    'Let clients register system shared memory and pass tensors in it. Linux only. Default is false.',
  ),
  'strict-model-config': flag(
    'DEPRECATED',
    'boolean',
    honoured,
    'DEPRECATED: use --disable-auto-complete-config.',
  ),
  'response-cache-byte-size': flag('DEPRECATED', 'integer', honoured, 'DEPRECATED: use --cache-config.'),
  'trace-file': flag('DEPRECATED', 'string', honoured, 'DEPRECATED: use --trace-config triton,file=…'),
  'trace-level': flag('DEPRECATED', 'string', honoured, 'DEPRECATED: use --trace-config level=…'),
  'trace-rate': flag('DEPRECATED', 'integer', honoured, 'DEPRECATED: use --trace-config rate=…'),
  'trace-count': flag('DEPRECATED', 'integer', honoured, 'DEPRECATED: use --trace-config count=…'),
  'trace-log-frequency': flag(
    'DEPRECATED',
    'integer',
    honoured,
    'DEPRECATED: use --trace-config triton,log-frequency=…',
  ),
  'allow-sagemaker': flag('Platforms', 'boolean', NO_PLATFORM, 'Not supported.'),
  'sagemaker-port': flag('Platforms', 'integer', NO_PLATFORM, 'Not supported.'),
  'sagemaker-safe-port-range': flag('Platforms', 'string', NO_PLATFORM, 'Not supported.'),
  'sagemaker-thread-count': flag('Platforms', 'integer', NO_PLATFORM, 'Not supported.'),
  'allow-vertex-ai': flag('Platforms', 'boolean', NO_PLATFORM, 'Not supported.'),
  'vertex-ai-port': flag('Platforms', 'integer', NO_PLATFORM, 'Not supported.'),
  'vertex-ai-thread-count': flag('Platforms', 'integer', NO_PLATFORM, 'Not supported.'),
  'vertex-ai-default-model': flag('Platforms', 'string', NO_PLATFORM, 'Not supported.'),
  'conch-launcher': flag(
    'Conch',
    'string',
    honoured,
    '"fork" (the default) or "parent": who starts engine processes.',
  ),
  'conch-with-parent': flag(
    'Conch',
    'flag',
    honoured,
    'End when the process that started this server closes its control channel.',
  ),
  'conch-next-free-port': flag(
    'Conch',
    'flag',
    honoured,
    'If the HTTP port is taken, take the next free one and say so.',
  ),
  'conch-run-timeout-secs': flag(
    'Conch',
    'float',
    honoured,
    'End the engine of a model whose run takes longer; 0, the default, for never. A model overrides it by the config parameter conch_run_timeout_secs.',
  ),
  'conch-allow-host': flag(
    'Conch',
    'string',
    honoured,
    'A further name that clients may use in the Host header. May be given several times.',
  ),
} as const satisfies Record<string, Flag>;

/** The name of a flag, without its dashes. */
export type FlagName = keyof typeof FLAGS;
