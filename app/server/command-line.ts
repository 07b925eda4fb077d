import type { ResourceLimit } from '../core/model-config/check-rate-limit.ts';
import type { TraceSettings } from '../core/tracing/trace-settings.ts';
import { FLAGS, type Flag, type FlagName } from './command-line-flags.ts';
import { checkFlagValue, DEPRECATIONS } from './flag-checks.ts';
import {
  checkTraceSetting,
  readBackendConfig,
  readBoolean,
  readCacheConfig,
  readChoice,
  readFloat,
  readInteger,
  readRateLimitResource,
  readRestriction,
  readTraceConfig,
  readVerboseLevel,
  WrongValue,
  type NamedSetting,
} from './flag-values.ts';
import { readMetricsOptions, type MetricsOptions } from './metrics-options.ts';
import { readGrpcOptions, type GrpcOptions } from './grpc-options.ts';
import { readArguments, type Argument } from './read-arguments.ts';
import { readTraceOptions } from './trace/read-trace-options.ts';

/** Header that a restricted endpoint wants, per API category. */
export interface RestrictedApi {
  readonly header: string;
  readonly value: string;
}

/** How the server was asked to run. */
export interface ServerOptions {
  readonly serverId: string;
  readonly exitTimeoutSeconds: number;
  readonly logVerbose: number;
  readonly logInfo: boolean;
  readonly logWarning: boolean;
  readonly logError: boolean;
  readonly logFormat: 'default' | 'ISO8601';
  readonly logFile: string;
  readonly modelRepositories: readonly string[];
  readonly exitOnError: boolean;
  readonly autoCompleteConfig: boolean;
  readonly strictReadiness: boolean;
  readonly modelControlMode: 'none' | 'poll' | 'explicit';
  readonly repositoryPollSeconds: number;
  readonly startupModels: readonly string[];
  readonly modelConfigName: string;
  readonly modelLoadThreadCount: number;
  readonly modelLoadRetryCount: number;
  readonly allowHttp: boolean;
  readonly httpAddress: string;
  readonly httpPort: number;
  readonly httpMaxInputBytes: number;
  readonly restrictedApis: ReadonlyMap<string, RestrictedApi>;
  readonly grpc: GrpcOptions;
  readonly allowClientSharedMemory: boolean;
  /** Headers whose name it matches are handed to the model as parameters; null: none are. */
  readonly httpHeaderForwardPattern: RegExp | null;
  readonly trace: TraceSettings;
  readonly metrics: MetricsOptions;
  /** As it was given: Triton reads it when it loads a model. */
  readonly defaultMaxBatchSize: string | null;
  readonly backendDirectory: string;
  readonly agentDirectory: string;
  readonly backendSettings: readonly NamedSetting[];
  readonly cacheSettings: readonly NamedSetting[];
  readonly rateLimit: 'execution_count' | 'off';
  readonly rateLimitResources: readonly ResourceLimit[];
  readonly pinnedMemoryPoolBytes: number;
  readonly minComputeCapability: number;
  readonly launcher: 'fork' | 'parent';
  readonly endsWithParent: boolean;
  readonly takesNextFreePort: boolean;
  readonly runTimeoutSeconds: number;
  readonly allowedHosts: readonly string[];
}

/** What the arguments mean: a run (with things to say once), or why there is none. */
export type CommandLine =
  | {
      readonly kind: 'run';
      readonly options: ServerOptions;
      /** Flags that are accepted and do nothing here, with the reason. */
      readonly notes: readonly string[];
      /** What is deprecated, or overridden by another flag. */
      readonly warnings: readonly string[];
    }
  /** The usage on stderr and exit code 1, as tritonserver does it, also for `--help`. */
  | {
      readonly kind: 'usage';
      /** What `getopt_long` says before the usage; empty if nothing. */
      readonly before: string;
      /** What is wrong, in Triton's words; follows the usage. */
      readonly after: string;
    };

class UsageNeeded extends Error {
  readonly before: string;
  constructor(after: string, before = '') {
    super(after);
    this.before = before;
  }
}

type Given = Map<FlagName, string[]>;

