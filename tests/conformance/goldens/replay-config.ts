import { compareTexts } from './compare-json.ts';
import { compareComplaints, findComplaints } from './compare-log.ts';
import type { BriefAnswer, IndexEntry, Row } from './recording.ts';
import { awaitComplaints } from './replay-http.ts';
import type { ReplayServer } from './replay-server.ts';
import { different, equalVerdict, EXACT, worst, type Verdict } from './verdict.ts';

function encodeName(model: string): string {
  return encodeURIComponent(model);
}

async function ask(server: ReplayServer, path: string, method = 'GET'): Promise<BriefAnswer> {
  const { status, body } = await server.call({ method, path });
  return { status, body: server.place(body.toString('utf8')) };
}

function compareBrief(what: string, expected: BriefAnswer, got: BriefAnswer): Verdict {
  if (expected.status !== got.status)
    return different(`${what} ${expected.status} ${expected.body}`, `${what} ${got.status} ${got.body}`);
  const verdict = compareTexts(expected.body, got.body);
  return verdict.kind === 'different'
    ? different(`${what} ${verdict.expected}`, `${what} ${verdict.got}`)
    : verdict;
}

async function readIndex(server: ReplayServer): Promise<readonly IndexEntry[]> {
  const { body } = await ask(server, '/v2/repository/index', 'POST');
  return JSON.parse(body) as IndexEntry[];
}

function compareIndex(expected: readonly IndexEntry[], got: readonly IndexEntry[]): Verdict {
  const text = (entries: readonly IndexEntry[]): string =>
    JSON.stringify(entries.map(({ name, version, state, reason }) => ({ name, version, state, reason })));
  const verdict = compareTexts(text(expected), text(got));
  return verdict.kind === 'different' ? different(`index ${text(expected)}`, `index ${text(got)}`) : verdict;
}

/** Loads a model, compares all that can be asked about it, and unloads it again. */
export async function replayModelLoad(server: ReplayServer, row: Row): Promise<Verdict> {
  const { model = '' } = row;
  const path = `/v2/models/${encodeName(model)}`;
  const from = server.stderr.length;
  const verdicts: Verdict[] = [];
  const load = await ask(server, `/v2/repository/models/${encodeName(model)}/load`, 'POST');
  if (row.load) verdicts.push(compareBrief('load', row.load, load));
  if (Array.isArray(row.log)) {
    const expected = row.log as readonly string[];
    verdicts.push(compareComplaints(expected, await awaitComplaints(server, from, expected)));
  }
  const index = await readIndex(server);
  if (row.index)
    verdicts.push(
      compareIndex(
        row.index,
        index.filter(({ name }) => name === model),
      ),
    );
  if (row.ready_status !== undefined)
    verdicts.push(equalVerdict('ready', row.ready_status, (await ask(server, `${path}/ready`)).status));
  verdicts.push(...(await compareDescriptions(server, row)));
  verdicts.push(await compareServerReady(server, row));
  if (row.unload) {
    const answer = await ask(server, `/v2/repository/models/${encodeName(model)}/unload`, 'POST');
    verdicts.push(compareBrief('unload', row.unload, answer));
    await server.waitUntilUnloaded();
  }
  return worst(verdicts);
}

const HAS_FAILED = 'a load failed';

/** A model that failed keeps the server from being ready; it may have been one that is not among the recorded rows. */
async function compareServerReady(server: ReplayServer, row: Row): Promise<Verdict> {
  const hasFailed = row.index?.some(({ state, reason }) => state === 'UNAVAILABLE' && reason !== 'unloaded');
  if (hasFailed) server.done.add(HAS_FAILED);
  const expected = row.server_ready_status;
  if (expected === undefined || (expected !== 200 && !server.done.has(HAS_FAILED))) return EXACT;
  return equalVerdict('server ready', expected, (await ask(server, '/v2/health/ready')).status);
}

/** Config and metadata of a model that a running server serves or not. */
export async function compareDescriptions(server: ReplayServer, row: Row): Promise<Verdict[]> {
  const path = `/v2/models/${encodeName(row.model ?? '')}`;
  const verdicts: Verdict[] = [];
  if (row.config) verdicts.push(compareBrief('config', row.config, await ask(server, `${path}/config`)));
  if (row.metadata) verdicts.push(compareBrief('metadata', row.metadata, await ask(server, path)));
  return verdicts;
}

/** What a server says that was started with a whole repository: index, configs, complaints. */
export async function replayRepository(server: ReplayServer, row: Row): Promise<Verdict> {
  const verdicts: Verdict[] = [];
  if (row.index) verdicts.push(compareIndex(row.index, await readIndex(server)));
  for (const [model, { config }] of Object.entries(row.models ?? {}))
    verdicts.push(...(await compareDescriptions(server, { model, config })));
  if (Array.isArray(row.log))
    verdicts.push(
      compareComplaints(row.log as readonly string[], findComplaints(server.place(server.stderr))),
    );
  return worst(verdicts);
}

/** The real server dies of these models: ours has to answer and to live on. */
export async function replayModelCrash(server: ReplayServer, row: Row): Promise<Verdict> {
  const { status } = await ask(server, `/v2/repository/models/${encodeName(row.model ?? '')}/load`, 'POST');
  const isLive = await server.isLive();
  return status >= 200 && isLive ? EXACT : different('an answer', `${status}, live: ${isLive}`);
}
