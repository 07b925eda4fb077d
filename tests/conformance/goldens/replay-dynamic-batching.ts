import { setTimeout as sleep } from 'node:timers/promises';
import { compareTexts, shorten } from './compare-json.ts';
import type { BatchStats, BriefAnswer, QueuedRequest, Row } from './recording.ts';
import type { ReplayServer } from './replay-server.ts';
import { different, EXACT, same, worst, type Verdict } from './verdict.ts';

const MODEL = 'dyn_plain';
/** Answers that came closer together than this have no order. */
const ORDERED_MILLISECONDS = 25;

interface Answered extends BriefAnswer {
  /** When it was answered, since the first request was sent. */
  readonly at: number;
}

function inferBody(index: number, { b = 1, dim = 2, p }: QueuedRequest): string {
  const data = Array.from({ length: b * dim }, () => index);
  const inputs = [{ name: 'INPUT0', shape: [b, dim], datatype: 'FP32', data }];
  return JSON.stringify({ id: String(index), inputs, ...(p ? { parameters: p } : {}) });
}

async function sendPattern(server: ReplayServer, row: Row): Promise<Answered[]> {
  const begin = performance.now();
  const gap = (row.gap_s ?? 0) * 1000;
  return Promise.all(
    (row.requests ?? []).map(async (request, index) => {
      await sleep(Math.max(0, begin + index * gap - performance.now()));
      const { status, body } = await server.post(`/v2/models/${MODEL}/infer`, inferBody(index, request));
      return { status, body: body.toString('utf8'), at: performance.now() - begin };
    }),
  );
}

function compareResponses(row: Row, got: readonly Answered[]): Verdict {
  const expected = row.responses ?? [];
  return worst(
    expected.map(({ status, body }, index) => {
      const answer = got[index];
      return answer?.status === status
        ? compareTexts(body, answer.body)
        : different(`${index}: ${status} ${body}`, `${index}: ${answer?.status} ${answer?.body}`);
    }),
  );
}

/** Whoever was answered clearly earlier has to be so here too. Refusals come when they come (the real ones late). */
function compareOrder(row: Row, got: readonly Answered[]): Verdict {
  // `ms` counts from the first request of the row: what one batch answers has the same.
  const expected = (row.responses ?? []).map(({ ms, status }, index) => ({ at: ms, status, index }));
  const answered = expected.filter(({ status }) => status === 200);
  for (const early of answered) {
    for (const late of answered) {
      const isOrdered = early.at + ORDERED_MILLISECONDS < late.at;
      if (isOrdered && (got[early.index]?.at ?? 0) > (got[late.index]?.at ?? 0) + 2)
        return different(
          `${early.index} before ${late.index}`,
          `answered at ${got.map(({ at }) => Math.round(at)).join(', ')} ms`,
        );
    }
  }
  return EXACT;
}

interface Statistics {
  readonly model_stats: readonly {
    readonly batch_stats: readonly {
      readonly batch_size: number;
      readonly compute_infer: { readonly count: number };
    }[];
  }[];
}

function batchStatsOf(statistics: string): BatchStats {
  const {
    model_stats: [model],
  } = JSON.parse(statistics) as Statistics;
  return (model?.batch_stats ?? []).map((each) => [each.batch_size, each.compute_infer.count]);
}

/** Loads the model with the row's config, sends the pattern, compares answers, order, and which batches were formed. */
export async function replayPattern(server: ReplayServer, row: Row): Promise<Verdict> {
  await server.post(`/v2/repository/models/${MODEL}/unload`);
  await server.waitUntilUnloaded();
  const load = await server.post(
    `/v2/repository/models/${MODEL}/load`,
    JSON.stringify({ parameters: { config: JSON.stringify(row.load_config) } }),
  );
  if (load.status !== row.load?.status)
    return different(
      `load ${row.load?.status}`,
      `load ${load.status} ${shorten(load.body.toString('utf8'))}`,
    );
  const got = await sendPattern(server, row);
  const { body } = await server.call({ method: 'GET', path: `/v2/models/${MODEL}/stats` });
  const statistics = body.toString('utf8');
  const formed = JSON.stringify(batchStatsOf(statistics));
  const isAsRecorded = formed === JSON.stringify(row.batch_stats);
  if (!isAsRecorded) {
    const allowed = (row.batch_stats_varies ?? []).map((each) => JSON.stringify(each));
    return allowed.includes(formed)
      ? same(row.batch_stats, formed)
      : different(`batches ${JSON.stringify(row.batch_stats)}`, `batches ${formed}, ${describe(got)}`);
  }
  return worst([
    compareResponses(row, got),
    compareOrder(row, got),
    compareTexts(row.stats_masked ?? '', statistics, row.stats_masked),
  ]);
}

function describe(got: readonly Answered[]): string {
  return got.map(({ status, at }) => `${status} at ${Math.round(at)} ms`).join(', ');
}
