import type { ModelConfig } from '../../core/model-config/model-config.ts';
import { StatusError } from '../../core/status.ts';

/**
 * The versions that a config's policy takes of those that exist (ascending): without a policy the newest, with an empty
 * one all.
 * @throws StatusError `invalid-argument` if it takes none.
 */
export function chooseVersions(config: ModelConfig, existing: readonly string[]): readonly string[] {
  const policy = config.version_policy ?? { latest: { num_versions: 1 } };
  const { latest, specific } = policy;
  const chosen = specific
    ? existing.filter((version) => specific.versions?.includes(Number(version)))
    : latest
      ? existing.slice(existing.length - Math.min(existing.length, latest.num_versions ?? 0))
      : existing;
  if (chosen.length > 0) return chosen;
  throw new StatusError(
    'invalid-argument',
    `at least one version must be available under the version policy of model '${config.name ?? ''}'`,
  );
}

/** Versions that a config asks for by number and that are not there. */
export function absentVersions(config: ModelConfig, existing: readonly string[]): readonly string[] {
  const wanted = config.version_policy?.specific?.versions ?? [];
  return wanted.map(String).filter((version) => !existing.includes(version));
}
