import type { HostClient } from '../../app/contract/host-client.ts';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { ensureForm, sendForm } from './send-form.ts';

/**
 * The one request that Conch sends by itself right after Serve, with example or generated inputs, so that the result
 * pane is never empty. Its outcome, good or bad, stands in the results of the model; resolves when it is there.
 */
export async function runFirstInference(host: HostClient, model: ModelEntry): Promise<void> {
  const form = await ensureForm(host, model, {});
  await sendForm(host, model, form, 'first-run');
}
