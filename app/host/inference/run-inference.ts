import type {
  HistoryEntry,
  InferCall,
  InferFailure,
  RequestTiming,
  SequencePlace,
} from '../../contract/inference.ts';
import { explainFailure } from '../../core/explanations/explain-failure.ts';
import type { RequestParameter } from '../../core/open-inference/infer-request.ts';
import type { RequestRecord } from '../../core/server-events/server-event.ts';
import { StatusError, statusOf } from '../../core/status.ts';
import type { NamedTensor } from '../../core/tensors/tensor.ts';
import { ServerAnswerError } from '../open-inference/http-client.ts';
import type { OpenedTarget } from '../targets/open-target.ts';
import type { CompletedRequests } from './completed-requests.ts';

/** `input [1,8,8] FP32, …` */
export function summarizeInputs(inputs: readonly NamedTensor[]): string {
  return inputs.map(({ name, shape, datatype }) => `${name} [${shape.join(',')}] ${datatype}`).join(', ');
}

function failureOf(cause: unknown): InferFailure {
  const { code, message } = statusOf(cause);
  const explanation = explainFailure(message);
  return {
    code,
    ...(cause instanceof ServerAnswerError && { httpStatus: cause.httpStatus }),
    message,
    ...(explanation && { explanation }),
  };
}

function timingOf(totalMicroseconds: number, record: RequestRecord | undefined): RequestTiming {
  if (!record) return { totalMicroseconds };
  return {
    totalMicroseconds,
    server: {
      totalMicroseconds: record.totalMicroseconds,
      queueMicroseconds: record.queueMicroseconds,
      computeInputMicroseconds: record.computeInputMicroseconds,
      computeInferMicroseconds: record.computeInferMicroseconds,
      computeOutputMicroseconds: record.computeOutputMicroseconds,
    },
  };
}

/** What tells a server where a request stands in a sequence. */
export function sequenceParameters({
  id,
  idType,
  isStart,
  isEnd,
}: SequencePlace): Record<string, RequestParameter> {
  return {
    sequence_id: idType === 'number' ? BigInt(id) : id,
    sequence_start: isStart,
    sequence_end: isEnd,
  };
}

/**
 * Sends one request as any client would and says what became of it, with the twin's own account of its time.
 * @throws StatusError where the target cannot be opened.
 */
export async function runInference(
  call: InferCall,
  id: string,
  at: number,
  open: () => OpenedTarget,
  completed: CompletedRequests,
): Promise<HistoryEntry> {
  const opened = open();
  const { server } = opened;
  if (!server) completed.expect(id);
  const startedAt = performance.now();
  const base = {
    id,
    at,
    model: call.model,
    protocol: call.protocol,
    origin: call.origin,
    inputsSummary: summarizeInputs(call.inputs),
    inputs: call.inputs,
    recipes: call.recipes ?? {},
    ...(server && { server }),
    ...(call.sequence && { sequence: call.sequence }),
  };
  try {
    const { response, totalMicroseconds } = await opened.client().infer({
      model: call.model,
      id,
      inputs: call.inputs,
      protocol: call.protocol,
      ...(call.version !== undefined && { version: String(call.version) }),
      ...(call.outputs && { outputs: call.outputs }),
      ...(call.sequence && { parameters: sequenceParameters(call.sequence) }),
    });
    const version = Number(response.modelVersion);
    return {
      ...base,
      ...(Number.isSafeInteger(version) && response.modelVersion !== '' && { version }),
      isAnswered: true,
      timing: timingOf(totalMicroseconds, await completed.waitFor(id, true)),
      outcome: { kind: 'answered', modelVersion: response.modelVersion, outputs: response.outputs },
    };
  } catch (cause) {
    if (!(cause instanceof StatusError)) throw cause;
    const totalMicroseconds = Math.round((performance.now() - startedAt) * 1000);
    const record = await completed.waitFor(id, cause instanceof ServerAnswerError);
    return {
      ...base,
      ...(call.version !== undefined && { version: call.version }),
      isAnswered: false,
      timing: timingOf(totalMicroseconds, record),
      outcome: { kind: 'failed', failure: failureOf(cause) },
    };
  } finally {
    opened.release();
  }
}