const RESTRICTABLE = new Set([
  'health',
  'metadata',
  'inference',
  'shared-memory',
  'model-config',
  'model-repository',
  'statistics',
  'trace',
  'logging',
]);

const NAMES = new Map(
  Object.entries<Flag>(FLAGS)
    .filter(([, { effect }]) => effect.kind !== 'unknown')
    .map(([name, { value }]) => [name, { takesValue: value !== 'flag' }] as const),
);

function isFlagName(name: string): name is FlagName {
  return Object.hasOwn(FLAGS, name);
}

function badOption(name: string, reason: string): UsageNeeded {
  return new UsageNeeded(`Bad option: "--${name}".\n${reason}\n`);
}

function attempt<Value>(name: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof WrongValue) throw badOption(name, cause.message);
    throw cause;
  }
}

function unknownReason(argument: string): string {
  const name = /^--([^=]*)/.exec(argument)?.[1] ?? '';
  if (!isFlagName(name)) return '';
  const { effect }: Flag = FLAGS[name];
  return effect.kind === 'unknown' ? `--${name} is not supported: ${effect.why}` : '';
}

function takeOption(given: Given, { name, value }: Argument & { kind: 'option' }): void {
  if (!isFlagName(name)) return;
  if (name === 'help') throw new UsageNeeded('');
  const flag: Flag = FLAGS[name];
  if (flag.effect.kind === 'refused') throw badOption(name, `not supported here: ${flag.effect.why}`);
  attempt(name, () => checkFlagValue(name, flag, value));
  given.set(name, [...(given.get(name) ?? []), value]);
  if (isRestriction(name)) readRestrictedApis(name, given.get(name) ?? []);
}

function collect(args: readonly string[]): Given {
  const given: Given = new Map();
  for (const argument of readArguments(NAMES, args)) {
    if (argument.kind === 'positional') throw new UsageNeeded(`Unexpected argument: ${argument.text}`);
    if (argument.kind === 'mistake') {
      const quoted = /'(.*)'/.exec(argument.reason)?.[1] ?? '';
      throw new UsageNeeded(unknownReason(quoted), argument.reason);
    }
    takeOption(given, argument);
  }
  return given;
}

const RESTRICTIONS = { 'http-restricted-api': 'api', 'grpc-restricted-protocol': 'protocol' } as const;

function isRestriction(name: FlagName): name is keyof typeof RESTRICTIONS {
  return Object.hasOwn(RESTRICTIONS, name);
}

function readRestrictedApis(
  name: keyof typeof RESTRICTIONS,
  values: readonly string[],
): Map<string, RestrictedApi> {
  const kind = RESTRICTIONS[name];
  const apis = new Map<string, RestrictedApi>();
  for (const text of values) {
    const { features, key, value } = attempt(name, () => readRestriction(name, text));
    for (const api of features) {
      if (!RESTRICTABLE.has(api)) throw badOption(name, `unknown restricted ${kind} '${api}' \n`);
      if (apis.has(api)) {
        throw badOption(name, `restricted ${kind} '${api}' can not be specified in multiple config groups\n`);
      }
      apis.set(api, { header: key.toLowerCase(), value });
    }
  }
  return apis;
}

/** A setting of the backend itself wins over the same setting for all backends (`<setting>=<value>`). */
function findDefaultMaxBatchSize(settings: readonly NamedSetting[]): string | null {
  const sizes = settings.filter(({ setting }) => setting === 'default-max-batch-size');
  const of = (backend: string): string | undefined => sizes.findLast(({ name }) => name === backend)?.value;
  return of('onnxruntime') ?? of('') ?? null;
}

function readPattern(name: FlagName, text: string): RegExp | null {
  if (text === '') return null;
  const isCaseless = text.startsWith('(?i)');
  try {
    return new RegExp(isCaseless ? text.slice('(?i)'.length) : text, isCaseless ? 'i' : '');
  } catch (cause) {
    throw badOption(name, `not a regular expression: ${cause instanceof Error ? cause.message : text}`);
  }
}

function readTrace(all: (name: FlagName) => readonly string[]): TraceSettings {
  return attempt('trace-config', () =>
    readTraceOptions({
      config: all('trace-config'),
      file: all('trace-file'),
      level: all('trace-level'),
      rate: all('trace-rate'),
      count: all('trace-count'),
      logFrequency: all('trace-log-frequency'),
    }),
  );
}

