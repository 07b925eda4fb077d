import { setTimeout as sleep } from 'node:timers/promises';
import { compareTexts } from './compare-json.ts';
import { compareHttp } from './compare-http.ts';
import { compareComplaints, findComplaints } from './compare-log.ts';
import { compareMetrics } from './compare-metrics.ts';
import { exchange, exchangeBytes, NO_ANSWER, readAnswer } from './http-exchange.ts';
import type { RecordedRequest, RecordedResponse, Row } from './recording.ts';
import type { ReplayServer } from './replay-server.ts';
import { different, equalVerdict, EXACT, same, worst, type Verdict } from './verdict.ts';

const LOG_MILLISECONDS = 400;
const SILENCE_MILLISECONDS = 1500;

function decode(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

/** Waits for as many complaints as were recorded: a log line may come a moment after the answer. */
export async function awaitComplaints(
  server: ReplayServer,
  from: number,
  expected: readonly string[],
): Promise<string[]> {
  const end = Date.now() + LOG_MILLISECONDS;
  for (;;) {
    const got = findComplaints(server.place(server.stderr.slice(from)));
    if (expected.every((line) => got.includes(line)) || Date.now() > end) return got;
    await sleep(20);
  }
}

function send(server: ReplayServer, request: RecordedRequest): ReturnType<typeof exchange> {
  const { method, path, headers = {}, body_base64: body = '', chunks_base64: chunks, port } = request;
  return exchange(port === 'metrics' ? server.ports.metrics : server.ports.http, {
    method,
    path,
    headers,
    body: decode(body),
    ...(chunks ? { chunks: chunks.map(decode) } : {}),
  });
}

/** Where the real server gave no answer ours has to say something (or close), and to live on. */
async function replayCrash(server: ReplayServer, request: RecordedRequest): Promise<Verdict> {
  const { status, reason } = await send(server, request);
  const isLive = await server.isLive();
  if (isLive && (status === NO_ANSWER || status >= 400)) return EXACT;
  return different('a refusal, and a server that lives on', `${status} ${reason}, live: ${isLive}`);
}

function bodyComparison(row: Row): (want: string, got: string) => Verdict {
  if (row.request?.port === 'metrics' && row.response?.status === 200)
    return (want, got) => compareMetrics(row.masked ?? want, got);
  return (want, got) => compareTexts(want, got, row.masked);
}

/** Sends what was sent and compares what comes, and what is complained about meanwhile. */
export async function replayRequest(
  server: ReplayServer,
  row: Row,
  request: RecordedRequest,
  response: RecordedResponse,
  compareBody = bodyComparison(row),
): Promise<Verdict> {
  if (response.status === NO_ANSWER) return replayCrash(server, request);
  const from = server.stderr.length;
  const answer = await send(server, request);
  if (request.path.endsWith('/unload')) await server.waitUntilUnloaded(request.headers);
  const verdicts = [compareHttp(response, answer, server.place, compareBody)];
  if (Array.isArray(row.log)) {
    const expected = row.log as readonly string[];
    verdicts.push(compareComplaints(expected, await awaitComplaints(server, from, expected)));
  }
  if (row.startup_log)
    verdicts.push(
      compareComplaints(row.startup_log, findComplaints(server.place(server.stderr.slice(0, from)))),
    );
  return worst(verdicts);
}

/** Ours answers to names of this machine only. */
function forOurHost(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replace('Host: x\r\n', 'Host: localhost\r\n'), 'latin1');
}

/** Headers that say nothing a client depends on. */
const UNTOLD = /^(?:date|keep-alive|connection: keep-alive)/;

/** Bytes on a raw socket: the answer's status, headers and body, and whether the connection was closed. */
export async function replayBytes(server: ReplayServer, row: Row): Promise<Verdict> {
  const expected = decode(row.response_base64 ?? '');
  const { bytes, isClosed } = await exchangeBytes(
    server.ports.http,
    forOurHost(decode(String(row.request_base64))),
    SILENCE_MILLISECONDS,
  );
  const closes = row.closed_by_server !== false;
  if (bytes.equals(expected) && isClosed === closes) return EXACT;
  const describe = (all: Buffer, closed: boolean): unknown => {
    const answer = readAnswer(all, 'GET', true);
    const headers = answer?.headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`);
    const told = headers?.filter((line) => !UNTOLD.test(line)).sort();
    const rest = answer && {
      status: answer.status,
      reason: answer.reason,
      headers: told,
      body: String(answer.body),
    };
    return { ...rest, version: all.toString('latin1', 0, 8), closed };
  };
  const verdict = equalVerdict('socket', describe(expected, closes), describe(bytes, isClosed));
  return verdict.kind === 'exact' ? same(String(expected), String(bytes)) : verdict;
}
