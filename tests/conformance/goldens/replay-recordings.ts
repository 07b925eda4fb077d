import { unpackRepositories } from '../../support/recorded-repositories.ts';
import { shorten } from './compare-json.ts';
import { keyOf, readExceptions, updateNotYet, type Exceptions } from './exceptions.ts';
import { planSessions, type Session } from './plan-sessions.ts';
import { readRecordings, type RecordedRow } from './recording.ts';
import { CommandLineReplay } from './replay-cli.ts';
import { replaySession } from './replay-session.ts';
import type { ServerCommand } from './replay-server.ts';
import { removeRegions } from './shared-memory-regions.ts';
import { different, type Verdict } from './verdict.ts';

interface Outcome {
  readonly recorded: RecordedRow;
  readonly verdict: Verdict;
}

/** What became of a row that differs, or that is excepted and does not. */
interface Complaint {
  readonly key: string;
  readonly text: string;
}

export interface ReplayOptions {
  readonly root: string;
  /** Names of recordings; empty: all. */
  readonly recordings: readonly string[];
  readonly isVerbose: boolean;
  /** Print rows whose bytes differ where their data agree. */
  readonly showsBytes: boolean;
  /** Take rows that agree out of the lists of what is not done yet. */
  readonly prunes: boolean;
  /** Put rows that differ into them. */
  readonly adds: boolean;
}

const LEAD_CHARACTERS = 60;

/** A little before the first character in which two texts differ. */
function startOfDifference(left: string, right: string): number {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at += 1;
  return Math.max(0, at - LEAD_CHARACTERS);
}

export interface ReplaySummary {
  readonly rows: number;
  readonly agreeing: number;
  readonly failed: number;
}

function recordingsIn(root: string): string {
  return `${root}tests/fixtures/goldens/`;
}

function byRecording(outcomes: readonly Outcome[]): Map<string, Outcome[]> {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const { recording } = outcome.recorded;
    groups.set(recording, [...(groups.get(recording) ?? []), outcome]);
  }
  return groups;
}

async function replayCommandLines(
  command: ServerCommand,
  rows: readonly RecordedRow[],
  onVerdict: (row: RecordedRow, verdict: Verdict) => void,
): Promise<void> {
  const usage = rows.find(({ name }) => name === '--help')?.row.stderr ?? '';
  const replay = new CommandLineReplay(command, usage);
  for (const recorded of rows) {
    const verdict = await replay
      .replay(recorded.row)
      .catch((cause: unknown) => different('a run', cause instanceof Error ? cause.message : String(cause)));
    onVerdict(recorded, verdict);
  }
}

