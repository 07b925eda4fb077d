import type { ModelConfig } from '../model-config/model-config.ts';
import type { NamedTensor } from '../tensors/tensor.ts';

/** Which inputs must be alike for two requests to share a batch. */
export interface SharingRule {
  /** Inputs with a variable dim, which may not differ (unless `allow_ragged_batch`). */
  readonly equalShapes: ReadonlySet<string>;
  /** Inputs whose values, too, must be the same (`is_shape_tensor`). */
  readonly equalValues: ReadonlySet<string>;
  /** Whether some input may be left out: then the same ones must be there. */
  readonly hasOptional: boolean;
}

/** The rule of a config (`CreateDynamicBatchScheduler` of `dynamic_batch_scheduler.cc`). */
export function sharingRule(config: ModelConfig): SharingRule {
  const inputs = config.input ?? [];
  const isVariable = (dims: readonly number[] = []): boolean => dims.includes(-1);
  const shapeTensors = inputs.filter((input) => input.is_shape_tensor ?? false);
  const variable = inputs.filter((input) => !(input.allow_ragged_batch ?? false) && isVariable(input.dims));
  return {
    equalShapes: new Set([...shapeTensors, ...variable].map(({ name = '' }) => name)),
    equalValues: new Set(shapeTensors.map(({ name = '' }) => name)),
    hasOptional: inputs.some(({ optional }) => optional ?? false),
  };
}

function sameDims(left: readonly number[], right: readonly number[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 1; index < left.length; index += 1) if (left[index] !== right[index]) return false;
  return true;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.byteLength === right.byteLength && left.every((byte, index) => byte === right[index]);
}

/** Whether a request may share a batch with the first one of it; inputs have their batch dimension. */
export function canShareBatch(
  { equalShapes, equalValues, hasOptional }: SharingRule,
  lead: readonly NamedTensor[],
  other: readonly NamedTensor[],
): boolean {
  if (equalShapes.size === 0 && !hasOptional) return true;
  if (hasOptional && lead.length !== other.length) return false;
  return lead.every(({ name, shape, data }, index) => {
    const same = other[index]?.name === name ? other[index] : other.find((each) => each.name === name);
    if (!same) return !hasOptional;
    if (equalShapes.has(name) && !sameDims(shape, same.shape)) return false;
    return !equalValues.has(name) || sameBytes(data, same.data);
  });
}
