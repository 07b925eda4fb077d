import { StatusError } from '../core/status.ts';
import type { Log, LogSettings } from './log.ts';

/** What a client wants otherwise; the format as it was sent. */
export type LogChange = Partial<Omit<LogSettings, 'format'>> & { readonly format?: string };

/** Each endpoint refuses an unknown format in words and with a code of its own, as in Triton. */
const FORMAT_REFUSALS = {
  http: (format: string) =>
    new StatusError('unavailable', `invalid argument for --log_format, got: ${format}`),
  grpc: (format: string) =>
    new StatusError('invalid-argument', `invalid argument for log_format, got: ${format}`),
};

/** Changes the log of a running server. @throws StatusError for an unknown format; what came before it has changed. */
export function changeLogSettings(
  { settings }: Log,
  { format, ...change }: LogChange,
  endpoint: keyof typeof FORMAT_REFUSALS,
): void {
  Object.assign(settings, change);
  if (format === undefined) return;
  if (format !== 'default' && format !== 'ISO8601') throw FORMAT_REFUSALS[endpoint](format);
  settings.format = format;
}

/** The settings by their names on the wire, in Triton's order. */
export function wireLogSettings({ settings, file }: Log): {
  readonly [name: string]: string | boolean | number;
} {
  return {
    log_file: file,
    log_info: settings.info,
    log_warning: settings.warning,
    log_error: settings.error,
    log_verbose_level: settings.verboseLevel,
    log_format: settings.format,
  };
}
