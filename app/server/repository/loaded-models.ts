import { StatusError } from '../../core/status.ts';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import type { ModelVersion, VersionStatus } from './model-version.ts';
import type { OverrideDirectory } from './override-files.ts';

/** One version of a model that was loaded, or could not be. */
export interface VersionSlot {
  /** Null: it never got as far as having one, or has none any more. */
  served: ModelVersion | null;
  /** What is said of it while it has none. */
  status: VersionStatus;
}

/** A model that was loaded once. */
export interface LoadedModel {
  readonly versions: Map<string, VersionSlot>;
  /** What its files and its config were; empty when it is not loaded now. */
  fingerprint: string;
  override: OverrideDirectory | null;
  /** What it was made of when it was loaded; null if it never came so far. */
  source: LoadedSource | null;
}

/** What tells whether a model that is loaded again is still the same. */
export interface LoadedSource {
  readonly config: ModelConfig;
  readonly files: string;
}

function byVersion([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return Number(left) - Number(right);
}

/** The state of a version. */
export function statusOfSlot(slot: VersionSlot): VersionStatus {
  return slot.served?.status ?? slot.status;
}

function notReady(name: string, version: string, reason: string): StatusError {
  const why = reason === '' ? '' : ` (${reason})`;
  return new StatusError(
    'unavailable',
    `Request for unknown model: '${name}' version ${version} is not at ready state${why}`,
  );
}

/** Every model that was ever loaded, and who answers for it now. */
export class LoadedModels {
  readonly #models = new Map<string, LoadedModel>();

  get(name: string): LoadedModel | undefined {
    return this.#models.get(name);
  }

  set(name: string, model: LoadedModel): void {
    this.#models.set(name, model);
  }

  /** Names of all that was ever loaded. */
  names(): readonly string[] {
    return [...this.#models.keys()];
  }

  /** The versions of a model, ascending; none if it was never loaded. */
  versionsOf(name: string): readonly (readonly [string, VersionSlot])[] {
    return [...(this.#models.get(name)?.versions ?? [])].sort(byVersion);
  }

  /** Ready as `--strict-readiness` means it: every version that was ever loaded is ready, or unloaded on purpose. */
  isEverythingReady(): boolean {
    return [...this.#models.values()].every(
      ({ versions }) =>
        versions.size > 0 &&
        [...versions.values()].every((slot) => {
          const { state, reason } = statusOfSlot(slot);
          return state === 'READY' || (state === 'UNAVAILABLE' && reason === 'unloaded');
        }),
    );
  }

  /** Versions that are ready, ascending. */
  readyVersions(name: string): readonly ModelVersion[] {
    return this.versionsOf(name).flatMap(([, { served }]) =>
      served?.status.state === 'READY' ? [served] : [],
    );
  }

  /** Every version that is ready, of all models in order of name. */
  allReady(): readonly ModelVersion[] {
    return [...this.#models.keys()].sort().flatMap((name) => this.readyVersions(name));
  }

  /** The versions of a model that have something behind them, ready or not. */
  servedVersions(name: string): readonly ModelVersion[] {
    return this.versionsOf(name).flatMap(([, { served }]) => served ?? []);
  }

  /** Directories of ours that load requests filled. */
  overrides(): readonly OverrideDirectory[] {
    return [...this.#models.values()].flatMap(({ override }) => override ?? []);
  }

  /**
   * The version that answers: the newest ready one if none is named.
   * @throws StatusError `not-found` or `unavailable` in Triton's words.
   */
  find(name: string, version: string | null): ModelVersion {
    const model = this.#models.get(name);
    if (!model) throw new StatusError('not-found', `Request for unknown model: '${name}' is not found`);
    return version === null ? this.#findNewest(name) : this.#findVersion(name, model, version);
  }

  #findNewest(name: string): ModelVersion {
    const newest = this.readyVersions(name).at(-1);
    if (newest) return newest;
    const waiting = this.versionsOf(name).findLast(([, { served }]) => served !== null);
    if (waiting?.[1].served?.status.state === 'LOADING' && waiting[1].served.status.reason !== '') {
      throw notReady(name, waiting[0], waiting[1].served.status.reason);
    }
    throw new StatusError('not-found', `Request for unknown model: '${name}' has no available versions`);
  }

  #findVersion(name: string, model: LoadedModel, version: string): ModelVersion {
    const slot = model.versions.get(version);
    if (!slot) {
      throw new StatusError(
        'not-found',
        `Request for unknown model: '${name}' version ${version} is not found`,
      );
    }
    if (slot.served?.status.state === 'READY') return slot.served;
    const { state, reason } = statusOfSlot(slot);
    throw notReady(name, version, state === 'LOADING' ? reason : '');
  }
}