async function replayAll(options: ReplayOptions, rows: readonly RecordedRow[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const repositories = await unpackRepositories(recordingsIn(options.root));
  const command = {
    program: `${options.root}dist/node/server.mjs`,
    repositories: repositories.path,
    protos: `${options.root}resources/proto`,
  };
  const shown = new Set<Verdict['kind']>([
    ...(options.isVerbose ? ['different' as const] : []),
    ...(options.showsBytes ? ['same' as const] : []),
  ]);
  const onVerdict = (recorded: RecordedRow, verdict: Verdict): void => {
    outcomes.push({ recorded, verdict });
    if (verdict.kind === 'exact' || !shown.has(verdict.kind)) return;
    const from = verdict.kind === 'same' ? startOfDifference(verdict.expected, verdict.got) : 0;
    const [expected, got] = [verdict.expected, verdict.got].map((text) => shorten(text.slice(from), 1000));
    const sign = verdict.kind === 'same' ? '~' : '-';
    print(`${sign} ${keyOf(recorded)}\n    expected ${expected}\n    got      ${got}`);
  };
  try {
    const commandLines = rows.filter(({ recording }) => recording === 'cli');
    if (commandLines.length > 0)
      await timed('command lines', () => replayCommandLines(command, commandLines, onVerdict));
    for (const session of planSessions(rows.filter(({ recording }) => recording !== 'cli')))
      await timed(describe(session), () => replaySession(command, session, onVerdict));
  } finally {
    await removeRegions();
    await repositories.remove();
  }
  return outcomes;
}

function describe({ plan, rows }: Session): string {
  const recordings = [...new Set(rows.map(({ recording }) => recording))];
  const env = Object.entries(plan.env ?? {}).map(([key, value]) => `${key}=${value}`);
  return `${recordings.join(', ')}: ${rows.length} rows of ${[...plan.repositories, ...plan.flags, ...env].join(' ')}`;
}

async function timed(what: string, replay: () => Promise<void>): Promise<void> {
  const begin = performance.now();
  await replay();
  print(`${((performance.now() - begin) / 1000).toFixed(1).padStart(6)} s  ${shorten(what, 150)}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function percent(part: number, all: number): string {
  return all === 0 ? '-' : `${((100 * part) / all).toFixed(1)} %`;
}

function printTable(outcomes: readonly Outcome[], exceptions: Exceptions): void {
  const line = (cells: readonly (string | number)[]): void =>
    print(cells.map((cell, at) => (at === 0 ? String(cell).padEnd(24) : String(cell).padStart(11))).join(''));
  line(['recording', 'rows', 'same bytes', 'same data', 'different', 'better', 'not yet']);
  const groups = byRecording(outcomes);
  const count = (all: readonly Outcome[]): number[] => {
    const kinds = (kind: Verdict['kind']): readonly Outcome[] =>
      all.filter(({ verdict }) => verdict.kind === kind);
    const differ = kinds('different');
    const listed = (list: ReadonlyMap<string, string>): number =>
      differ.filter(({ recorded }) => list.has(keyOf(recorded))).length;
    return [
      all.length,
      kinds('exact').length,
      kinds('same').length,
      differ.length,
      listed(exceptions.better),
      listed(exceptions.notYet),
    ];
  };
  for (const name of [...groups.keys()].sort()) line([name, ...count(groups.get(name) ?? [])]);
  const total = count(outcomes);
  line(['all', ...total]);
  const [rows = 0, exact = 0, same = 0] = total;
  print(
    `\n${percent(exact + same, rows)} of the rows agree with a real Triton, ${percent(exact, rows)} byte for byte.`,
  );
}

function findComplaints(outcomes: readonly Outcome[], { better, notYet }: Exceptions): Complaint[] {
  return outcomes.flatMap(({ recorded, verdict }) => {
    const key = keyOf(recorded);
    const why = better.get(key) ?? notYet.get(key);
    if (verdict.kind !== 'different')
      return why === undefined ? [] : [{ key, text: 'agrees, but is still listed as an exception' }];
    if (why !== undefined) return [];
    return [{ key, text: `expected ${shorten(verdict.expected)}\n    got      ${shorten(verdict.got)}` }];
  });
}

function findUnknown(outcomes: readonly Outcome[], { better, notYet }: Exceptions): Complaint[] {
  const replayed = new Set(outcomes.map(({ recorded }) => recorded.recording));
  const known = new Set(outcomes.map(({ recorded }) => keyOf(recorded)));
  return [...better.keys(), ...notYet.keys()]
    .filter((key) => replayed.has(key.slice(0, key.indexOf(':'))) && !known.has(key))
    .map((key) => ({ key, text: 'is listed as an exception, but no such row was recorded' }));
}

async function updateLists(
  folder: string,
  options: ReplayOptions,
  outcomes: readonly Outcome[],
  exceptions: Exceptions,
): Promise<void> {
  for (const [recording, all] of byRecording(outcomes)) {
    const names = (kind: boolean): string[] =>
      all
        .filter(({ verdict }) => (verdict.kind === 'different') === kind)
        .map(({ recorded }) => recorded.name);
    const added = names(true).filter((name) => {
      const key = keyOf({ recording, name });
      return !exceptions.better.has(key) && !exceptions.notYet.has(key);
    });
    await updateNotYet(
      folder,
      recording,
      new Set(names(false)),
      options.adds ? added : [],
      'Not served like this yet.',
    );
  }
}

/** Replays recordings of a real Triton against a server of ours and prints how many answers agree. */
export async function replayRecordings(options: ReplayOptions): Promise<ReplaySummary> {
  const folder = `${options.root}tests/conformance/goldens/`;
  const rows = await readRecordings(recordingsIn(options.root), options.recordings);
  const outcomes = await replayAll(options, rows);
  const before = await readExceptions(folder);
  if (options.prunes || options.adds) await updateLists(folder, options, outcomes, before);
  const exceptions = await readExceptions(folder);
  printTable(outcomes, exceptions);
  const complaints = [...findComplaints(outcomes, exceptions), ...findUnknown(outcomes, exceptions)];
  for (const { key, text } of complaints) print(`✗ ${key}\n    ${text}`);
  const agreeing = outcomes.filter(({ verdict }) => verdict.kind !== 'different').length;
  return { rows: outcomes.length, agreeing, failed: complaints.length };
}
