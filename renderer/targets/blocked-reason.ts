import type { ContainerStatus } from '../../app/contract/container-status.ts';
import type { InferenceTarget } from '../../app/contract/inference-target.ts';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { readyVersion } from '../models/model-state.ts';

/** Why a request of a model cannot be sent to a target now, in a sentence; null where it can. */
export function blockedReason(
  target: InferenceTarget,
  model: ModelEntry,
  container: ContainerStatus,
): string | null {
  if (target.kind === 'container') {
    return container.kind === 'running' ? null : 'The Triton container does not run.';
  }
  if (readyVersion(model) !== null) return null;
  const isLoading = model.versions.some(({ state }) => state.kind === 'loading');
  return isLoading ? 'The model is loading.' : 'Serve the model first.';
}
