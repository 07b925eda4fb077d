import { Alert, Button, Title } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import type { RemoteServer, RemoteStatus } from '../../app/contract/remote-server.ts';
import { statusOf } from '../../app/core/status.ts';
import { useHost } from '../host/host-context.tsx';
import models from '../models/models.module.css';
import { StateLabel } from '../models/state-chip.tsx';
import { PushPanel } from './push-panel.tsx';
import { RemoteModels } from './remote-models.tsx';
import { RemoteServerDialog } from './remote-server-dialog.tsx';
import { removeRemote } from './remove-remote.ts';

const CHECK_MILLISECONDS = 5_000;

type Checked =
  | { readonly kind: 'asking' }
  | { readonly kind: 'answered'; readonly status: RemoteStatus }
  | { readonly kind: 'failed'; readonly reason: string };

/** A server elsewhere: its health, its models, what is loaded there. Asked every 5 s while the page is open. */
export function RemotePage({ server }: { readonly server: RemoteServer }) {
  const host = useHost();
  const [checked, setChecked] = useState<Checked>({ kind: 'asking' });
  const [isEditing, setEditing] = useState(false);
  const look = useCallback(async () => {
    try {
      setChecked({ kind: 'answered', status: await host.call('remote.check', { id: server.id }) });
    } catch (cause) {
      setChecked({ kind: 'failed', reason: statusOf(cause).message });
    }
  }, [host, server]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const lookAgain = async () => {
      await look();
      if (!isOver) timer = setTimeout(() => void lookAgain(), CHECK_MILLISECONDS);
    };
    void lookAgain();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [look]);
  return (
    <div className={models.page}>
      <header className={models.header}>
        <div className={models.headerText}>
          <Title order={1} className={`${models.name ?? ''} conch-truncate`} title={server.name}>
            {server.name}
          </Title>
          <span className={`${models.quiet ?? ''} conch-mono`}>{server.url}</span>
          <span className={models.state} role="status" aria-label="Remote server state">
            <StateLabel {...describeChecked(checked)} />
          </span>
        </div>
        <div className={models.actions}>
          <Button variant="default" onClick={() => setEditing(true)}>
            Edit…
          </Button>
          <Button variant="default" onClick={() => void removeRemote(host, server)}>
            Remove
          </Button>
        </div>
      </header>
      <RemoteServerDialog server={server} isOpened={isEditing} onClose={() => setEditing(false)} />
      {checked.kind === 'failed' && (
        <Alert color="red" variant="light" role="alert" title="The server could not be asked">
          {checked.reason}
        </Alert>
      )}
      {checked.kind === 'answered' && (
        <>
          <Facts status={checked.status} />
          <PushPanel server={server} onDone={look} />
          <RemoteModels server={server} index={checked.status.index} onChange={look} />
        </>
      )}
    </div>
  );
}

function describeChecked(checked: Checked) {
  if (checked.kind === 'asking') return { tone: 'busy', words: 'Asking…' } as const;
  if (checked.kind === 'failed') return { tone: 'bad', words: 'Does not answer' } as const;
  const { isLive, isReady } = checked.status;
  if (isReady) return { tone: 'ok', words: 'Live and ready' } as const;
  return isLive
    ? ({ tone: 'busy', words: 'Live, not ready' } as const)
    : ({ tone: 'bad', words: 'Not live' } as const);
}

function Facts({ status }: { readonly status: RemoteStatus }) {
  return (
    <dl className={models.facts} aria-label="Server metadata">
      <div className={models.fact}>
        <dt>Server</dt>
        <dd>
          {status.name} {status.version}
        </dd>
      </div>
      <div className={models.fact}>
        <dt>Extensions</dt>
        <dd>{status.extensions.length === 0 ? 'none' : status.extensions.join(', ')}</dd>
      </div>
    </dl>
  );
}
