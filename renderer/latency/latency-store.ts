import { create } from 'zustand';
import type { CompletedRequest, HistorySummary } from '../../app/contract/inference.ts';
import type { HostClient } from '../../app/contract/host-client.ts';
import type { Mirror } from '../host/mirror.ts';
import { formatShape } from '../results/format-number.ts';
import { onRepositoryChange } from '../workspace/on-repository-change.ts';
import { RequestRing, type RingRequest } from './request-ring.ts';

/** Requests that are kept for each model: more than four minutes at 200 a second. */
export const KEPT_REQUESTS = 50_000;

interface LatencyState {
  /** By model; the rings themselves are changed in place. */
  readonly rings: ReadonlyMap<string, RequestRing>;
}

const useLatencyStore = create<LatencyState>(() => ({ rings: new Map() }));

const NO_REQUESTS = new RequestRing(1);

/** The newest requests of a model. The ring stays the same object while it fills; `end` tells that it did. */
export function useRequestRing(model: string): { readonly ring: RequestRing; readonly end: number } {
  const ring = useLatencyStore(({ rings }) => rings.get(model) ?? NO_REQUESTS);
  const end = useLatencyStore(({ rings }) => rings.get(model)?.end ?? 0);
  return { ring, end };
}

/** Takes every request that the server completes, from any client. */
export function subscribeLatency(host: HostClient): () => void {
  return host.on('requests.completed', ({ requests }) =>
    add(requests.map((request) => [request.model, ringRequest(request)])),
  );
}

/** Feeds the chart. What was asked from Conch before a reload comes back from history, so that it never starts empty. */
export const latencyMirror: Mirror = {
  reset: ({ history }) => {
    const known = new Set(useLatencyStore.getState().rings.keys());
    const fresh = history.filter(({ model }) => !known.has(model));
    add(fresh.toReversed().map((entry) => [entry.model, ringRequestOfHistory(entry)]));
  },
  follow: (host) => {
    const stops = [
      subscribeLatency(host),
      onRepositoryChange(() => useLatencyStore.setState({ rings: new Map() })),
    ];
    return () => stops.forEach((stop) => stop());
  },
};

function add(requests: readonly (readonly [model: string, request: RingRequest])[]): void {
  if (requests.length === 0) return;
  const next = new Map(useLatencyStore.getState().rings);
  for (const [model, request] of requests) {
    const ring = next.get(model) ?? new RequestRing(KEPT_REQUESTS);
    next.set(model, ring);
    ring.push(request);
  }
  useLatencyStore.setState({ rings: next });
}

function ringRequest(request: CompletedRequest): RingRequest {
  const { requestId, version, error, historyId, httpStatus, batchSize, requestBytes, responseBytes } =
    request;
  const inputs = request.inputs.map(
    ({ name, shape, datatype }) => `${name} ${formatShape(shape)} ${datatype}`,
  );
  return {
    at: request.at,
    isOk: request.isOk,
    total: request.totalMicroseconds,
    queue: request.queueMicroseconds,
    compute:
      request.computeInputMicroseconds + request.computeInferMicroseconds + request.computeOutputMicroseconds,
    label: {
      requestId,
      version,
      httpStatus,
      batchSize,
      requestBytes,
      responseBytes,
      inputs: shared(inputs.join(', ')),
      clock: 'server',
      ...(error === undefined ? {} : { error: shared(error) }),
      ...(historyId === undefined ? {} : { historyId }),
    },
  };
}

function ringRequestOfHistory(entry: HistorySummary): RingRequest {
  const { server, totalMicroseconds } = entry.timing;
  return {
    at: entry.at,
    isOk: entry.isAnswered,
    total: server?.totalMicroseconds ?? totalMicroseconds,
    queue: server?.queueMicroseconds ?? 0,
    compute:
      server === undefined
        ? 0
        : server.computeInputMicroseconds +
          server.computeInferMicroseconds +
          server.computeOutputMicroseconds,
    label: {
      requestId: '',
      version: entry.version === undefined ? '' : String(entry.version),
      httpStatus: entry.isAnswered ? 200 : 0,
      batchSize: 0,
      requestBytes: 0,
      responseBytes: 0,
      inputs: shared(entry.inputsSummary),
      clock: server === undefined ? 'client' : 'server',
      historyId: entry.id,
    },
  };
}

const texts = new Map<string, string>();

/** One copy of equal texts: thousands of requests of one client differ only in their numbers. */
function shared(text: string): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  if (texts.size > 1000) texts.clear();
  texts.set(text, text);
  return text;
}
