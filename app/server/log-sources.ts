/**
 * Where the real server (2.70.0) writes each of its lines, as its recordings show: scripts that read its log look for
 * a file name, a line and a bracket after the process.
 */
const SOURCES: readonly (readonly [message: RegExp, source: string])[] = [
  [/^loading: /, 'model_lifecycle.cc:473'],
  [/^successfully unloaded '/, 'model_lifecycle.cc:636'],
  [/^failed to load '.*' version \d+: /s, 'model_lifecycle.cc:654'],
  [/^failed to load '[^']*'$/, 'model_lifecycle.cc:789'],
  [/^successfully loaded '/, 'model_lifecycle.cc:849'],
  [/^ERROR: Failed to create instance: /, 'backend_model.cc:719'],
  [/^autofilled max_batch_size to /, 'onnxruntime.cc:1138'],
  [/^Invalid argument: ensemble /, 'model_repository_manager.cc:749'],
  [
    /^failed to poll model '.*': not unique across all model repositories/,
    'model_repository_manager.cc:1372',
  ],
  [/^failed to poll model /, 'model_repository_manager.cc:1464'],
  [/^Poll failed for model directory /, 'model_repository_manager.cc:1509'],
  [/^Creating TritonCache with name: /, 'cache_manager.cc:174'],
  [/^cache implementation handle is nullptr/, 'cache_manager.cc:204'],
  [/^Initializing LocalCache with config: /, 'local_cache.cc:179'],
  [/^Collecting CPU metrics/, 'metrics.cc:782'],
  [/^Started GRPCInferenceService at /, 'grpc_server.cc:2579'],
  [/^Started HTTPService at /, 'http_server.cc:4961'],
  [/^Started Metrics Service at /, 'http_server.cc:400'],
  [/^Timeout \d+: Found \d+ gRPC service connections/, 'grpc_server.cc:2657'],
  [/^No server context available/, 'server.cc:309'],
  [/^Waiting for in-flight requests to complete/, 'server.cc:312'],
  [/^Timeout \d+: Found \d+ model versions that have in-flight inferences/, 'server.cc:328'],
  [/^All models are stopped, unloading models/, 'server.cc:343'],
  [/^Timeout \d+: Found \d+ live models/, 'server.cc:352'],
  [/^Internal: failed to load all models/, 'tritonserver.cc:2607'],
  [/^failed to start GRPC service: /, 'main.cc:270'],
];

/** The source of lines that only we write, or that no recording of the real server has. */
const OURS = 'conch:0';

/** The tables of a start, by their first heading. */
const TABLE_SOURCES: ReadonlyMap<string, string> = new Map([
  ['Repository Agent', 'server.cc:639'],
  ['Backend', 'server.cc:666'],
  ['Model', 'server.cc:709'],
  ['Option', 'tritonserver.cc:2598'],
]);

/** File and line from which the real server says `message`. */
export function sourceOfMessage(message: string): string {
  return SOURCES.find(([pattern]) => pattern.test(message))?.[1] ?? OURS;
}

/** File and line from which the real server prints a table. */
export function sourceOfTable(rows: readonly (readonly string[])[]): string {
  return TABLE_SOURCES.get(rows[0]?.[0] ?? '') ?? OURS;
}
