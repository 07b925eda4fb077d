import { StatusError } from '../status.ts';

/** What is recorded of a sampled request: its times, its tensors. None: tracing is off. */
export type TraceLevel = 'TIMESTAMPS' | 'TENSORS';

/** How requests are traced; `count` −1 for no limit, `logFrequency` 0 for one file, `file` empty for none. */
export interface TraceSettings {
  readonly levels: readonly TraceLevel[];
  /** One request of so many is traced. */
  readonly rate: number;
  /** How many may still be traced. */
  readonly count: number;
  /** After so many traces a numbered file is written. */
  readonly logFrequency: number;
  readonly file: string;
}

/** The fields of which each may be set for all models, and for one. */
export type TraceFields = Omit<TraceSettings, 'file'>;

/** An update: a value sets a field, null lets it follow again what stands behind it, absent leaves it. */
export type TraceChange = { readonly [Field in keyof TraceFields]?: TraceFields[Field] | null };

/** What was set and not cleared again. */
export type SpecifiedTrace = { readonly [Field in keyof TraceFields]?: TraceFields[Field] };

/** Triton's settings without any flag. */
export const DEFAULT_TRACE_SETTINGS: TraceSettings = {
  levels: [],
  rate: 1000,
  count: -1,
  logFrequency: 0,
  file: '',
};

/** What is specified after an update (`TraceManager::UpdateTraceSettingInternal`). */
export function changeTrace(specified: SpecifiedTrace, change: TraceChange): SpecifiedTrace {
  const entries = Object.entries({ ...specified, ...change });
  return Object.fromEntries(entries.filter(([, value]) => value !== null && value !== undefined));
}

/** Why nothing is traced with these settings; null: requests are traced. */
export function whyNotTraced({ levels, rate, count, file }: TraceSettings): string | null {
  if (levels.length === 0) return 'tracing is disabled';
  if (rate === 0) return 'sample rate must be non-zero';
  if (file === '') return 'trace file name is not given';
  return count === 0 ? '' : null;
}

/** @throws StatusError `invalid-argument` for settings that switch tracing on and cannot trace. */
export function checkTraceSettings(settings: TraceSettings): void {
  const reason = whyNotTraced(settings);
  if (reason === null || settings.levels.length === 0) return;
  throw new StatusError('invalid-argument', `Attempting to set invalid trace setting :${reason}`);
}

/** Names of levels as clients send them; unknown ones count for nothing. Undefined: the level stays as it is. */
export function readTraceLevels(names: readonly string[]): readonly TraceLevel[] | undefined {
  if (names.includes('OFF') && names.length > 1) {
    throw new StatusError('invalid-argument', "Expect only one trace level 'OFF' is specified");
  }
  if (names.includes('OFF')) return [];
  const levels = (['TIMESTAMPS', 'TENSORS'] as const).filter((level) => names.includes(level));
  return levels.length === 0 ? undefined : levels;
}

/** The settings whose value is a number, as a text on the wire. */
export type TraceNumberKey = 'trace_rate' | 'trace_count' | 'log_frequency';

const MIN_COUNT = -1;
const RANGES: Readonly<Record<TraceNumberKey, string>> = {
  trace_rate: '[ 0, 4294967295 ]',
  trace_count: `[ ${MIN_COUNT}, 2147483647 ]`,
  log_frequency: '[ 0, 4294967295 ]',
};

/** A number as C's `stoi` reads it; rates and frequencies below zero wrap, as in Triton. @throws StatusError. */
export function readTraceNumber(key: TraceNumberKey, text: string): number {
  const match = /^\s*([+-]?\d+)/.exec(text);
  if (!match) throw new StatusError('invalid-argument', `Unable to parse '${key}', got: ${text}`);
  const value = Number(match[1]);
  if (value < -(2 ** 31) || value > 2 ** 31 - 1) {
    throw new StatusError(
      'invalid-argument',
      `Unable to parse '${key}', value is out of range ${RANGES[key]}, got: ${text}`,
    );
  }
  if (key !== 'trace_count') return value >>> 0;
  if (value >= MIN_COUNT) return value;
  throw new StatusError(
    'invalid-argument',
    `Unable to parse 'trace_count'. Expecting value >= ${MIN_COUNT}, got:${text}`,
  );
}

/** The settings by their names on the wire; all values are texts but the levels. */
export function wireTraceSettings(settings: TraceSettings): {
  readonly [name: string]: string | readonly string[];
} {
  const { levels, rate, count, logFrequency, file } = settings;
  return {
    trace_level: levels.length === 0 ? ['OFF'] : levels,
    trace_rate: String(rate),
    trace_count: String(count),
    log_frequency: String(logFrequency),
    trace_file: file,
    trace_mode: 'triton',
  };
}
