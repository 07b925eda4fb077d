import { checkDecoupledFlow } from '../../core/model-config/check-decoupled-flow.ts';
import { checkEnsembleModels } from '../../core/model-config/check-ensemble-models.ts';
import type { ModelConfig } from '../../core/model-config/model-config.ts';
import {
  checkComposingModels,
  checkDependencies,
  composingModels,
  dependentsOf,
  loadOrder,
  type ComposingState,
} from '../../core/repository/ensemble-graph.ts';
import { statusOf } from '../../core/status.ts';
import { statusOfSlot, type LoadedModels } from './loaded-models.ts';
import type { PolledModel } from './poll-model.ts';

interface Node {
  readonly polled: PolledModel;
  /** Somebody asked for it by its name, not only for an ensemble that needs it. */
  readonly isExplicit: boolean;
}

/** Which model needs which, of all that were polled and not unloaded since (Triton's `DependencyGraph`). */
export class ModelGraph {
  readonly #models: LoadedModels;
  readonly #nodes = new Map<string, Node>();
  /** Ensembles that may not be served, and why. */
  readonly #refusals = new Map<string, string>();
  /** What the last load of a model said; gone when one succeeded. */
  readonly #loadFailures = new Map<string, string>();

  constructor(models: LoadedModels) {
    this.#models = models;
  }

  #configs(): ReadonlyMap<string, ModelConfig> {
    return new Map([...this.#nodes].map(([name, { polled }]) => [name, polled.model.polled]));
  }

  /** What a model was when it was last polled. */
  polledModel(name: string): PolledModel | undefined {
    return this.#nodes.get(name)?.polled;
  }

  add(polled: PolledModel, isExplicit: boolean): void {
    const { name } = polled.model;
    const wasExplicit = this.#nodes.get(name)?.isExplicit ?? false;
    this.#nodes.set(name, { polled, isExplicit: isExplicit || wasExplicit });
  }

  remove(name: string): void {
    this.#nodes.delete(name);
    this.#refusals.delete(name);
    this.#loadFailures.delete(name);
  }

  /** @param failure what a load request is told; null if it succeeded. */
  loadEnded(name: string, failure: string | null): void {
    if (failure === null) this.#loadFailures.delete(name);
    else this.#loadFailures.set(name, failure);
  }

  /** Groups of names, whatever a model needs before it. */
  order(names: readonly string[]): readonly (readonly string[])[] {
    return loadOrder(names, this.#configs());
  }

  /** Ensembles that need any of these, nearest first. */
  dependentsOf(names: readonly string[]): readonly string[] {
    const configs = this.#configs();
    const found = new Set(names.flatMap((name) => dependentsOf(name, configs)));
    return loadOrder([...found], configs).flat();
  }

  /** Models that only this one needed and nobody asked for (`unload_dependents`), nearest first. */
  onlyNeededBy(name: string): readonly string[] {
    const gone = [name];
    const configs = this.#configs();
    for (const next of gone) {
      for (const needed of composingModels(configs.get(next) ?? {})) {
        const node = this.#nodes.get(needed);
        if (!node || node.isExplicit || gone.includes(needed)) continue;
        if (dependentsOf(needed, configs).every((each) => gone.includes(each))) gone.push(needed);
      }
    }
    return gone.slice(1);
  }

  #stateOf(name: string): ComposingState {
    const failed = this.#models.versionsOf(name).flatMap(([version, slot]) => {
      const { state, reason } = statusOfSlot(slot);
      const isFailed = state === 'UNAVAILABLE' && reason !== 'unloaded';
      return isFailed ? [`version ${version} is at UNAVAILABLE state: ${reason};`] : [];
    });
    return {
      name,
      readyVersions: this.#models.readyVersions(name).map(({ version }) => version),
      failure: this.#loadFailures.get(name) ?? (failed.join('') || null),
      invalid: this.#refusals.get(name) ?? null,
    };
  }

  #check(name: string, config: ModelConfig): void {
    checkDependencies(name, this.#configs());
    checkComposingModels(config, (each) => this.#stateOf(each));
    const served = composingModels(config).map((each): [string, ModelConfig] => [
      each,
      this.#models.find(each, null).config,
    ]);
    checkEnsembleModels(config, new Map(served));
    checkDecoupledFlow(config, new Map(served));
  }

  /** Why an ensemble may not be served now; null if it may. Remembers it for whatever needs the ensemble. */
  refusalOf(name: string): string | null {
    const node = this.#nodes.get(name);
    if (!node?.polled.model.polled.ensemble_scheduling) return null;
    try {
      this.#check(name, node.polled.model.polled);
      this.#refusals.delete(name);
      return null;
    } catch (cause) {
      const { message } = statusOf(cause);
      this.#refusals.set(name, message);
      return message;
    }
  }
}
