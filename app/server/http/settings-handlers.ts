import {
  asArray,
  asBoolean,
  asString,
  asUnsigned,
  findMember,
} from '../../core/open-inference/json-access.ts';
import { parseJson, type JsonValue } from '../../core/open-inference/json-document.ts';
import { StatusError } from '../../core/status.ts';
import {
  readTraceLevels,
  readTraceNumber,
  wireTraceSettings,
  type TraceChange,
  type TraceNumberKey,
} from '../../core/tracing/trace-settings.ts';
import type { Log } from '../log.ts';
import { changeLogSettings, wireLogSettings, type LogChange } from '../log-settings.ts';
import type { Tracing } from '../trace/tracing.ts';
import { jsonReply, type Reply } from './reply.ts';

/** A member that is there and not null. */
function given(json: JsonValue, key: string): Exclude<JsonValue, null> | undefined {
  return findMember(json, key) ?? undefined;
}

const LOG_LEVELS = { log_info: 'info', log_warning: 'warning', log_error: 'error' } as const;

function readLogChanges(json: JsonValue): (() => LogChange)[] {
  const levels = Object.entries(LOG_LEVELS).map(([key, level]) => (): LogChange => {
    const value = given(json, key);
    return value === undefined ? {} : { [level]: asBoolean(value) };
  });
  const verbose = given(json, 'log_verbose_level');
  const format = given(json, 'log_format');
  return [
    ...levels,
    () => (verbose === undefined ? {} : { verboseLevel: Number(asUnsigned(verbose)) }),
    () => (format === undefined ? {} : { format: asString(format) }),
  ];
}

/** `GET` and `POST /v2/logging`; `body` null: only asked. A mistake leaves what stood before it in force. */
export function handleLogging(log: Log, body: Uint8Array | null): Reply {
  if (body) {
    const json = parseJson(body);
    if (given(json, 'log_file') !== undefined) {
      throw new StatusError('unsupported', 'log file location can not be updated through network protocol');
    }
    for (const read of readLogChanges(json)) changeLogSettings(log, read(), 'http');
  }
  return jsonReply(JSON.stringify(wireLogSettings(log)));
}

function readNumber(json: JsonValue, key: TraceNumberKey): number | null | undefined {
  const value = findMember(json, key);
  return value === undefined || value === null ? value : readTraceNumber(key, asString(value));
}

function readTraceChange(json: JsonValue): TraceChange {
  if (findMember(json, 'trace_file') !== undefined) {
    throw new StatusError('unsupported', 'trace file location can not be updated through network protocol');
  }
  const names = findMember(json, 'trace_level');
  const levels =
    names === undefined || names === null
      ? names
      : readTraceLevels(asArray(names).map((each) => asString(each)));
  const change = {
    levels,
    rate: readNumber(json, 'trace_rate'),
    count: readNumber(json, 'trace_count'),
    logFrequency: readNumber(json, 'log_frequency'),
  };
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

/** `GET` and `POST` of trace settings, of a model or (null) of all; `body` null: only asked. */
export function handleTrace(tracing: Tracing, model: string | null, body: Uint8Array | null): Reply {
  if (body) tracing.update(model, readTraceChange(parseJson(body)));
  return jsonReply(JSON.stringify(wireTraceSettings(tracing.settingsOf(model))));
}
