import type { IncomingMessage } from 'node:http';
import { decodeGenerateRequest } from '../../core/open-inference/generate-request.ts';
import {
  encodeGenerateResponse,
  printGenerateFailure,
  printServerSentEvent,
} from '../../core/open-inference/generate-response.ts';
import type { InferRequest } from '../../core/open-inference/infer-request.ts';
import type { RequestRecord } from '../../core/server-events/server-event.ts';
import { StatusError, statusOf } from '../../core/status.ts';
import type { ModelVersion } from '../repository/model-version.ts';
import { RefusedRequest, runInference } from '../run-inference.ts';
import type { InferenceTrace } from '../trace/inference-trace.ts';
import { failureReply, JSON_TYPE, type Reply } from './reply.ts';

/** What one call of the generate endpoints has to do with. */
export interface GenerateCall {
  readonly request: IncomingMessage;
  readonly version: ModelVersion;
  readonly body: Uint8Array;
  readonly isStream: boolean;
  /** When the body had been received, on `performance.now()`. */
  readonly arrivedAt: number;
  readonly signal: AbortSignal;
  readonly record: (record: RequestRecord) => void;
  readonly trace: InferenceTrace | null;
}

const STREAM_TYPE = 'text/event-stream; charset=utf-8';

function checkEncoding(request: IncomingMessage): void {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === '' || encoding === 'identity') return;
  throw new StatusError('invalid-argument', "Unsupported content-encoding, only 'identity' is supported.");
}

/** Answers come in chunks, as from a server that does not know how many there will be. */
function chunkedReply(call: GenerateCall, status: number, body: string): Reply {
  return { status, contentType: call.isStream ? STREAM_TYPE : JSON_TYPE, parts: [body], isChunked: true };
}

function generate(call: GenerateCall, request: InferRequest): Promise<string> {
  return runInference({
    ...call,
    request,
    requestBytes: call.body.byteLength,
    answer: ({ parameters, outputs }) => {
      const json = encodeGenerateResponse({
        id: request.id,
        modelName: call.version.name,
        modelVersion: call.version.version,
        parameters,
        outputs: outputs.map((output) => ({ ...output, isBinary: false })),
      });
      const answer = call.isStream ? printServerSentEvent(json) : json;
      return { answer, byteLength: Buffer.byteLength(answer) };
    },
  });
}

/**
 * `POST …/generate` and `…/generate_stream` of a version that is ready. What the scheduler refuses at its door is an
 * ordinary failure; what fails later comes as the (only) chunk of an answer with status 400, as in Triton.
 */
export async function handleGenerate(call: GenerateCall): Promise<Reply> {
  try {
    checkEncoding(call.request);
    const request = decodeGenerateRequest(call.body, call.version.signature);
    return await generate(call, request).then(
      (body) => chunkedReply(call, 200, body),
      (cause: unknown) => {
        if (cause instanceof RefusedRequest) throw cause;
        return chunkedReply(call, 400, printGenerateFailure(statusOf(cause).message, call.isStream));
      },
    );
  } catch (cause) {
    return failureReply(cause instanceof RefusedRequest ? cause.cause : cause);
  }
}
