import type { HostClient } from '../../app/contract/host-client.ts';
import type { HistoryEntry } from '../../app/contract/inference.ts';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { showEntry } from '../results/results-store.ts';
import { modelInputs } from './model-inputs.ts';
import { ensureForm } from './send-form.ts';
import { formOfEntry } from './test-form.ts';
import { setForm } from './test-form-store.ts';

/** Fills the test form with the inputs of a request that was sent before, and shows its result. */
export async function openEntryInTest(
  host: HostClient,
  model: ModelEntry,
  entry: HistoryEntry,
): Promise<void> {
  const form = await ensureForm(host, model, {});
  setForm(model.name, formOfEntry(form, modelInputs(model).fields, entry));
  showEntry(entry);
}
