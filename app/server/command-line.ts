import { FLAGS, type Flag, type FlagName } from './command-line-flags.ts';

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
  readonly allowClientSharedMemory: boolean;
  /** As it was given: Triton reads it when it loads a model. */
  readonly defaultMaxBatchSize: string | null;
  readonly launcher: 'fork' | 'parent';
  readonly endsWithParent: boolean;
  readonly takesNextFreePort: boolean;
  readonly runTimeoutSeconds: number;
  readonly allowedHosts: readonly string[];
}

/** What the arguments mean: a run (with things to say once), the help text, or why they are wrong. */
export type CommandLine =
  | { readonly kind: 'run'; readonly options: ServerOptions; readonly notes: readonly string[] }
  | { readonly kind: 'help' }
  /** `text` is what follows the usage on stderr, in Triton's words where it has some. */
  | { readonly kind: 'wrong'; readonly text: string; readonly showsUsage: boolean };

class WrongFlag extends Error {
  readonly showsUsage: boolean;
  constructor(text: string, showsUsage = true) {
    super(text);
    this.showsUsage = showsUsage;
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

function isFlagName(name: string): name is FlagName {
  return Object.hasOwn(FLAGS, name);
}

function badOption(name: string, reason: string): WrongFlag {
  return new WrongFlag(`Bad option: "--${name}".\n${reason}`);
}

function readBoolean(name: string, text: string): boolean {
  const lower = text.toLowerCase();
  if (['true', '1', 'on'].includes(lower)) return true;
  if (['false', '0', 'off'].includes(lower)) return false;
  throw badOption(name, `invalid value for bool option: ${text}`);
}

function readNumber(name: string, text: string): number {
  const match = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)/.exec(text);
  if (!match) throw badOption(name, `Invalid option value. Got ${text}\n`);
  return Number(match[0]);
}

function checkValue(name: FlagName, flag: Flag, text: string): void {
  if (flag.value === 'boolean') readBoolean(name, text);
  if (flag.value === 'integer' || flag.value === 'float') readNumber(name, text);
}

function collect(args: readonly string[]): Given {
  const given: Given = new Map();
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (!argument.startsWith('--')) throw new WrongFlag(`Unexpected argument: ${argument}`);
    const [name, inline] = splitOnce(argument.slice(2), '=');
    if (!isFlagName(name)) throw new WrongFlag(`unrecognized option '--${name}'`);
    const flag: Flag = FLAGS[name];
    const text = flag.value === 'flag' ? (inline ?? 'true') : (inline ?? rest.shift());
    if (text === undefined) throw new WrongFlag(`option '--${name}' requires an argument`);
    checkValue(name, flag, text);
    given.set(name, [...(given.get(name) ?? []), text]);
  }
  return given;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function oneOf<Choice extends string>(name: FlagName, text: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw badOption(name, `invalid argument for --${name}`);
  return found;
}

function readRestricted(values: readonly string[]): Map<string, RestrictedApi> {
  const name = 'http-restricted-api';
  const apis = new Map<string, RestrictedApi>();
  for (const text of values) {
    const [list, setting] = splitOnce(text, ':');
    const [key, value] = splitOnce(setting ?? '', '=');
    if (setting === undefined || value === undefined) {
      throw badOption(name, `--${name} option format is '<config name>:<setting>=<value>'. Got ${text}\n`);
    }
    for (const api of list.split(',')) {
      if (!RESTRICTABLE.has(api)) throw badOption(name, `unknown restricted api '${api}' \n`);
      if (apis.has(api)) {
        throw badOption(name, `restricted api '${api}' can not be specified in multiple config groups\n`);
      }
      apis.set(api, { header: key.toLowerCase(), value });
    }
  }
  return apis;
}

/** A setting of the backend itself wins over the same setting for all backends (`<setting>=<value>`). */
function readDefaultMaxBatchSize(values: readonly string[]): string | null {
  const sizes = new Map<string, string>();
  for (const text of values) {
    const match = /^(?:([^,]+),)?([^,=]*)=(.*)$/s.exec(text);
    if (!match) {
      throw badOption(
        'backend-config',
        `--backend-config option format is '<backend name>,<setting>=<value>'. Got ${text}\n`,
      );
    }
    const [, backend = '', setting, value = ''] = match;
    if (setting === 'default-max-batch-size') sizes.set(backend, value);
  }
  return sizes.get('onnxruntime') ?? sizes.get('') ?? null;
}

function readOptions(given: Given): ServerOptions {
  const all = (name: FlagName): readonly string[] => given.get(name) ?? [];
  const last = (name: FlagName, fallback: string): string => all(name).at(-1) ?? fallback;
  const boolean = (name: FlagName, fallback: boolean): boolean =>
    readBoolean(name, last(name, String(fallback)));
  const number = (name: FlagName, fallback: number): number => readNumber(name, last(name, String(fallback)));
  const modelControlMode = oneOf('model-control-mode', last('model-control-mode', 'none'), [
    'none',
    'poll',
    'explicit',
  ]);
  const startupModels = [...new Set(all('load-model'))];
  const httpMaxInputBytes = number('http-max-input-size', 64 * 1024 * 1024);
  if (httpMaxInputBytes <= 0) {
    throw badOption('http-max-input-size', 'Error: --http-max-input-size must be greater than 0.');
  }
  if (given.has('model-config-name') && last('model-config-name', '') === '') {
    throw badOption('model-config-name', 'Error: empty argument for --model-config-name');
  }
  if (startupModels.length > 0 && modelControlMode !== 'explicit') {
    throw new WrongFlag(
      "Error: Use of '--load-model' requires setting '--model-control-mode=explicit' as well.",
    );
  }
  if (startupModels.includes('*') && startupModels.length > 1) {
    throw new WrongFlag(
      "error: creating server: Invalid argument - Wildcard model name '*' must be the ONLY startup model if specified at all.",
      false,
    );
  }
  const modelRepositories = [...all('model-store'), ...all('model-repository')];
  if (modelRepositories.length === 0) {
    throw new WrongFlag(
      'error: creating server: Invalid argument - --model-repository must be specified',
      false,
    );
  }
  return {
    serverId: last('id', 'triton'),
    exitTimeoutSeconds: number('exit-timeout-secs', 30),
    logVerbose: number('log-verbose', 0),
    logInfo: boolean('log-info', true),
    logWarning: boolean('log-warning', true),
    logError: boolean('log-error', true),
    logFormat: oneOf('log-format', last('log-format', 'default'), ['default', 'ISO8601']),
    logFile: last('log-file', ''),
    modelRepositories: [...new Set(modelRepositories)],
    exitOnError: boolean('exit-on-error', true),
    autoCompleteConfig:
      !boolean('disable-auto-complete-config', false) && !boolean('strict-model-config', false),
    strictReadiness: boolean('strict-readiness', true),
    modelControlMode,
    repositoryPollSeconds: number('repository-poll-secs', 15),
    startupModels,
    modelConfigName: last('model-config-name', ''),
    modelLoadThreadCount: Math.max(1, number('model-load-thread-count', 4)),
    modelLoadRetryCount: Math.max(0, number('model-load-retry-count', 0)),
    allowHttp: boolean('allow-http', true),
    httpAddress: last('http-address', '127.0.0.1'),
    httpPort: number('http-port', 8000),
    httpMaxInputBytes,
    restrictedApis: readRestricted(all('http-restricted-api')),
    allowClientSharedMemory: boolean('allow-client-shm', false),
    defaultMaxBatchSize: readDefaultMaxBatchSize(all('backend-config')),
    launcher: oneOf('conch-launcher', last('conch-launcher', 'fork'), ['fork', 'parent']),
    endsWithParent: boolean('conch-with-parent', false),
    takesNextFreePort: boolean('conch-next-free-port', false),
    runTimeoutSeconds: number('conch-run-timeout-secs', 0),
    allowedHosts: all('conch-allow-host'),
  };
}

function readEffects(given: Given): string[] {
  const notes = [];
  for (const name of given.keys()) {
    const { effect }: Flag = FLAGS[name];
    if (effect.kind === 'refused') throw badOption(name, `not supported here: ${effect.why}`);
    if (effect.kind === 'noted') notes.push(`--${name} has no effect: ${effect.why}`);
  }
  if (given.has('strict-model-config')) {
    notes.push(
      "Warning: '--strict-model-config' has been deprecated! Please use '--disable-auto-complete-config' instead.",
    );
  }
  return notes;
}

/** Reads tritonserver's flags (and our own). Never throws: a mistake is a value. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  try {
    const given = collect(args);
    if (given.has('help')) return { kind: 'help' };
    const notes = readEffects(given);
    return { kind: 'run', options: readOptions(given), notes };
  } catch (cause) {
    if (cause instanceof WrongFlag)
      return { kind: 'wrong', text: cause.message, showsUsage: cause.showsUsage };
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
    if (flag.group !== group) usage += `\n${flag.group}:\n`;
    group = flag.group;
    usage += `  --${name}${flag.value === 'flag' ? '' : ` <${flag.value}>`}\n${wrap(flag.help)}\n`;
  }
  return usage;
}
