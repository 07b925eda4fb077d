import { classify } from '../core/open-inference/classification.ts';
import type { InferRequest, RequestedOutput } from '../core/open-inference/infer-request.ts';
import type { ResponseOutput } from '../core/open-inference/infer-response.ts';
import { checkFitsPlace, type SharedMemoryPlace } from '../core/open-inference/shared-memory-port.ts';
import type { NamedTensor } from '../core/tensors/tensor.ts';
import type { Inference, ModelVersion } from './repository/model-version.ts';
import type { SharedMemoryRegions } from './shared-memory/shared-memory-regions.ts';

/** The places in shared memory that a request wants its outputs in. */
export function placesOf(request: InferRequest): SharedMemoryPlace[] {
  return request.outputs.flatMap(({ place }) => place ?? []);
}

function answerOutput(
  version: ModelVersion,
  output: NamedTensor,
  { classification, isBinary, place }: Omit<RequestedOutput, 'name'>,
  regions: SharedMemoryRegions,
): ResponseOutput {
  if (place) {
    checkFitsPlace(output.name, output.data.byteLength, place);
    regions.write(place, output.data);
    return { ...output, isBinary, isInSharedMemory: true };
  }
  if (classification === 0) return { ...output, isBinary };
  const isBatched = version.signature.maxBatchSize > 0;
  const labels = version.labels.get(output.name) ?? [];
  return { ...classify(output, classification, isBatched, labels), isBinary };
}

/**
 * What a model gave as the request wants it, for every endpoint: classes instead of a tensor, and tensors written to
 * shared memory.
 * @throws StatusError if an output cannot be classified or does not fit its place.
 */
export function answerOutputs(
  version: ModelVersion,
  request: InferRequest,
  inference: Inference,
  regions: SharedMemoryRegions,
): ResponseOutput[] {
  const requested = new Map(request.outputs.map((output) => [output.name, output]));
  const unnamed = { classification: 0, isBinary: request.isBinaryByDefault };
  return inference.outputs.map((output) =>
    answerOutput(version, output, requested.get(output.name) ?? unnamed, regions),
  );
}
