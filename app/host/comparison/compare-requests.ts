import type { ComparedServer, RequestComparison } from '../../contract/comparison.ts';
import type { HistoryEntry } from '../../contract/inference.ts';
import { compareOutputs } from '../../core/comparison/compare-outputs.ts';
import { StatusError, statusOf } from '../../core/status.ts';
import type { HistoryStore } from '../history/history-store.ts';
import { sequenceParameters } from '../inference/run-inference.ts';
import { checkAddress, checkHeaders } from '../open-inference/server-address.ts';
import { createOpenInferenceClient, type OpenInferenceClient } from '../open-inference/http-client.ts';

/** Requests of one comparison: what a person waits for. */
const MOST_REQUESTS = 200;
const SILENCE_MILLISECONDS = 30_000;
const LARGEST_ANSWER = 512 * 1024 * 1024;
function isSameOutcome(outcome: RequestComparison['outcome']): boolean {
  if (outcome.kind === 'answered') return outcome.outputs.every(({ kind }) => kind !== 'different');
  return outcome.here !== null && outcome.here === outcome.there;
}

async function compareOne(entry: HistoryEntry, client: OpenInferenceClient): Promise<RequestComparison> {
  const { id, at, model, inputs, inputsSummary, outcome, protocol, sequence, timing } = entry;
  const base = { id, at, model, inputsSummary, hereMicroseconds: timing.totalMicroseconds };
  const here = outcome.kind === 'failed' ? outcome.failure.message : null;
  const finish = (there: RequestComparison['outcome'], thereMicroseconds?: number): RequestComparison => ({
    ...base,
    ...(thereMicroseconds !== undefined && { thereMicroseconds }),
    isSame: isSameOutcome(there),
    outcome: there,
  });
  try {
    const { response, totalMicroseconds } = await client.infer({
      model,
      inputs,
      protocol,
      ...(outcome.kind === 'answered' && { outputs: outcome.outputs.map(({ name }) => name) }),
      ...(sequence && { parameters: sequenceParameters(sequence) }),
    });
    if (outcome.kind === 'failed') return finish({ kind: 'refused', here, there: null }, totalMicroseconds);
    const outputs = compareOutputs(outcome.outputs, response.outputs);
    return finish({ kind: 'answered', outputs }, totalMicroseconds);
  } catch (cause) {
    return finish({ kind: 'refused', here, there: statusOf(cause).message });
  }
}

/**
 * Sends saved requests to another server, the oldest first, and compares its answers with those that were saved.
 * Nothing else is asked of it, and no redirect is followed.
 * @throws StatusError `invalid-argument` for an address or a header that cannot be used, `not-found` for an unknown id.
 */
export async function compareRequests(
  ids: readonly string[],
  server: ComparedServer,
  history: HistoryStore,
): Promise<readonly RequestComparison[]> {
  checkAddress(server.url);
  checkHeaders(server.headers ?? {});
  if (ids.length > MOST_REQUESTS)
    throw new StatusError('invalid-argument', `At most ${MOST_REQUESTS} requests are compared at once.`);
  const client = createOpenInferenceClient(server.url, {
    timeoutMilliseconds: SILENCE_MILLISECONDS,
    maxResponseBytes: LARGEST_ANSWER,
    ...(server.headers && { headers: server.headers }),
  });
  try {
    const entries: HistoryEntry[] = [];
    for (const id of ids) entries.push(await history.get(id));
    const compared: RequestComparison[] = [];
    for (const entry of entries.toSorted((left, right) => left.at - right.at))
      compared.push(await compareOne(entry, client));
    return compared;
  } finally {
    client.close();
  }
}
