/** One line of Triton's log as it is shown. */
export interface TritonLogLine {
  readonly level: 'info' | 'warning' | 'error';
  readonly text: string;
}

/** `I1126 18:20:45.337766 1 server.cc:674] text`, Triton's default format. */
const DEFAULT_FORMAT = /^([IWEF])\d{4} \d{2}:\d{2}:\d{2}\.\d+ +\d+ ([\w.-]+:\d+\] .*)$/;
/** `2026-11-26T18:20:45Z I 1 server.cc:674] text`, `--log-format=ISO8601`. */
const ISO_FORMAT = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z ([IWEF]) \d+ ([\w.-]+:\d+\] .*)$/;
const LEVELS: Readonly<Record<string, TritonLogLine['level']>> = { W: 'warning', E: 'error', F: 'error' };

/** Reads one line; what has no level of its own (tables, output of models) is `info`. */
export function readTritonLogLine(line: string): TritonLogLine {
  const [, letter = '', text = line] = DEFAULT_FORMAT.exec(line) ?? ISO_FORMAT.exec(line) ?? [];
  return { level: LEVELS[letter] ?? 'info', text };
}
