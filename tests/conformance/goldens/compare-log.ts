import { shorten } from './compare-json.ts';
import { different, EXACT, same, type Verdict } from './verdict.ts';

const LINE = /^([EWIV])(?:\d{4} [\d:.]+|[\dTZ:.-]+) +\d+ (.*)$/;
const ISO_LINE = /^\S+Z ([EWIV]) \d+ (.*)$/;

/** A log line without time and process: level, then the rest. Other lines stay as they are. */
export function withoutTime(line: string): string {
  const match = LINE.exec(line) ?? ISO_LINE.exec(line);
  return match ? `${match[1]} ${match[2]}` : line;
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}

/** Only what a line says: without the source file of the real server and without quotes. */
export function messageOf(line: string): string {
  const match = /^([EWIV]) (?:[\w.]+:\d+\] )?(.*)$/s.exec(line);
  return match ? `${match[1]} ${unquote(match[2] ?? '')}` : line;
}

/** Without the width that a path of the installation gives a table. */
export function withoutTableWidth(text: string): string {
  return text.replaceAll(/ +\|/g, ' |').replaceAll(/-{3,}/g, '---');
}

/** Said once at the start of a flag that has no effect in our server. */
const OUR_OWN = /^W --[\w-]+ has no effect/;

/** Warnings, errors and the parser's own lines (`P`) of an output, as the recordings have them. */
export function findComplaints(output: string): string[] {
  return output.split('\n').flatMap((line) => {
    if (line.startsWith('[libprotobuf ')) return [`P ${line}`];
    const message = messageOf(withoutTime(line));
    return /^[EW] /.test(message) && message !== line && !OUR_OWN.test(message) ? [message] : [];
  });
}

/** Lines of parallel work come in any order, and one of them once per instance: compared as sets. */
export function compareComplaints(expected: readonly string[], got: readonly string[]): Verdict {
  if (JSON.stringify(expected) === JSON.stringify(got)) return EXACT;
  const missing = expected.filter((line) => !got.includes(line));
  const extra = got.filter((line) => !expected.includes(line));
  if (missing.length === 0 && extra.length === 0) return same(expected, got);
  return different(`log ${shorten(missing, 600)}`, `log ${shorten(extra, 600)}`);
}
