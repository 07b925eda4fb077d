import { useEffect } from 'react';
import { useHost } from '../host/host-context.tsx';
import { runFirstInference } from '../test/first-run.ts';
import { useModelsStore } from '../models/models-store.ts';

/** Sends the first request of models that were just served, whatever page is shown. */
export function FirstRunWatcher({
  watch,
}: {
  readonly watch: (runFirst: (name: string) => Promise<unknown>) => () => void;
}) {
  const host = useHost();
  useEffect(
    () =>
      watch(async (name) => {
        const model = useModelsStore.getState().models.get(name);
        if (model !== undefined) await runFirstInference(host, model);
      }),
    [host, watch],
  );
  return null;
}
