import { create } from 'zustand';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import type { Mirror } from '../host/mirror.ts';

interface ModelsState {
  /** By name, in the order of the names. */
  readonly models: ReadonlyMap<string, ModelEntry>;
  readonly list: readonly ModelEntry[];
}

export const useModelsStore = create<ModelsState>(() => stateOf(new Map()));

/** The model of that name; undefined where the repository has none. */
export function useModel(name: string): ModelEntry | undefined {
  return useModelsStore((state) => state.models.get(name));
}

/** Every model of the repository by name. */
export function useModels(): readonly ModelEntry[] {
  return useModelsStore((state) => state.list);
}

export const modelsMirror: Mirror = {
  reset: ({ models }) => useModelsStore.setState(stateOf(byName(models))),
  follow: (host) => {
    const stops = [
      host.on('workspace.changed', ({ models }) => useModelsStore.setState(stateOf(byName(models)))),
      host.on('model.changed', (model) =>
        useModelsStore.setState(({ models }) => stateOf(new Map(models).set(model.name, model))),
      ),
      host.on('model.removed', ({ name }) =>
        useModelsStore.setState(({ models }) => {
          const rest = new Map(models);
          rest.delete(name);
          return stateOf(rest);
        }),
      ),
    ];
    return () => stops.forEach((stop) => stop());
  },
};

function byName(models: readonly ModelEntry[]): ReadonlyMap<string, ModelEntry> {
  return new Map(models.map((model) => [model.name, model]));
}

function stateOf(models: ReadonlyMap<string, ModelEntry>): ModelsState {
  const list = [...models.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  return { models, list };
}
