import { useEffect, useMemo, useState } from 'react';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { useHost } from '../host/host-context.tsx';
import { useMachine } from '../machine/machine-store.ts';
import { analyzeConfig, type ConfigAnalysis } from './analyze-config.ts';
import { openDraft, useConfigDrafts, type ConfigDraft } from './config-draft-store.ts';

/** The model's config as it is being edited; what the host has until editing starts. */
export function useConfigDraft(model: ModelEntry): ConfigDraft {
  const host = useHost();
  useEffect(() => openDraft(host, model.name, model.config), [host, model.name, model.config]);
  const draft = useConfigDrafts((state) => state.drafts.get(model.name));
  return useMemo(
    () =>
      draft ?? {
        history: { text: model.config.text, past: [], future: [], changedAt: 0 },
        revision: model.config.revision,
        save: { kind: 'saved' },
      },
    [draft, model.config.text, model.config.revision],
  );
}

/** What a text means for the model, and the last text that could be read, for what must not vanish meanwhile. */
export function useConfigAnalysis(
  model: ModelEntry,
  text: string,
): { readonly now: ConfigAnalysis; readonly lastGood: ConfigAnalysis } {
  const { name, description, versions } = model;
  const { savedText } = model.config;
  const gpuCount = useMachine()?.gpu.kind === 'available' ? 1 : 0;
  const now = useMemo(
    () => analyzeConfig(text, { name, description, versions }, gpuCount),
    [text, name, description, versions, gpuCount],
  );
  const saved = useMemo(
    () => analyzeConfig(savedText, { name, description, versions }, gpuCount),
    [savedText, name, description, versions, gpuCount],
  );
  const [lastGood, setLastGood] = useState(saved);
  if (now.firstError === null && lastGood !== now) setLastGood(now);
  return { now, lastGood: now.firstError === null ? now : lastGood };
}
