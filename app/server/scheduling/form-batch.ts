import type { ServedSignature } from '../../core/open-inference/served-signature.ts';
import { gatherInputs, type BatchRule } from '../../core/scheduling/batch-tensors.ts';
import type { Batch, PendingRequest } from './scheduler.ts';

/** Outputs that at least one of the requests asks for. */
export function requestedOutputs(
  signature: ServedSignature,
  requests: readonly PendingRequest[],
): readonly string[] {
  const names = new Set<string>();
  for (const { checked } of requests) {
    if (checked.request.outputs.length === 0) return [...signature.outputs.keys()];
    for (const { name } of checked.request.outputs) names.add(name);
  }
  return [...names];
}

/** Puts requests together to one batch, in which each has the rows behind those of the one before it. */
export function formBatch(
  rule: BatchRule,
  signature: ServedSignature,
  requests: readonly PendingRequest[],
): Batch {
  const members = requests.map(({ checked }) => checked);
  return {
    requests,
    batchSize: members.reduce((total, { batchSize }) => total + batchSize, 0),
    inputs: gatherInputs(rule, members),
    outputs: requestedOutputs(signature, requests),
  };
}