interface Reader {
  readonly all: (name: FlagName) => readonly string[];
  readonly last: (name: FlagName, fallback: string) => string;
  readonly boolean: (name: FlagName, fallback: boolean) => boolean;
  readonly integer: (name: FlagName, fallback: number) => number;
}

function readerOf(given: Given): Reader {
  const all = (name: FlagName): readonly string[] => given.get(name) ?? [];
  const last = (name: FlagName, fallback: string): string => all(name).at(-1) ?? fallback;
  return {
    all,
    last,
    boolean: (name, fallback) => readBoolean(last(name, String(fallback))),
    integer: (name, fallback) => readInteger(last(name, String(fallback)), 'int64'),
  };
}

/** What may not go together, in Triton's order. */
function checkTogether(given: Given, { last, all, integer, boolean }: Reader): void {
  if (given.has('load-model') && last('model-control-mode', '').toLowerCase() !== 'explicit') {
    throw new UsageNeeded(
      "Error: Use of '--load-model' requires setting '--model-control-mode=explicit' as well.",
    );
  }
  for (const text of all('trace-config')) {
    const setting = readTraceConfig(text);
    const name = `trace-config ${setting.name === '' ? '' : `${setting.name},`}${setting.setting}`;
    attempt(name, () => checkTraceSetting(setting));
  }
  if (given.has('cache-config') && given.has('response-cache-byte-size')) {
    throw new UsageNeeded(
      'Error: Incompatible flags --response-cache-byte-size and --cache-config both provided. Please provide one or the other.',
    );
  }
  const http = last('http-address', '127.0.0.1');
  const ports = [
    { service: 'HTTP', isOn: boolean('allow-http', true), address: http, port: integer('http-port', 8000) },
    {
      service: 'GRPC',
      isOn: boolean('allow-grpc', true),
      address: last('grpc-address', '127.0.0.1'),
      port: integer('grpc-port', 8001),
    },
    {
      service: 'metrics',
      isOn: boolean('allow-metrics', true),
      address: last('metrics-address', http),
      port: integer('metrics-port', 8002),
    },
  ].filter(({ isOn, port }) => isOn && port !== 0);
  for (const [index, left] of ports.entries()) {
    const right = ports
      .slice(index + 1)
      .find((each) => each.address === left.address && each.port === left.port);
    if (!right) continue;
    throw new UsageNeeded(
      `The server cannot listen to ${left.service} requests and ${right.service} requests at the same address and port ${left.address}:${left.port}\n`,
    );
  }
}

function asSet(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}

