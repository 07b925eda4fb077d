import { checkJsonSize } from '../../core/open-inference/infer-request.ts';
import {
  asArray,
  asBoolean,
  asString,
  asUnsigned,
  findMember,
} from '../../core/open-inference/json-access.ts';
import { parseJson, type JsonValue } from '../../core/open-inference/json-document.ts';
import { StatusError } from '../../core/status.ts';
import type { Log } from '../log.ts';
import { jsonReply, type Reply } from './reply.ts';

function printLogSettings({ settings, file }: Log): string {
  return JSON.stringify({
    log_file: file,
    log_info: settings.info,
    log_warning: settings.warning,
    log_error: settings.error,
    log_verbose_level: settings.verboseLevel,
    log_format: settings.format,
  });
}

const LEVELS = { log_info: 'info', log_warning: 'warning', log_error: 'error' } as const;

function readLogSettings(log: Log, json: JsonValue): void {
  if ((findMember(json, 'log_file') ?? null) !== null) {
    throw new StatusError('unsupported', 'log file location can not be updated through network protocol');
  }
  for (const [key, level] of Object.entries(LEVELS)) {
    const value = findMember(json, key) ?? null;
    if (value !== null) log.settings[level] = asBoolean(value);
  }
  const verbose = findMember(json, 'log_verbose_level') ?? null;
  if (verbose !== null) log.settings.verboseLevel = Number(asUnsigned(verbose));
  const format = findMember(json, 'log_format') ?? null;
  if (format === null) return;
  const text = asString(format);
  if (text !== 'default' && text !== 'ISO8601') {
    throw new StatusError('unavailable', `invalid argument for --log_format, got: ${text}`);
  }
  log.settings.format = text;
}

/** `GET` and `POST /v2/logging`. */
export function handleLogging(log: Log, isUpdate: boolean, body: Uint8Array, maxInputBytes: number): Reply {
  if (isUpdate) {
    checkJsonSize(body.byteLength, maxInputBytes);
    readLogSettings(log, parseJson(body));
  }
  return jsonReply(printLogSettings(log));
}

const TRACE_SETTINGS =
  '{"trace_level":["OFF"],"trace_rate":"1000","trace_count":"-1","log_frequency":"0","trace_file":"","trace_mode":"triton"}';

function readTraceSettings(json: JsonValue): void {
  if (findMember(json, 'trace_file') !== undefined) {
    throw new StatusError('unsupported', 'trace file location can not be updated through network protocol');
  }
  const level = findMember(json, 'trace_level') ?? null;
  const levels = level === null ? [] : asArray(level).map((each) => asString(each));
  if (levels.includes('OFF') && levels.length > 1) {
    throw new StatusError('invalid-argument', "Expect only one trace level 'OFF' is specified");
  }
  if (levels.some((each) => each === 'TIMESTAMPS' || each === 'TENSORS')) {
    throw new StatusError(
      'invalid-argument',
      'Attempting to set invalid trace setting :trace file name is not given',
    );
  }
  for (const key of ['trace_rate', 'trace_count', 'log_frequency']) {
    if ((findMember(json, key) ?? null) !== null) {
      throw new StatusError('unsupported', `'${key}' can not be set: this server does not record traces`);
    }
  }
}

/** `GET` and `POST` of trace settings: traces are never recorded here, so nothing but OFF can be set. */
export function handleTrace(isUpdate: boolean, body: Uint8Array, maxInputBytes: number): Reply {
  if (isUpdate) {
    checkJsonSize(body.byteLength, maxInputBytes);
    readTraceSettings(parseJson(body));
  }
  return jsonReply(TRACE_SETTINGS);
}
