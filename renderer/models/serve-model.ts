import type { HostClient } from '../../app/contract/host-client.ts';
import { raiseFailure } from '../notices/notices-store.ts';
import { openTab, useNavigationStore } from '../navigation/navigation-store.ts';
import { readyVersion } from './model-state.ts';
import { useModelsStore } from './models-store.ts';

/** Models that a person asked to serve and that are not ready yet. */
const awaitedModels = new Set<string>();

/**
 * Loads a model because a person asked for it. Once it is ready, a first request is sent by itself and its answer is
 * shown, so that the result pane is never empty.
 */
export async function serveModel(host: HostClient, name: string): Promise<void> {
  const model = useModelsStore.getState().models.get(name);
  if (model === undefined || readyVersion(model) === null) awaitedModels.add(name);
  await askServer(host, 'model.load', name, 'Could not load');
}

/** Takes the model out of the server. */
export async function unloadModel(host: HostClient, name: string): Promise<void> {
  awaitedModels.delete(name);
  await askServer(host, 'model.unload', name, 'Could not unload');
}

/** Sends the first request of every model that becomes ready after {@link serveModel}. */
export function watchServedModels(runFirst: (model: string) => Promise<unknown>): () => void {
  return useModelsStore.subscribe(({ models }) => {
    for (const name of awaitedModels) {
      const model = models.get(name);
      if (model === undefined) continue;
      if (model.versions.some(({ state }) => state.kind === 'unavailable')) awaitedModels.delete(name);
      if (readyVersion(model) === null) continue;
      awaitedModels.delete(name);
      void showFirstAnswer(name, runFirst);
    }
  });
}

async function showFirstAnswer(name: string, runFirst: (model: string) => Promise<unknown>): Promise<void> {
  try {
    await runFirst(name);
    if (useNavigationStore.getState().model === name) openTab('test');
  } catch (cause) {
    raiseFailure(`The first request to ${name} failed`, cause);
  }
}

async function askServer(
  host: HostClient,
  call: 'model.load' | 'model.unload',
  name: string,
  failure: string,
): Promise<void> {
  try {
    await host.call(call, { name });
  } catch (cause) {
    awaitedModels.delete(name);
    raiseFailure(`${failure} ${name}`, cause);
  }
}
