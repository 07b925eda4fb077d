import { appendFileSync } from 'node:fs';
import type { ServerOptions } from './command-line.ts';
import { sourceOfMessage, sourceOfTable } from './log-sources.ts';
import { printTable } from './print-table.ts';

/** Levels of the log, most urgent first. */
export type LogLevel = 'error' | 'warning' | 'info' | 'verbose';

/** What may change while the server runs (`/v2/logging`). */
export interface LogSettings {
  error: boolean;
  warning: boolean;
  info: boolean;
  verboseLevel: number;
  format: 'default' | 'ISO8601';
}

/** Writes Triton-like lines. Text from outside is escaped and cut: one call is one line. */
export interface Log {
  readonly settings: LogSettings;
  readonly file: string;
  /** @param source file and line of the real server, where its text alone does not tell. */
  write(level: LogLevel, text: string, source?: string): void;
  /** Writes a table below a line of its own. */
  writeTable(rows: readonly (readonly string[])[]): void;
  /** Writes a line of a library as it is: it has no head of ours. */
  writeForeign(text: string): void;
}

const LETTERS: Readonly<Record<LogLevel, string>> = { error: 'E', warning: 'W', info: 'I', verbose: 'I' };
const MAX_LINE_CHARACTERS = 4096;

function escapeLine(text: string): string {
  const cut = text.length > MAX_LINE_CHARACTERS ? `${text.slice(0, MAX_LINE_CHARACTERS)}…` : text;
  return cut.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (character) =>
    character === '\n'
      ? String.raw`\n`
      : String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** As Triton's log quotes a message: it can be read back as a JSON string. */
function quote(text: string): string {
  return `"${escapeLine(text.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`))}"`;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}

function stamp(level: LogLevel, format: LogSettings['format'], now: Date): string {
  if (format === 'ISO8601') return `${now.toISOString().slice(0, 19)}Z ${LETTERS[level]}`;
  const time = `${pad(now.getUTCHours())}:${pad(now.getUTCMinutes())}:${pad(now.getUTCSeconds())}`;
  const day = `${pad(now.getUTCMonth() + 1)}${pad(now.getUTCDate())}`;
  return `${LETTERS[level]}${day} ${time}.${pad(now.getUTCMilliseconds(), 3)}000`;
}

/** Opens the log that the options ask for; `onLine` hears every line that is written. */
export function openLog(options: ServerOptions, onLine: (level: LogLevel, text: string) => void): Log {
  const settings: LogSettings = {
    error: options.logError,
    warning: options.logWarning,
    info: options.logInfo,
    verboseLevel: options.logVerbose,
    format: options.logFormat,
  };
  const isOn = (level: LogLevel): boolean =>
    level === 'verbose' ? settings.verboseLevel > 0 : settings[level];
  const emit = (level: LogLevel, text: string): void => {
    if (options.logFile !== '') appendFileSync(options.logFile, text);
    else if (level === 'error' || level === 'warning') process.stderr.write(text);
    else process.stdout.write(text);
  };
  return {
    settings,
    file: options.logFile,
    write: (level, text, source = sourceOfMessage(text)) => {
      if (!isOn(level)) return;
      const line = escapeLine(text);
      emit(level, `${stamp(level, settings.format, new Date())} ${process.pid} ${source}] ${quote(text)}\n`);
      onLine(level, line);
    },
    writeTable: (rows) => {
      if (!isOn('info')) return;
      const head = `${stamp('info', settings.format, new Date())} ${process.pid} ${sourceOfTable(rows)}]`;
      emit('info', `${head} \n${printTable(rows)}\n`);
    },
    writeForeign: (text) => {
      if (isOn('error')) emit('error', `${escapeLine(text)}\n`);
    },
  };
}
