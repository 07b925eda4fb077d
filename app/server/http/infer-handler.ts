import type { IncomingMessage } from 'node:http';
import {
  decodeInferRequest,
  rawInferRequest,
  type InferRequest,
} from '../../core/open-inference/infer-request.ts';
import { encodeInferResponse } from '../../core/open-inference/infer-response.ts';
import type { RequestRecord } from '../../core/server-events/server-event.ts';
import { StatusError } from '../../core/status.ts';
import { answerOutputs, placesOf } from '../answer-outputs.ts';
import type { Inference, ModelVersion } from '../repository/model-version.ts';
import { RefusedRequest, runInference } from '../run-inference.ts';
import type { SharedMemoryRegions } from '../shared-memory/shared-memory-regions.ts';
import type { InferenceTrace } from '../trace/inference-trace.ts';
import { chooseEncoding, compressBody, decompressBody, UnsupportedEncoding } from './compression.ts';
import { failureReply, JSON_TYPE, TEXT_TYPE, type Reply } from './reply.ts';

const HEADER_LENGTH = 'inference-header-content-length';

/** What one inference over HTTP has to do with. */
export interface InferCall {
  readonly request: IncomingMessage;
  readonly version: ModelVersion;
  /** As it was received. */
  readonly body: Uint8Array;
  /** When it had been received, on `performance.now()`. */
  readonly arrivedAt: number;
  readonly maxInputBytes: number;
  /** Headers whose name it matches become parameters; null: none do. */
  readonly headerForwardPattern: RegExp | null;
  readonly signal: AbortSignal;
  readonly record: (record: RequestRecord) => void;
  readonly regions: SharedMemoryRegions;
  readonly trace: InferenceTrace | null;
}

/** Length of the JSON in the body: what the header says, the whole body without one. */
function headerLengthOf(request: IncomingMessage, bodyLength: number): number {
  const header = request.headers[HEADER_LENGTH];
  if (header === undefined) return bodyLength;
  const text = Array.isArray(header) ? header.join(', ') : header;
  const match = /^\s*([+-]?\d+)/.exec(text);
  const length = match ? Number(match[1]) : Number.NaN;
  if (!match || text.includes(',') || !Number.isSafeInteger(length)) {
    throw new StatusError(
      'invalid-argument',
      `Unable to parse Inference-Header-Content-Length, got: ${text === '' ? ' ' : text}`,
    );
  }
  if (length < 0 || length > bodyLength) {
    throw new StatusError(
      'invalid-argument',
      `inference header size should be in range (0, ${bodyLength}), got: ${length}`,
    );
  }
  return length;
}

/** `--http-header-forward-pattern`: the headers that it matches are parameters of the request as well. */
function forwardHeaders(call: InferCall, request: InferRequest): InferRequest {
  const { headerForwardPattern: pattern } = call;
  if (!pattern) return request;
  const { rawHeaders } = call.request;
  const forwarded = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && pattern.test(name) ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
  );
  return { ...request, parameters: new Map([...request.parameters, ...forwarded]) };
}

function decode(call: InferCall, body: Uint8Array): InferRequest {
  const headerLength = headerLengthOf(call.request, body.byteLength);
  try {
    if (headerLength === 0) return rawInferRequest(body, call.maxInputBytes);
    return decodeInferRequest(body.subarray(0, headerLength), body.subarray(headerLength), {
      modelName: call.version.name,
      maxInputBytes: call.maxInputBytes,
      sharedMemory: call.regions,
    });
  } catch (cause) {
    throw new RefusedRequest(cause);
  }
}

async function compressed(reply: Reply, acceptEncoding: string | undefined): Promise<Reply> {
  const encoding = chooseEncoding(acceptEncoding);
  if (encoding === 'identity') return reply;
  const body = Buffer.concat(
    reply.parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
  );
  return {
    ...reply,
    headers: { ...reply.headers, 'Content-Encoding': encoding },
    parts: [await compressBody(body, encoding)],
  };
}

function inferenceReply(call: InferCall, request: InferRequest, inference: Inference): Reply {
  const { header, blocks } = encodeInferResponse({
    id: request.id,
    modelName: call.version.name,
    modelVersion: call.version.version,
    parameters: inference.parameters,
    outputs: answerOutputs(call.version, request, inference, call.regions),
  });
  if (blocks.length === 0) return { status: 200, contentType: JSON_TYPE, parts: [header] };
  return {
    status: 200,
    contentType: 'application/octet-stream',
    headers: { 'Inference-Header-Content-Length': String(Buffer.byteLength(header)) },
    parts: [header, ...blocks],
  };
}

function byteLengthOf(reply: Reply): number {
  return reply.parts.reduce((total, part) => total + Buffer.byteLength(part), 0);
}

function inferDecoded(call: InferCall, request: InferRequest): Promise<Reply> {
  const release = call.regions.hold(placesOf(request));
  return runInference({
    ...call,
    request,
    requestBytes: call.body.byteLength,
    answer: async (inference) => {
      const plain = inferenceReply(call, request, inference);
      const reply = await compressed(plain, call.request.headers['accept-encoding']);
      return { answer: reply, byteLength: byteLengthOf(reply) };
    },
  }).finally(release);
}

function refuseDecoupled({ config }: ModelVersion): void {
  if (!config.model_transaction_policy?.decoupled) return;
  throw new StatusError(
    'unsupported',
    "HTTP end point doesn't support models with decoupled transaction policy",
  );
}

/** `POST …/infer` of a version that is ready: Triton's answer, or its failure with the right content type. */
export async function handleInfer(call: InferCall): Promise<Reply> {
  try {
    refuseDecoupled(call.version);
    const body = await decompressBody(
      call.body,
      call.request.headers['content-encoding'],
      call.maxInputBytes,
    );
    return await inferDecoded(call, forwardHeaders(call, decode(call, body)));
  } catch (cause) {
    if (cause instanceof RefusedRequest) return failureReply(cause.cause, JSON_TYPE);
    const reply = failureReply(cause, TEXT_TYPE);
    return cause instanceof UnsupportedEncoding
      ? { ...reply, headers: { 'Accept-Encoding': 'gzip, deflate' } }
      : reply;
  }
}
