import { setTimeout as sleep } from 'node:timers/promises';
import { shorten } from './compare-json.ts';
import { withoutTableWidth, withoutTime } from './compare-log.ts';
import type { Row } from './recording.ts';
import { placeIn, portFlags, ReplayServer, takePorts, type ServerCommand } from './replay-server.ts';
import { different, equalVerdict, EXACT, same, worst, type Verdict } from './verdict.ts';

const WAIT_MILLISECONDS = 30_000;
const SETTLE_MILLISECONDS = 400;
const USAGE_MARK = '<usage text, see --help>';

/** What a run of the program left. */
interface Run {
  readonly exitCode: number | null;
  readonly isTerminated: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

function argumentsOf(name: string, repositories: string): string[] {
  if (name === '(no arguments)') return [];
  return name.replaceAll('<repositories>', repositories).split(' ');
}

/** Runs the program until it ends, or until it serves; then it is asked to end. */
async function run(command: ServerCommand, args: readonly string[]): Promise<Run> {
  const ports = await takePorts();
  const place = placeIn(command.repositories);
  const server = new ReplayServer(command, [...portFlags(ports), ...args], ports);
  const end = Date.now() + WAIT_MILLISECONDS;
  const isServing = (): boolean => /Started (?:Metrics|HTTP)\s?Service/.test(server.stdout);
  while (!server.hasExited && !isServing() && Date.now() < end) await sleep(20);
  if (!server.hasExited) await sleep(SETTLE_MILLISECONDS);
  const isTerminated = !server.hasExited;
  await server.stop();
  return {
    exitCode: await server.exited,
    isTerminated,
    stdout: place(server.stdout),
    stderr: place(server.stderr),
  };
}

/** The recordings of starts leave out what a backend says for information (that of `main_models` has it). */
const OF_BACKEND = /^I (?:onnxruntime|identity)\.cc:/;

/** Lines of models that load and unload side by side: two recordings of one command have both orders. */
const OF_PARALLEL_WORK = /^[EIW] (?:model_lifecycle|backend_model|onnxruntime)\.cc:/;

function sortParallelWork(lines: readonly string[]): string[] {
  const sorted: string[] = [];
  let run: string[] = [];
  for (const line of [...lines, '']) {
    if (OF_PARALLEL_WORK.test(line)) run.push(line);
    else {
      sorted.push(...run.sort(), line);
      run = [];
    }
  }
  return sorted;
}

/** Every byte but times, processes, where Triton is installed, the width that this gives a table, and lines of backends. */
function withoutPlace(text: string): string {
  const lines = text.trimEnd().split('\n').map(withoutTime);
  const kept = sortParallelWork(lines.filter((line) => !OF_BACKEND.test(line)));
  return withoutTableWidth(kept.join('\n'))
    .replaceAll('/opt/tritonserver', '{triton}')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:*')
    .replaceAll(/Timeout \d+: Found \d+/g, 'Timeout *: Found *');
}

/** What a line says, whatever its time, source file, ports, widths of tables and counts of a shutdown. */
function normalize(line: string): string {
  return withoutTime(line)
    .replace(/^([EWI]) [\w.]+:\d+\] /, '$1 ')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:*')
    .replaceAll(/Timeout \d+: Found \d+/g, 'Timeout *: Found *')
    .replaceAll(/(?:\{triton\}|\/opt\/tritonserver)[^"'| ]*/g, '{triton}')
    .replaceAll(/ *\| */g, '|')
    .replaceAll(/[-+]{3,}/g, '+-+')
    .trim();
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !OF_BACKEND.test(withoutTime(line)))
    .map(normalize)
    .filter((line) => line !== '' && line !== '+-+')
    .sort();
}

/** Lines of parallel work come in any order: compared as sets. */
function compareLines(what: string, expected: string, got: string): Verdict {
  if (withoutPlace(expected) === withoutPlace(got)) return EXACT;
  const [left, right] = [linesOf(expected), linesOf(got)];
  const missing = left.filter((line) => !right.includes(line));
  const extra = right.filter((line) => !left.includes(line));
  if (missing.length === 0 && extra.length === 0) return same(expected, got);
  return different(
    `${what} ${missing.length} lines ${shorten(missing, 700)}`,
    `${what} ${extra.length} lines ${shorten(extra, 700)}`,
  );
}

/** What stands before and after the usage text; null if there is none. */
function aroundUsage(text: string, usage: string): string | null {
  const at = text.indexOf('Usage: ');
  if (at < 0) return null;
  const tail = usage.trimEnd().split('\n').at(-1) ?? '';
  const last = text.lastIndexOf(tail);
  return last < 0
    ? null
    : `${text.slice(0, at)}${text.slice(last + tail.length)}`
        .replace(/^[^:\n]*: (?=unrecognized)/, '')
        .trim();
}

function compareErrors(expected: string, got: string, usages: readonly [string, string]): Verdict {
  const want = aroundUsage(expected, usages[0]);
  const ours = aroundUsage(got, usages[1]);
  if (want === null || ours === null) return compareLines('stderr', expected, got);
  return want === ours ? EXACT : different(`usage, then ${want}`, `usage, then ${ours}`);
}

/** Replays command lines; the usage text of both servers is compared once, by its own row. */
export class CommandLineReplay {
  readonly #command: ServerCommand;
  readonly #recordedUsage: string;
  #usage: Promise<string> | null = null;

  constructor(command: ServerCommand, recordedUsage: string) {
    this.#command = command;
    this.#recordedUsage = recordedUsage;
  }

  async replay(row: Row): Promise<Verdict> {
    const args = argumentsOf(row.name ?? '', this.#command.repositories);
    this.#usage ??= run(this.#command, ['--help']).then(({ stdout, stderr }) => stdout + stderr);
    const usages: [string, string] = [this.#recordedUsage, await this.#usage];
    const got = await run(this.#command, args);
    const cutStdout = row.stdout?.includes(USAGE_MARK) ?? false;
    return worst([
      equalVerdict('exit code', row.exit_code, got.exitCode),
      equalVerdict('kept running', row.kept_running_until_terminated, got.isTerminated),
      row.name === '--help'
        ? compareLines('stderr', row.stderr ?? '', got.stderr)
        : compareErrors(row.stderr ?? '', got.stderr, usages),
      compareStdout(row.stdout ?? '', got.stdout, cutStdout),
    ]);
  }
}

/** A recording may have lost the middle of a long output: then only what it has is looked for. */
function compareStdout(expected: string, got: string, isCut: boolean): Verdict {
  if (!isCut) return compareLines('stdout', expected, got);
  const [head = '', tail = ''] = expected.split(USAGE_MARK);
  const whole = [...head.split('\n').slice(0, -1), ...tail.split('\n').slice(1)].join('\n');
  const right = linesOf(got);
  const missing = linesOf(whole).filter((line) => !right.some((other) => other.startsWith(line)));
  return missing.length === 0
    ? same(expected, got)
    : different(`stdout ${shorten(missing, 700)}`, 'stdout without these');
}
