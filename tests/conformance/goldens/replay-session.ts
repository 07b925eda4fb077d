import { compareLogLines, compareRefusedStart } from './compare-start.ts';
import { exchange, NO_ANSWER } from './http-exchange.ts';
import type { Session } from './plan-sessions.ts';
import type { RecordedRow } from './recording.ts';
import { replayModelCrash, replayModelLoad, replayRepository } from './replay-config.ts';
import { replayPattern } from './replay-dynamic-batching.ts';
import { GrpcReplay } from './replay-grpc.ts';
import { replayBytes, replayRequest } from './replay-http.ts';
import { replayBacklog, startsFromUnknownState, StateOffsets, stateComparison } from './replay-sequences.ts';
import { ReplayServer, type ServerCommand } from './replay-server.ts';
import { compareRegion, prepareRegions } from './shared-memory-regions.ts';
import { doStep } from './steps.ts';
import { different, EXACT, type Verdict } from './verdict.ts';

const PATTERN_TRIES = 3;

/** Answers one session's rows by one server, in order. */
class SessionReplay {
  readonly #server: ReplayServer;
  readonly #offsets = new StateOffsets();
  readonly #protos: string;
  #client: GrpcReplay | null = null;

  constructor(server: ReplayServer, protos: string) {
    this.#server = server;
    this.#protos = protos;
  }

  async replay({ recording, name, row }: RecordedRow): Promise<Verdict> {
    const server = this.#server;
    if (recording === 'rate_limiter' && !row.request) return compareRefusedStart(server, String(row.log));
    if (server.hasExited) return different('a running server', `it ended: ${server.stderr.slice(-500)}`);
    await doStep(server, recording, name);
    if (row.rpc) return this.#grpc().replay({ recording, name, row });
    if (row.load_config) return this.#replayPattern(row);
    if (row.results) return replayBacklog(server, name, row);
    if (row.bytes_base64 !== undefined) return compareRegion(row.bytes_base64);
    if (row.exception !== undefined) return replayModelCrash(server, row);
    if (row.model !== undefined) return replayModelLoad(server, row);
    if (row.request && row.response) return this.#replayRequest(recording, name, row);
    if (row.request_base64 !== undefined) return replayBytes(server, row);
    if (row.index) return replayRepository(server, row);
    if (row.note?.startsWith('ConnectionRefused')) return this.#expectNoMetrics();
    if (Array.isArray(row.log)) return compareLogLines(server, row.log as readonly string[]);
    return different('a row that the replay knows', Object.keys(row));
  }

  async #replayRequest(recording: string, name: string, row: RecordedRow['row']): Promise<Verdict> {
    const { request, response } = row;
    if (!request || !response) return EXACT;
    if (recording === 'shared_memory') await prepareRegions(name);
    if (!startsFromUnknownState(request.path)) return replayRequest(this.#server, row, request, response);
    const body = Buffer.from(request.body_base64 ?? '', 'base64').toString('utf8');
    return replayRequest(
      this.#server,
      row,
      request,
      response,
      stateComparison(this.#offsets, body, request.path),
    );
  }

  #grpc(): GrpcReplay {
    this.#client ??= new GrpcReplay(this.#server, this.#protos);
    return this.#client;
  }

  close(): void {
    this.#client?.close();
  }

  /** A pattern depends on a few milliseconds: a busy machine gets another try. */
  async #replayPattern(row: RecordedRow['row']): Promise<Verdict> {
    let verdict = await replayPattern(this.#server, row);
    for (let tries = 1; verdict.kind === 'different' && tries < PATTERN_TRIES; tries += 1)
      verdict = await replayPattern(this.#server, row);
    return verdict;
  }

  async #expectNoMetrics(): Promise<Verdict> {
    const { status } = await exchange(this.#server.ports.metrics, { method: 'GET', path: '/metrics' });
    return status === NO_ANSWER ? EXACT : different('no metrics port', `${status}`);
  }
}

/** Starts the server of a session and answers its rows; every row gets a verdict. */
export async function replaySession(
  command: ServerCommand,
  session: Session,
  onVerdict: (row: RecordedRow, verdict: Verdict) => void,
): Promise<void> {
  const server = await ReplayServer.start(command, session.plan);
  const replay = new SessionReplay(server, command.protos);
  for (const recorded of session.rows) {
    const verdict = await replay
      .replay(recorded)
      .catch((cause: unknown) =>
        different('an answer', cause instanceof Error ? cause.message : String(cause)),
      );
    onVerdict(recorded, verdict);
  }
  replay.close();
  await server.stop();
}
