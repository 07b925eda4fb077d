import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** One request over HTTP as it was sent to a real Triton. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body_base64?: string;
  /** The body in chunks, instead of `body_base64`. */
  readonly chunks_base64?: readonly string[];
  readonly port?: 'metrics';
}

/** `status` -1: the real server gave no answer. */
export interface RecordedResponse {
  readonly status: number;
  readonly reason?: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body_base64?: string;
}

/** What was said about an answer where only status and text were kept. */
export interface BriefAnswer {
  readonly status: number;
  readonly body: string;
}

export interface IndexEntry {
  readonly name: string;
  readonly version?: string;
  readonly state?: string;
  readonly reason?: string;
}

export interface RecordedStatus {
  readonly code: string;
  readonly details: string;
}

/** One line of a recording. Which members a line has says what kind it is (see README of the recordings). */
export interface Row {
  readonly name?: string;
  readonly model?: string;
  readonly case?: string;
  readonly note?: string;
  readonly repositories?: readonly string[];
  readonly flags?: readonly string[];
  readonly log?: readonly string[] | string;
  readonly startup_log?: readonly string[];
  readonly request?: RecordedRequest;
  readonly response?: RecordedResponse;
  /** The body with everything that varies replaced by `*`. */
  readonly masked?: string;

  readonly load?: BriefAnswer;
  readonly index?: readonly IndexEntry[];
  readonly ready_status?: number;
  readonly config?: BriefAnswer;
  readonly metadata?: BriefAnswer;
  readonly server_ready_status?: number;
  readonly unload?: BriefAnswer;
  readonly models?: Readonly<Record<string, { readonly config: BriefAnswer }>>;
  readonly exception?: string;

  readonly exit_code?: number;
  readonly kept_running_until_terminated?: boolean;
  readonly stdout?: string;
  readonly stderr?: string;

  readonly request_base64?: string | readonly string[];
  readonly response_base64?: string;
  readonly closed_by_server?: boolean | string;
  readonly bytes_base64?: string;
  readonly results?: Readonly<Record<string, BriefAnswer & { readonly seconds: number }>>;

  readonly rpc?: string;
  readonly responses_base64?: readonly string[];
  readonly status?: RecordedStatus;

  readonly load_config?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, number>>;
  readonly requests?: readonly QueuedRequest[];
  readonly gap_s?: number;
  readonly responses?: readonly (BriefAnswer & { readonly ms: number })[];
  readonly batch_stats?: BatchStats;
  readonly batch_stats_varies?: readonly BatchStats[];
  readonly stats_masked?: string;
}

/** Pairs of batch size and how often it was executed. */
export type BatchStats = readonly (readonly [number, number])[];

/** A request of a pattern: `b` batch size (1), `dim` (2), `p` parameters. */
export interface QueuedRequest {
  readonly b?: number;
  readonly dim?: number;
  readonly p?: Readonly<Record<string, unknown>>;
}

/** A line with its place: recording and a name that is unique in it. */
export interface RecordedRow {
  readonly recording: string;
  readonly name: string;
  readonly row: Row;
}

function nameOf(row: Row): string {
  return row.name ?? row.model ?? row.case ?? '?';
}

function parseRows(recording: string, text: string): RecordedRow[] {
  const seen = new Map<string, number>();
  const lines = text.trim().split('\n');
  return lines.map((line) => {
    const row = JSON.parse(line) as Row;
    const count = (seen.get(nameOf(row)) ?? 0) + 1;
    seen.set(nameOf(row), count);
    return { recording, name: count === 1 ? nameOf(row) : `${nameOf(row)} (${count})`, row };
  });
}

/** The rows of every recording in the folder whose name is among `wanted` (all if none is named). */
export async function readRecordings(folder: string, wanted: readonly string[]): Promise<RecordedRow[]> {
  const names = (await readdir(folder))
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => name.slice(0, -'.jsonl'.length))
    .sort();
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new Error(`No recording is called ${unknown.join(', ')}: ${names.join(', ')}`);
  const rows: RecordedRow[] = [];
  for (const name of wanted.length > 0 ? wanted : names)
    rows.push(...parseRows(name, await readFile(join(folder, `${name}.jsonl`), 'utf8')));
  return rows;
}
