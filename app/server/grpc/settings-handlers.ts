import type { GrpcMessage } from '../../core/grpc/grpc-messages.ts';
import { StatusError } from '../../core/status.ts';
import {
  readTraceLevels,
  readTraceNumber,
  wireTraceSettings,
  type TraceChange,
  type TraceNumberKey,
} from '../../core/tracing/trace-settings.ts';
import type { ServerContext } from '../http/handle-request.ts';
import { changeLogSettings, wireLogSettings, type LogChange } from '../log-settings.ts';

type TraceRequest = GrpcMessage<'TraceSettingRequest'>;
type LogRequest = GrpcMessage<'LogSettingsRequest'>;

function wrong(text: string): StatusError {
  return new StatusError('invalid-argument', text);
}

/** The one value of a setting; null: it is cleared; undefined: it is not named. */
function onlyValue(settings: TraceRequest['settings'], key: string): string | null | undefined {
  const setting = settings?.[key];
  if (setting === undefined) return undefined;
  const [value, ...others] = setting.value ?? [];
  if (others.length > 0) throw wrong(`expect only 1 value for '${key}'`);
  return value ?? null;
}

function readNumber(settings: TraceRequest['settings'], key: TraceNumberKey): number | null | undefined {
  const value = onlyValue(settings, key);
  return value === undefined || value === null ? value : readTraceNumber(key, value);
}

function readTraceChange({ settings = {} }: TraceRequest): TraceChange {
  if (settings['trace_file'] !== undefined) {
    throw new StatusError('unsupported', 'trace file location can not be updated through network protocol');
  }
  const names = settings['trace_level']?.value ?? [];
  const isCleared = settings['trace_level'] !== undefined && names.length === 0;
  const change = {
    levels: isCleared ? null : readTraceLevels(names),
    rate: readNumber(settings, 'trace_rate'),
    count: readNumber(settings, 'trace_count'),
    logFrequency: readNumber(settings, 'log_frequency'),
  };
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

/** Over gRPC, unlike over HTTP, Triton sends settings sorted by name. */
function sortedEntries<Value>(settings: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(settings).toSorted(([left], [right]) => (left < right ? -1 : 1));
}

/** `TraceSetting`: of one model, or of all without a name. */
export function handleTraceSetting(
  request: TraceRequest,
  { tracing, repository }: ServerContext,
): GrpcMessage<'TraceSettingResponse'> {
  const model = request.model_name ? request.model_name : null;
  if (model !== null && repository.models.readyVersions(model).length === 0) {
    throw wrong(`Request for unknown model : ${model}`);
  }
  if (Object.keys(request.settings ?? {}).length > 0) tracing.update(model, readTraceChange(request));
  const settings = sortedEntries(wireTraceSettings(tracing.settingsOf(model)));
  return {
    settings: Object.fromEntries(
      settings.map(([key, value]) => [key, { value: typeof value === 'string' ? [value] : value }]),
    ),
  };
}

const LOG_LEVELS = { log_info: 'info', log_warning: 'warning', log_error: 'error' } as const;

function readLogChanges({ settings = {} }: LogRequest): (() => LogChange)[] {
  const levels = Object.entries(LOG_LEVELS).map(([key, level]) => (): LogChange => {
    const setting = settings[key];
    if (setting === undefined) return {};
    if (setting.bool_param === undefined) throw wrong(`expect boolean for '${key}'`);
    return { [level]: setting.bool_param };
  });
  const { log_verbose_level: verbose, log_format: format } = settings;
  return [
    ...levels,
    () => {
      if (verbose === undefined) return {};
      if (verbose.uint32_param === undefined) throw wrong("expect int32 for 'log_verbose_level'");
      return { verboseLevel: verbose.uint32_param };
    },
    () => {
      if (format === undefined) return {};
      if (format.string_param === undefined) throw wrong("expect string for 'log_format'");
      return { format: format.string_param };
    },
  ];
}

function wireSetting(value: string | boolean | number): {
  string_param?: string;
  bool_param?: boolean;
  uint32_param?: number;
} {
  if (typeof value === 'string') return { string_param: value };
  return typeof value === 'boolean' ? { bool_param: value } : { uint32_param: value };
}

/** `LogSettings`. A mistake leaves what stood before it in force. */
export function handleLogSettings(
  request: LogRequest,
  { log }: ServerContext,
): GrpcMessage<'LogSettingsResponse'> {
  if (request.settings?.['log_file'] !== undefined) {
    throw new StatusError('unsupported', 'log file location can not be updated through network protocol');
  }
  for (const read of readLogChanges(request)) changeLogSettings(log, read(), 'grpc');
  const settings = sortedEntries(wireLogSettings(log));
  return { settings: Object.fromEntries(settings.map(([key, value]) => [key, wireSetting(value)])) };
}
