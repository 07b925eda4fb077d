import { DEFAULT_TRACE_SETTINGS, type TraceSettings } from '../../core/tracing/trace-settings.ts';
import { readInteger, readTraceConfig, readTraceLevel, WrongValue } from '../flag-values.ts';

/** The values that the tracing flags were given, each in order. */
interface TraceFlags {
  readonly config: readonly string[];
  readonly file: readonly string[];
  readonly level: readonly string[];
  readonly rate: readonly string[];
  readonly count: readonly string[];
  readonly logFrequency: readonly string[];
}

/** Settings of `--trace-config` and, before them, of the deprecated flags, by `<mode>,<setting>`. */
function collect(flags: TraceFlags): ReadonlyMap<string, readonly string[]> {
  const collected = new Map<string, string[]>([
    ['triton,file', [...flags.file]],
    [',level', [...flags.level]],
    [',rate', [...flags.rate]],
    [',count', [...flags.count]],
    ['triton,log-frequency', [...flags.logFrequency]],
  ]);
  for (const { name, setting, value } of flags.config.map(readTraceConfig)) {
    const key = `${name},${setting.toLowerCase()}`;
    collected.set(key, [...(collected.get(key) ?? []), value]);
  }
  return collected;
}

/**
 * What the tracing flags, each of which is right by itself, say together.
 * @throws WrongValue for OpenTelemetry, which is not spoken here.
 */
export function readTraceOptions(flags: TraceFlags): TraceSettings {
  const collected = collect(flags);
  const last = (key: string): string | undefined => collected.get(key)?.at(-1);
  const integer = (key: string, fallback: number): number => {
    const text = last(key);
    return text === undefined ? fallback : readInteger(text);
  };
  if (last(',mode')?.toLowerCase() === 'opentelemetry') {
    throw new WrongValue(
      "not supported here: traces are written to a file in Triton's own form; no OpenTelemetry collector is spoken to",
    );
  }
  const levels = new Set((collected.get(',level') ?? []).map(readTraceLevel));
  return {
    levels: (['TIMESTAMPS', 'TENSORS'] as const).filter((level) => levels.has(level)),
    rate: integer(',rate', DEFAULT_TRACE_SETTINGS.rate) >>> 0,
    count: integer(',count', DEFAULT_TRACE_SETTINGS.count),
    logFrequency: integer('triton,log-frequency', DEFAULT_TRACE_SETTINGS.logFrequency) >>> 0,
    file: last('triton,file') ?? '',
  };
}
