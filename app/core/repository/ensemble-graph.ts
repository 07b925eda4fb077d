import type { ModelConfig } from '../model-config/model-config.ts';
import { StatusError } from '../status.ts';

/** Names of the models that the steps of a config name, each once, in their order; empty for a model that is none. */
export function composingModels(config: ModelConfig): readonly string[] {
  const names = (config.ensemble_scheduling?.step ?? []).map(({ model_name: name = '' }) => name);
  return [...new Set(names)];
}

/** What the repository knows of each model: its config as it was polled, or as it is served. */
export type ModelConfigs = ReadonlyMap<string, ModelConfig>;

/** Ensembles that need a model, directly or through another ensemble, nearest first. */
export function dependentsOf(name: string, configs: ModelConfigs): readonly string[] {
  const found: string[] = [];
  const open = [name];
  for (const next of open) {
    for (const [ensemble, config] of configs) {
      if (!composingModels(config).includes(next) || found.includes(ensemble)) continue;
      found.push(ensemble);
      open.push(ensemble);
    }
  }
  return found;
}

/**
 * Refuses with Triton's text an ensemble that needs itself (`CircularDependencyCheck`) or a model that is not there
 * (`ConnectDependencyGraph`). @param configs the models that are there.
 */
export function checkDependencies(name: string, configs: ModelConfigs): void {
  const missing = composingModels(configs.get(name) ?? {}).filter((each) => !configs.has(each));
  if (missing.length > 0) {
    throw new StatusError(
      'invalid-argument',
      `ensemble ${name} contains models that are not available or ambiguous: ${missing.toSorted().join(', ')}`,
    );
  }
  const last = lastOfCircle(name, configs);
  if (last === null) return;
  throw new StatusError(
    'invalid-argument',
    `circular dependency between ensembles: ${name} -> ... -> ${last} -> ${name}`,
  );
}

/** The model of a circle through `start` that `start` itself needs; null if there is no circle. */
function lastOfCircle(start: string, configs: ModelConfigs): string | null {
  const around = new Set([start, ...dependentsOf(start, configs)]);
  const steps = composingModels(configs.get(start) ?? {});
  return steps.find((step) => around.has(step)) ?? null;
}

/**
 * Groups of names to load one after the other: whatever a model needs comes before it. Members of a circle come last;
 * they are refused anyway.
 */
export function loadOrder(names: readonly string[], configs: ModelConfigs): readonly (readonly string[])[] {
  const groups: string[][] = [];
  let rest = [...new Set(names)];
  while (rest.length > 0) {
    const waiting = new Set(rest);
    const ready = rest.filter(
      (name) => !composingModels(configs.get(name) ?? {}).some((each) => waiting.has(each)),
    );
    const group = ready.length > 0 ? ready : rest;
    groups.push(group);
    rest = rest.filter((name) => !group.includes(name));
  }
  return groups;
}

/** What became of a model that a step needs. */
export interface ComposingState {
  readonly name: string;
  /** Versions that are ready. */
  readonly readyVersions: readonly string[];
  /** Why it has none: what its load said; null if it was never loaded or was unloaded. */
  readonly failure: string | null;
  /** It is an ensemble that is itself refused for this reason; null if not. */
  readonly invalid: string | null;
}

/** Refuses with Triton's text (`CheckNode`) an ensemble of which a model or a version is not ready. */
export function checkComposingModels(ensemble: ModelConfig, stateOf: (name: string) => ComposingState): void {
  const name = ensemble.name ?? '';
  for (const needed of composingModels(ensemble)) {
    const { readyVersions, failure, invalid } = stateOf(needed);
    const depends = `ensemble '${name}' depends on '${needed}'`;
    if (invalid !== null) {
      fail(`${depends} which is not valid. Model '${needed}' failed with error: ${invalid}`);
    }
    if (readyVersions.length === 0) {
      const because = failure === null ? '' : ` Model '${needed}' loading failed with error: ${failure}`;
      fail(`${depends} which has no loaded version.${because}`);
    }
    const missing = requiredVersions(ensemble, needed).find((version) => !readyVersions.includes(version));
    if (missing !== undefined) fail(`${depends} whose required version ${missing} is not loaded.`);
  }
}

/** Versions of a model that steps name, ascending. */
function requiredVersions(ensemble: ModelConfig, model: string): readonly string[] {
  const steps = ensemble.ensemble_scheduling?.step ?? [];
  return steps
    .filter((step) => step.model_name === model && step.model_version !== -1)
    .map((step) => step.model_version ?? 0)
    .sort((left, right) => left - right)
    .map(String);
}

function fail(message: string): never {
  throw new StatusError('invalid-argument', message);
}
