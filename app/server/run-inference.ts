import { performance } from 'node:perf_hooks';
import { checkInferRequest, type CheckedRequest } from '../core/open-inference/check-infer-request.ts';
import { httpStatusOf } from '../core/open-inference/error-body.ts';
import type { InferRequest } from '../core/open-inference/infer-request.ts';
import type { RequestRecord } from '../core/server-events/server-event.ts';
import { statusOf } from '../core/status.ts';
import type { Inference, InferenceCall, ModelVersion } from './repository/model-version.ts';
import { SchedulerRefusal } from './scheduling/scheduler.ts';
import { inferTraced } from './trace/trace-inference.ts';

/** One decoded request on its way through a model, whichever endpoint it came in by. */
export interface RunningRequest<Answer> extends InferenceCall {
  readonly version: ModelVersion;
  readonly request: InferRequest;
  /** Size of the request as it was received. */
  readonly requestBytes: number;
  readonly record: (record: RequestRecord) => void;
  /** Turns what the model gave into the endpoint's own answer, and says how large that is. */
  readonly answer: (inference: Inference) => Promise<Sized<Answer>> | Sized<Answer>;
}

/** An answer and its size in bytes. */
export interface Sized<Answer> {
  readonly answer: Answer;
  readonly byteLength: number;
}

/** A request that does not fit its model, or that its scheduler refuses, never reached it: `cause` says why. */
export class RefusedRequest extends Error {
  override readonly cause: unknown;
  constructor(cause: unknown) {
    super('the request was refused');
    this.cause = cause;
  }
}

const microseconds = (nanoseconds: number): number => Math.round(nanoseconds / 1000);

function recordOf<Answer>(
  { version, request, requestBytes, arrivedAt }: RunningRequest<Answer>,
  batchSize: number,
  inference: Inference | null,
): Omit<RequestRecord, 'isOk' | 'httpStatus' | 'responseBytes'> {
  const elapsedMilliseconds = performance.now() - arrivedAt;
  return {
    at: Date.now() - elapsedMilliseconds,
    model: version.name,
    version: version.version,
    requestId: request.id,
    batchSize,
    totalMicroseconds: Math.round(elapsedMilliseconds * 1000),
    queueMicroseconds: microseconds(inference?.queueNs ?? 0),
    computeInputMicroseconds: microseconds(inference?.computeInputNs ?? 0),
    computeInferMicroseconds: microseconds(inference?.computeInferNs ?? 0),
    computeOutputMicroseconds: microseconds(inference?.computeOutputNs ?? 0),
    requestBytes,
    inputs: request.inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
  };
}

function checkFits({ version, request }: { version: ModelVersion; request: InferRequest }): CheckedRequest {
  try {
    return checkInferRequest(version.signature, request);
  } catch (cause) {
    throw new RefusedRequest(cause);
  }
}

/**
 * Checks a request, has its model execute it, makes the answer, and records what became of it.
 * @throws RefusedRequest if the model does not take the request, StatusError if the model or the answer fails.
 */
export async function runInference<Answer>(running: RunningRequest<Answer>): Promise<Answer> {
  const { version, record } = running;
  let batchSize = 0;
  let inference: Inference | null = null;
  try {
    const checked = checkFits(running);
    batchSize = checked.batchSize;
    inference = await inferTraced(version, checked, running);
    const { answer, byteLength } = await running.answer(inference);
    const fields = recordOf(running, batchSize, inference);
    record({ ...fields, isOk: true, httpStatus: 200, responseBytes: byteLength });
    return answer;
  } catch (cause) {
    const { code, message } = statusOf(cause instanceof RefusedRequest ? cause.cause : cause);
    const fields = recordOf(running, batchSize, inference);
    record({ ...fields, isOk: false, error: message, httpStatus: httpStatusOf(code), responseBytes: 0 });
    throw cause instanceof SchedulerRefusal ? new RefusedRequest(cause) : cause;
  }
}
