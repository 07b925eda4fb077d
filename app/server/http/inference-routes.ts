import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { RequestRecord } from '../../core/server-events/server-event.ts';
import { StatusError } from '../../core/status.ts';
import type { ServerOptions } from '../command-line.ts';
import type { ModelRepository } from '../repository/model-repository.ts';
import type { ModelVersion } from '../repository/model-version.ts';
import type { SharedMemoryRegions } from '../shared-memory/shared-memory-regions.ts';
import type { InferenceTrace } from '../trace/inference-trace.ts';
import type { Tracing } from '../trace/tracing.ts';
import { handleGenerate } from './generate-handler.ts';
import { handleInfer } from './infer-handler.ts';
import { MAX_BODY_BYTES, readBody, readJsonBody } from './read-body.ts';
import { failureReply, TEXT_TYPE, type Reply } from './reply.ts';
import { versionOf, type Route } from './routes.ts';

/** What requests to models share. */
export interface InferenceContext {
  readonly options: ServerOptions;
  readonly repository: ModelRepository;
  readonly regions: SharedMemoryRegions;
  readonly tracing: Tracing;
  readonly record: (record: RequestRecord) => void;
  /** True from the first SIGTERM on. */
  readonly isExiting: () => boolean;
}

/** A request with its body, ready to be decoded. */
interface Received {
  readonly request: IncomingMessage;
  readonly body: Uint8Array;
  readonly arrivedAt: number;
  readonly signal: AbortSignal;
  readonly trace: InferenceTrace | null;
}

function readInferBody(request: IncomingMessage, { httpMaxInputBytes }: ServerOptions): Promise<Uint8Array> {
  const isPlainJson =
    request.headers['inference-header-content-length'] === undefined &&
    request.headers['content-encoding'] === undefined;
  if (isPlainJson) return readJsonBody(request, httpMaxInputBytes);
  return readBody(
    request,
    MAX_BODY_BYTES,
    (byteLength) => `request body of ${byteLength} bytes is larger than ${MAX_BODY_BYTES} bytes`,
  );
}

const closedSignals = new WeakMap<Socket, AbortSignal>();

/** Aborted when the client closes its connection; one for all requests that come over it. */
function closedSignal({ socket }: IncomingMessage): AbortSignal {
  const known = closedSignals.get(socket);
  if (known) return known;
  const closed = new AbortController();
  if (socket.destroyed) closed.abort();
  else socket.once('close', () => closed.abort());
  closedSignals.set(socket, closed.signal);
  return closed.signal;
}

function findVersion({ repository, isExiting }: InferenceContext, route: Route): ModelVersion {
  if (isExiting()) throw new StatusError('unavailable', 'Server exiting');
  const version = versionOf(route);
  // Version 0 means the newest, as if none were named.
  return repository.models.find(route.subject, version === '0' ? null : version);
}

/** Adds the times of the connection to a trace, and ends it when the answer has been sent. */
function traced(reply: Reply, trace: InferenceTrace | null): Reply {
  if (!trace) return reply;
  trace.timestamp('INFER_RESPONSE_COMPLETE', performance.now());
  return {
    ...reply,
    sending: (phase) => {
      trace.timestamp(phase === 'start' ? 'HTTP_SEND_START' : 'HTTP_SEND_END', performance.now());
      if (phase === 'end') trace.end();
    },
  };
}

/** Reads the body, has `answer` make the reply, and traces the way if this request is one to trace. */
async function receive(
  { tracing }: InferenceContext,
  route: Route,
  request: IncomingMessage,
  readIt: () => Promise<Uint8Array>,
  answer: (received: Received) => Promise<Reply>,
): Promise<Reply> {
  const startedAt = performance.now();
  const trace = tracing.sample(route.subject);
  try {
    const body = await readIt();
    const arrivedAt = performance.now();
    trace?.timestamp('HTTP_RECV_START', startedAt);
    trace?.timestamp('HTTP_RECV_END', arrivedAt);
    return traced(await answer({ request, body, arrivedAt, signal: closedSignal(request), trace }), trace);
  } catch (cause) {
    trace?.end();
    throw cause;
  }
}

/** `POST …/infer`. */
export async function infer(
  context: InferenceContext,
  route: Route,
  request: IncomingMessage,
): Promise<Reply> {
  const { options, record, regions } = context;
  let version: ModelVersion;
  try {
    version = findVersion(context, route);
  } catch (cause) {
    return failureReply(cause, TEXT_TYPE);
  }
  if (version.config.model_transaction_policy?.decoupled) {
    throw new StatusError(
      'unsupported',
      "HTTP end point doesn't support models with decoupled transaction policy",
    );
  }
  const readIt = (): Promise<Uint8Array> => readInferBody(request, options);
  return receive(context, route, request, readIt, (received) =>
    handleInfer({
      ...received,
      version,
      maxInputBytes: options.httpMaxInputBytes,
      headerForwardPattern: options.httpHeaderForwardPattern,
      record,
      regions,
    }),
  );
}

/** `POST …/generate` and `POST …/generate_stream`. */
export async function generate(
  context: InferenceContext,
  route: Route,
  request: IncomingMessage,
): Promise<Reply> {
  const version = findVersion(context, route);
  const { record, options } = context;
  const readIt = (): Promise<Uint8Array> => readJsonBody(request, options.httpMaxInputBytes);
  const isStream = route.name === 'model-generate-stream';
  return receive(context, route, request, readIt, (received) =>
    handleGenerate({ ...received, version, isStream, record }),
  );
}
