import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { CopyButton } from '../clipboard/copy-button.tsx';
import classes from '../models/models.module.css';
import { readyVersion } from '../models/model-state.ts';
import { curlLines } from './curl-lines.ts';
import { useHttpUrl } from './server-store.ts';

/** Where clients reach the model, ready to copy. */
export function EndpointStrip({ model }: { readonly model: ModelEntry }) {
  const httpUrl = useHttpUrl();
  if (httpUrl === null || readyVersion(model) === null) return null;
  const inferUrl = `${httpUrl}/v2/models/${encodeURIComponent(model.name)}/infer`;
  return (
    <section className={classes.strip} aria-label="Endpoint">
      <span className="conch-muted">POST</span>
      <span className="conch-mono conch-truncate" title={inferUrl}>
        {inferUrl}
      </span>
      <CopyButton text={inferUrl} label="Copy infer URL" />
      <span style={{ flex: 1 }} />
      <CopyButton text={curlLines(httpUrl, model).join('\n')} label="Copy curl" isLabelled />
    </section>
  );
}
