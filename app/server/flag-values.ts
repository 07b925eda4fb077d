import type { ResourceLimit } from '../core/model-config/check-rate-limit.ts';

/** Why the value of a flag is wrong, in tritonserver's words. */
export class WrongValue extends Error {}

/** `true`, `on`, `1` or `false`, `off`, `0`, in any case. @throws WrongValue */
export function readBoolean(text: string): boolean {
  const lower = text.toLowerCase();
  if (['true', '1', 'on'].includes(lower)) return true;
  if (['false', '0', 'off'].includes(lower)) return false;
  throw new WrongValue(`invalid value for bool option: ${text}`);
}

const INTEGER_RANGES = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [-(2n ** 64n) + 1n, 2n ** 64n - 1n],
} as const;

/** An integer as C++'s `std::stoi` reads it: what follows the digits is ignored. @throws WrongValue */
export function readInteger(text: string, type: keyof typeof INTEGER_RANGES = 'int32'): number {
  const [digits] = /^[+-]?\d+/.exec(text.trimStart()) ?? [];
  if (digits === undefined) throw new WrongValue(`Invalid option value. Got ${text}\n`);
  const value = BigInt(digits.replace('+', ''));
  const [least, most] = INTEGER_RANGES[type];
  if (value < least || value > most) {
    throw new WrongValue(`Provided option value is out of bound. Got ${text}\n`);
  }
  return Number(value);
}

/** A number as `std::stod` reads it. @throws WrongValue */
export function readFloat(text: string): number {
  const [digits] = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i.exec(text.trimStart()) ?? [];
  if (digits === undefined) throw new WrongValue(`Invalid option value. Got ${text}\n`);
  return Number(digits);
}

/** A verbose level: an integer, or `true` for 1 and `false` for 0. @throws WrongValue */
export function readVerboseLevel(text: string): number {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === 'false') return lower === 'true' ? 1 : 0;
  return readInteger(text);
}

/** One of some words. @throws WrongValue */
export function readChoice<Choice extends string>(
  name: string,
  text: string,
  choices: readonly Choice[],
): Choice {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new WrongValue(`invalid argument for --${name}`);
  return found;
}

/** Two values with something between them. @throws WrongValue */
export function readPair(
  text: string,
  separator: string,
  readSecond: (text: string) => number,
): [number, number] {
  const at = text.indexOf(separator);
  if (at < 0) {
    throw new WrongValue(
      'Cannot parse pair option due to incorrect number of inputs.' +
        `--<pair option> argument requires format <first>${separator}<second>. Found: ${text}\n`,
    );
  }
  return [readInteger(text.slice(0, at)), readSecond(text.slice(at + separator.length))];
}

/** A setting that belongs to something by name; the name is empty for a setting of all. */
export interface NamedSetting {
  readonly name: string;
  readonly setting: string;
  readonly value: string;
}

/** How a flag's settings are written, and what is said of one that is not. */
interface SettingFormat {
  readonly separator: string;
  readonly isNameNeeded: boolean;
  readonly mistake: (text: string) => string;
  /** Where there is a separator and nothing before it, or none although it is needed. */
  readonly noName?: (text: string) => string;
}

function readSetting(format: SettingFormat, text: string): NamedSetting {
  const { separator, isNameNeeded, mistake, noName } = format;
  const nameEnd = text.indexOf(separator);
  if (noName && (nameEnd === 0 || (nameEnd < 0 && isNameNeeded))) throw new WrongValue(noName(text));
  const settingEnd = text.indexOf('=', nameEnd + 1);
  const parts = {
    name: nameEnd > 0 ? text.slice(0, nameEnd) : '',
    setting: text.slice(nameEnd + 1, Math.max(settingEnd, nameEnd + 1)),
    value: text.slice(settingEnd + 1),
  };
  const isWhole = settingEnd >= 0 && parts.setting !== '' && parts.value !== '';
  if (!isWhole || (isNameNeeded && parts.name === '')) throw new WrongValue(mistake(text));
  return parts;
}

const format = (form: string) => (text: string) => `${form}. Got ${text}\n`;

/** `<backend name>,<setting>=<value>`, or `<setting>=<value>` for all. @throws WrongValue */
export function readBackendConfig(text: string): NamedSetting {
  return readSetting(
    {
      separator: ',',
      isNameNeeded: false,
      mistake: format("--backend-config option format is '<backend name>,<setting>=<value>'"),
      noName: format(
        'No backend specified. --backend-config option format is <backend name>,<setting>=<value> or <setting>=<value>',
      ),
    },
    text,
  );
}

