import { performance } from 'node:perf_hooks';
import { encodeGrpcMessage } from '../../core/grpc/grpc-messages.ts';
import { readInferRequest } from '../../core/grpc/read-infer-request.ts';
import { readModelVersion } from '../../core/grpc/read-model-version.ts';
import { readWireInferRequest, type WireInferRequest } from '../../core/grpc/wire-infer-request.ts';
import { writeInferResponse } from '../../core/grpc/write-infer-response.ts';
import type { InferRequest } from '../../core/open-inference/infer-request.ts';
import { StatusError } from '../../core/status.ts';
import { answerOutputs, placesOf } from '../answer-outputs.ts';
import type { ServerContext } from '../http/handle-request.ts';
import type { ModelVersion } from '../repository/model-version.ts';
import { RefusedRequest, runInference } from '../run-inference.ts';
import type { InferenceTrace } from '../trace/inference-trace.ts';
import type { GrpcCall, OutgoingMessage } from './grpc-call.ts';
import { grpcStatusOf, isForeseen } from './grpc-failure.ts';

/** What one inference has to do with, whichever RPC it came by. */
export interface InferCall {
  readonly context: ServerContext;
  readonly call: GrpcCall;
  readonly wire: WireInferRequest;
  readonly isStreamed: boolean;
  /** When the server began to wait for this request, on `performance.now()`. */
  readonly waitedSince: number;
}

/** What of a request can be said before it is executed. @throws RefusedRequest */
function prepare({ context, wire, isStreamed }: InferCall): { version: ModelVersion; request: InferRequest } {
  try {
    const requestedVersion = readModelVersion(wire.modelVersion);
    if (context.isExiting()) throw new StatusError('unavailable', 'Server exiting');
    const version = context.repository.models.find(wire.modelName, requestedVersion);
    if (!isStreamed && version.config.model_transaction_policy?.decoupled) {
      throw new StatusError(
        'unsupported',
        "ModelInfer RPC doesn't support models with decoupled transaction policy",
      );
    }
    return { version, request: readInferRequest(wire, context.regions) };
  } catch (cause) {
    throw new RefusedRequest(cause);
  }
}

/** Adds the times of sending to a trace, and ends it when the answer has been sent. */
function traced(answer: OutgoingMessage, trace: InferenceTrace | null): OutgoingMessage {
  if (!trace) return answer;
  trace.timestamp('INFER_RESPONSE_COMPLETE', performance.now());
  return {
    ...answer,
    sending: (phase) => {
      trace.timestamp(phase === 'start' ? 'GRPC_SEND_START' : 'GRPC_SEND_END', performance.now());
      if (phase === 'end') trace.end();
    },
  };
}

/** Executes one request and makes its answer. Rejects with a RefusedRequest if it does not come that far. */
async function infer(inferCall: InferCall): Promise<OutgoingMessage> {
  const { context, call, wire, isStreamed, waitedSince } = inferCall;
  const arrivedAt = performance.now();
  const { version, request } = prepare(inferCall);
  const release = context.regions.hold(placesOf(request));
  const trace = context.tracing.sample(version.name);
  trace?.timestamp('GRPC_WAITREAD_START', waitedSince);
  trace?.timestamp('GRPC_WAITREAD_END', arrivedAt);
  const running = runInference({
    version,
    request,
    requestBytes: wire.bytes.byteLength,
    arrivedAt,
    signal: call.signal,
    trace,
    record: context.record,
    answer: (inference) => {
      const answer = writeInferResponse(
        {
          id: request.id,
          modelName: version.name,
          modelVersion: version.version,
          parameters: isStreamed
            ? [...inference.parameters, ['triton_final_response', true]]
            : inference.parameters,
          outputs: answerOutputs(version, request, inference, context.regions),
        },
        isStreamed,
      );
      return { answer, byteLength: answer.byteLength };
    },
  });
  try {
    return traced(await running, trace);
  } catch (cause) {
    trace?.end();
    throw cause;
  } finally {
    release();
  }
}

/** `ModelInfer`. */
export async function handleModelInfer(
  context: ServerContext,
  call: GrpcCall,
  bytes: Uint8Array,
): Promise<OutgoingMessage> {
  try {
    const wire = readWireInferRequest(bytes);
    return await infer({ context, call, wire, isStreamed: false, waitedSince: call.startedAt });
  } catch (cause) {
    throw cause instanceof RefusedRequest ? cause.cause : cause;
  }
}

/** An answer to a streamed request that failed: the stream goes on. */
function failedAnswer(id: string, errorMessage: string): OutgoingMessage {
  const bytes = encodeGrpcMessage('ModelStreamInferResponse', {
    error_message: errorMessage,
    infer_response: { id },
  });
  return { parts: [bytes], byteLength: bytes.byteLength };
}

/** Requests of one stream that may run or wait at the same time; more are not read until answers have gone out. */
const MAX_REQUESTS_IN_FLIGHT = 1024;

/**
 * `ModelStreamInfer`: requests run as they come, answers go out in the order of their requests. A request that fails
 * is answered with its error; with the metadata `triton_grpc_error: true` the first one that fails in its model ends the
 * stream with that status instead (one that is refused before does not, as in Triton).
 */
export function handleModelStreamInfer(context: ServerContext, call: GrpcCall): void {
  const endsOnError = call.header('triton_grpc_error') === 'true';
  let inFlight = 0;
  let waitedSince = call.startedAt;
  let answered: Promise<void> = Promise.resolve();
  const answerOne = async (wire: WireInferRequest, waitedSince: number): Promise<OutgoingMessage> => {
    try {
      return await infer({ context, call, wire, isStreamed: true, waitedSince });
    } catch (thrown) {
      const isRefused = thrown instanceof RefusedRequest;
      const cause = isRefused ? thrown.cause : thrown;
      if ((endsOnError && !isRefused) || !isForeseen(cause)) throw cause;
      return failedAnswer(wire.id, grpcStatusOf(cause).details);
    }
  };
  const sendInTurn = async (before: Promise<void>, answer: Promise<OutgoingMessage>): Promise<void> => {
    try {
      await before;
      await call.send(await answer);
    } catch (cause) {
      call.fail(cause);
    } finally {
      inFlight -= 1;
      if (inFlight === MAX_REQUESTS_IN_FLIGHT - 1) call.resume();
    }
  };
  call.receive(
    (bytes) => {
      inFlight += 1;
      if (inFlight === MAX_REQUESTS_IN_FLIGHT) call.pause();
      const answer = answerOne(readWireInferRequest(bytes), waitedSince);
      waitedSince = performance.now();
      // A failure is looked at in its turn.
      answer.catch(() => undefined);
      answered = sendInTurn(answered, answer);
    },
    () => void answered.then(() => call.finish({ code: 'OK', details: '' })),
  );
}
