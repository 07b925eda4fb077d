import { performance } from 'node:perf_hooks';
import type { CheckedRequest } from '../../core/open-inference/check-infer-request.ts';
import type { Inference, InferenceCall, ModelVersion } from '../repository/model-version.ts';
import type { InferenceTrace } from './inference-trace.ts';

function noteCompute(trace: InferenceTrace, arrivedAt: number, inference: Inference): void {
  const { queueNs, computeInputNs, computeInferNs, computeOutputNs } = inference;
  const startedAt = arrivedAt + queueNs / 1e6;
  const inputEndedAt = startedAt + computeInputNs / 1e6;
  const outputStartedAt = inputEndedAt + computeInferNs / 1e6;
  trace.timestamp('COMPUTE_START', startedAt);
  trace.timestamp('COMPUTE_INPUT_END', inputEndedAt);
  trace.timestamp('COMPUTE_OUTPUT_START', outputStartedAt);
  trace.timestamp('COMPUTE_END', outputStartedAt + computeOutputNs / 1e6);
}

/** Has a model execute a request; if the call is traced, what became of it is recorded there. */
export async function inferTraced(
  version: ModelVersion,
  checked: CheckedRequest,
  call: InferenceCall,
): Promise<Inference> {
  const { trace, arrivedAt } = call;
  if (!trace) return version.infer(checked, call);
  trace.describe({ modelName: version.name, modelVersion: version.version, requestId: checked.request.id });
  trace.timestamp('REQUEST_START', arrivedAt);
  trace.timestamp('QUEUE_START', arrivedAt);
  for (const { datatype, ...input } of checked.request.inputs) {
    // A request that passed its checks has no other.
    if (datatype !== '<invalid>') trace.tensor('TENSOR_QUEUE_INPUT', { ...input, datatype });
  }
  try {
    const inference = await version.infer(checked, call);
    // An ensemble does not compute: its steps do.
    if (version.engine !== null) noteCompute(trace, arrivedAt, inference);
    for (const output of inference.outputs) trace.tensor('TENSOR_BACKEND_OUTPUT', output);
    return inference;
  } finally {
    trace.timestamp('REQUEST_END', performance.now());
  }
}
