import { StatusError } from '../../core/status.ts';
import type { LoadedModels } from './loaded-models.ts';
import type { ModelVersion } from './model-version.ts';

/** The ready versions that statistics are asked of: one, or all of a model. @throws StatusError `invalid-argument`. */
export function findCountedVersions(
  models: LoadedModels,
  name: string,
  version: string | null,
): readonly ModelVersion[] {
  const ready = models.readyVersions(name);
  if (ready.length === 0) {
    throw new StatusError('invalid-argument', `requested model '${name}' is not available`);
  }
  const chosen = version === null ? ready : ready.filter((each) => each.version === version);
  if (chosen.length > 0) return chosen;
  throw new StatusError('invalid-argument', `requested model version is not available for model '${name}'`);
}