function readOptions(given: Given): ServerOptions {
  const reader = readerOf(given);
  const { all, last, boolean, integer } = reader;
  checkTogether(given, reader);
  const backendSettings = all('backend-config').map(readBackendConfig);
  const cacheBytes = all('response-cache-byte-size').at(-1);
  return {
    serverId: last('id', 'triton'),
    exitTimeoutSeconds: Math.max(0, integer('exit-timeout-secs', 30)),
    logVerbose: readVerboseLevel(last('log-verbose', '0')),
    logInfo: boolean('log-info', true),
    logWarning: boolean('log-warning', true),
    logError: boolean('log-error', true),
    logFormat: readChoice('log-format', last('log-format', 'default'), ['default', 'ISO8601']),
    logFile: last('log-file', ''),
    modelRepositories: asSet([...all('model-store'), ...all('model-repository')]),
    exitOnError: boolean('exit-on-error', true),
    autoCompleteConfig: !given.has('disable-auto-complete-config') && !boolean('strict-model-config', false),
    strictReadiness: boolean('strict-readiness', true),
    modelControlMode: readChoice('model-control-mode', last('model-control-mode', 'none').toLowerCase(), [
      'none',
      'poll',
      'explicit',
    ]),
    repositoryPollSeconds: integer('repository-poll-secs', 15),
    startupModels: asSet(all('load-model')),
    modelConfigName: last('model-config-name', ''),
    modelLoadThreadCount: Math.max(1, integer('model-load-thread-count', 4)),
    modelLoadRetryCount: Math.max(0, integer('model-load-retry-count', 0)),
    allowHttp: boolean('allow-http', true),
    httpAddress: last('http-address', '127.0.0.1'),
    httpPort: integer('http-port', 8000),
    httpMaxInputBytes: integer('http-max-input-size', 64 * 1024 * 1024),
    restrictedApis: readRestrictedApis('http-restricted-api', all('http-restricted-api')),
    grpc: readGrpcOptions({
      last,
      boolean,
      integer,
      restrictedApis: readRestrictedApis('grpc-restricted-protocol', all('grpc-restricted-protocol')),
    }),
    allowClientSharedMemory: boolean('allow-client-shm', false),
    httpHeaderForwardPattern: readPattern(
      'http-header-forward-pattern',
      last('http-header-forward-pattern', ''),
    ),
    trace: readTrace(all),
    metrics: readMetricsOptions({ all, last, boolean, integer }),
    defaultMaxBatchSize: findDefaultMaxBatchSize(backendSettings),
    backendDirectory: last('backend-directory', '/opt/tritonserver/backends'),
    agentDirectory: last('repoagent-directory', '/opt/tritonserver/repoagents'),
    backendSettings,
    cacheSettings:
      cacheBytes === undefined
        ? all('cache-config').map(readCacheConfig)
        : [{ name: 'local', setting: 'size', value: String(readInteger(cacheBytes, 'int64')) }],
    rateLimit: readChoice('rate-limit', last('rate-limit', 'off').toLowerCase(), ['execution_count', 'off']),
    rateLimitResources: all('rate-limit-resource').map(readRateLimitResource),
    pinnedMemoryPoolBytes: integer('pinned-memory-pool-byte-size', 256 * 1024 * 1024),
    minComputeCapability: readFloat(last('min-supported-compute-capability', '0')),
    launcher: readChoice('conch-launcher', last('conch-launcher', 'fork'), ['fork', 'parent']),
    endsWithParent: given.has('conch-with-parent'),
    takesNextFreePort: given.has('conch-next-free-port'),
    runTimeoutSeconds: readFloat(last('conch-run-timeout-secs', '0')),
    allowedHosts: all('conch-allow-host'),
  };
}

function notesOf(given: Given): readonly string[] {
  return [...given.keys()].flatMap((name) => {
    const { effect }: Flag = FLAGS[name];
    return effect.kind === 'noted' ? [`--${name} has no effect: ${effect.why}`] : [];
  });
}

function warningsOf(given: Given): readonly string[] {
  const warnings = [...given].flatMap(([name, values]) =>
    values.flatMap((text) => DEPRECATIONS[name]?.(text) ?? []),
  );
  const isOverridden =
    given.has('disable-auto-complete-config') &&
    given.get('strict-model-config')?.some((text) => !readBoolean(text));
  if (!isOverridden) return warnings;
  return [
    ...warnings,
    "Warning: Overriding deprecated '--strict-model-config' from False to True in favor of '--disable-auto-complete-config'!",
  ];
}

/** Reads tritonserver's flags (and our own). Never throws: a mistake is a value. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  try {
    const given = collect(args);
    return { kind: 'run', options: readOptions(given), notes: notesOf(given), warnings: warningsOf(given) };
  } catch (cause) {
    if (cause instanceof UsageNeeded) return { kind: 'usage', before: cause.before, after: cause.message };
    throw cause;
  }
}

const USAGE_WIDTH = 78;

function wrap(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= USAGE_WIDTH) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line].map((each) => `\t${each}`).join('\n');
}

/** The text of `--help`. */
export function printUsage(): string {
  let usage = 'Usage: conch serve <repository> [options]\n';
  let group = '';
  for (const [name, flag] of Object.entries<Flag>(FLAGS)) {
    if (flag.effect.kind === 'unknown') continue;
    if (flag.group !== group) usage += `\n${flag.group}:\n`;
    group = flag.group;
    usage += `  --${name}${flag.value === 'flag' ? '' : ` <${flag.value}>`}\n${wrap(flag.help)}\n`;
  }
  return usage;
}
