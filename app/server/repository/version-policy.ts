import type { ModelConfig } from '../../core/model-config/model-config.ts';
import { StatusError } from '../../core/status.ts';

/**
 * The versions that a config's policy takes of those that exist (ascending).
 * @throws StatusError `invalid-argument` if it takes none.
 */
export function chooseVersions(config: ModelConfig, existing: readonly string[]): readonly string[] {
  const { all, latest, specific } = config.version_policy ?? {};
  const chosen = all
    ? existing
    : specific
      ? existing.filter((version) => specific.versions?.includes(Number(version)))
      : existing.slice(existing.length - Math.min(existing.length, latest?.num_versions ?? (latest ? 0 : 1)));
  if (chosen.length > 0) return chosen;
  throw new StatusError(
    'invalid-argument',
    `at least one version must be available under the version policy of model '${config.name ?? ''}'`,
  );
}