/** `<cache name>,<setting>=<value>`. @throws WrongValue */
export function readCacheConfig(text: string): NamedSetting {
  return readSetting(
    {
      separator: ',',
      isNameNeeded: true,
      mistake: format("--cache-config option format is '<cache name>,<setting>=<value>'"),
      noName: format('No cache specified. --cache-config option format is <cache name>,<setting>=<value>'),
    },
    text,
  );
}

/** `<policy name>,<setting>=<value>`. @throws WrongValue */
export function readHostPolicy(text: string): NamedSetting {
  return readSetting(
    {
      separator: ',',
      isNameNeeded: true,
      mistake: format("--host-policy option format is '<policy name>,<setting>=<value>'"),
    },
    text,
  );
}

/** `<setting>=<value>`, without a name. @throws WrongValue */
export function readMetricsConfig(text: string): NamedSetting {
  const mistake = format('--metrics-config option format is <setting>=<value>');
  if (text.slice(0, Math.max(0, text.indexOf('='))).includes(',')) throw new WrongValue(mistake(text));
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) throw new WrongValue(mistake(text));
  return { name: '', setting: text.slice(0, at), value: text.slice(at + 1) };
}

const TRACE_MODES: ReadonlySet<string> = new Set(['triton', 'opentelemetry']);

function checkTraceMode(mode: string): void {
  if (TRACE_MODES.has(mode)) return;
  throw new WrongValue(
    `invalid value for trace mode option: ${mode}. Available options are "triton" and "opentelemetry"`,
  );
}

/** `<trace mode>,<setting>=<value>`, or `<setting>=<value>` for all modes. @throws WrongValue */
export function readTraceConfig(text: string): NamedSetting {
  const at = text.indexOf(',');
  const name = at > 0 ? text.slice(0, at).toLowerCase() : '';
  if (at > 0) checkTraceMode(name);
  const read = readSetting(
    {
      separator: ',',
      isNameNeeded: false,
      mistake: format("--trace-config option format is '<trace mode>,<setting>=<value>'"),
      noName: format(
        'No trace mode specified. --trace-config option format is <trace mode>,<setting>=<value> or <setting>=<value>',
      ),
    },
    text,
  );
  return { ...read, name };
}

const TRACE_LEVELS: Readonly<Record<string, 'OFF' | 'TIMESTAMPS' | 'TENSORS'>> = {
  false: 'OFF',
  off: 'OFF',
  true: 'TIMESTAMPS',
  on: 'TIMESTAMPS',
  min: 'TIMESTAMPS',
  max: 'TIMESTAMPS',
  timestamps: 'TIMESTAMPS',
  tensors: 'TENSORS',
};

/** A trace level in any of its spellings. @throws WrongValue */
export function readTraceLevel(text: string): 'OFF' | 'TIMESTAMPS' | 'TENSORS' {
  const lower = text.toLowerCase();
  const level = Object.hasOwn(TRACE_LEVELS, lower) ? TRACE_LEVELS[lower] : undefined;
  if (level === undefined) throw new WrongValue(`invalid value for trace level option: ${lower}`);
  return level;
}

/** What a `--trace-config` setting may be, apart from what its mode makes of it. @throws WrongValue */
export function checkTraceSetting({ name, setting, value }: NamedSetting): void {
  if (name === 'triton' && setting === 'log-frequency') readInteger(value);
  if (name === 'opentelemetry' && setting.startsWith('bsp_')) readInteger(value, 'int64');
  if (name !== '') return;
  if (setting === 'rate' || setting === 'count') readInteger(value);
  if (setting === 'level') readTraceLevel(value);
  if (setting === 'mode') checkTraceMode(value.toLowerCase());
}

/** `<resource_name>:<count>:<device>` or `<resource_name>:<count>`. @throws WrongValue */
export function readRateLimitResource(text: string): ResourceLimit {
  const [name = '', count, device, ...rest] = text.split(':');
  if (count === undefined || rest.length > 0) {
    throw new WrongValue(
      `--rate-limit-resource option format is '<resource_name>:<count>:<device>' or '<resource_name>:<count>'. Got ${text}`,
    );
  }
  return { name, count: readInteger(count), device: device === undefined ? null : readInteger(device) };
}

/** A header that restricted endpoints want, and the endpoints. */
export interface RestrictionSetting {
  readonly features: readonly string[];
  readonly key: string;
  readonly value: string;
}

/** `<features>:<key>=<value>`. @throws WrongValue */
export function readRestriction(flagName: string, text: string): RestrictionSetting {
  const { name, setting, value } = readSetting(
    {
      separator: ':',
      isNameNeeded: true,
      mistake: format(`--${flagName} option format is '<config name>:<setting>=<value>'`),
    },
    text,
  );
  return { features: name.split(','), key: setting, value };
}
