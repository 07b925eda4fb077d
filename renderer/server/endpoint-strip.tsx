import { Fragment } from 'react';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { CopyButton } from '../clipboard/copy-button.tsx';
import classes from '../models/models.module.css';
import { readyVersion } from '../models/model-state.ts';
import { curlLines } from './curl-lines.ts';
import { useServerStatus } from './server-store.ts';

const PROTOCOL_WORDS = { http: 'HTTP', grpc: 'gRPC', metrics: 'Metrics' } as const;

/** Where clients reach the model, ready to copy. */
export function EndpointStrip({ model }: { readonly model: ModelEntry }) {
  const status = useServerStatus();
  if (status.kind !== 'running' || readyVersion(model) === null) return null;
  const { httpUrl, endpoints } = status;
  const inferUrl = `${httpUrl}/v2/models/${encodeURIComponent(model.name)}/infer`;
  return (
    <section className={classes.strip} aria-label="Endpoint">
      <span className="conch-muted">POST</span>
      <span className="conch-mono conch-truncate" title={inferUrl}>
        {inferUrl}
      </span>
      <CopyButton text={inferUrl} label="Copy infer URL" />
      {endpoints
        .filter(({ protocol }) => protocol !== 'http')
        .map(({ protocol, address }) => (
          <Fragment key={protocol}>
            <span className="conch-muted">{PROTOCOL_WORDS[protocol]}</span>
            <span className="conch-mono">{address}</span>
            <CopyButton text={address} label={`Copy ${PROTOCOL_WORDS[protocol]} address`} />
          </Fragment>
        ))}
      <span style={{ flex: 1 }} />
      <CopyButton text={curlLines(httpUrl, model).join('\n')} label="Copy curl" isLabelled />
    </section>
  );
}
