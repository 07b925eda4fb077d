import { Alert, Button, Code, Group, Modal, Text, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import type {
  RemoteModel,
  RemoteModelFacts,
  RemoteServer,
  RemoteStatus,
} from '../../app/contract/remote-server.ts';
import { statusOf } from '../../app/core/status.ts';
import { useHost } from '../host/host-context.tsx';
import models from '../models/models.module.css';
import { raiseFailure } from '../notices/notices-store.ts';

interface RemoteModelsProps {
  readonly server: RemoteServer;
  readonly index: RemoteStatus['index'];
  readonly onChange: () => Promise<void>;
}

/** The server's repository index, and what can be asked of each model. */
export function RemoteModels({ server, index, onChange }: RemoteModelsProps) {
  const host = useHost();
  const [busy, setBusy] = useState<string | null>(null);
  const [refusal, setRefusal] = useState<{ readonly title: string; readonly text: string } | null>(null);
  const [shown, setShown] = useState<RemoteModel | null>(null);
  if (index.kind === 'refused')
    return (
      <Alert color="yellow" variant="light" title="The server does not tell its repository index">
        {index.reason}
      </Alert>
    );
  const ask = async (call: 'remote.load' | 'remote.unload', model: string) => {
    setBusy(model);
    setRefusal(null);
    try {
      await host.call(call, { id: server.id, model });
    } catch (cause) {
      const verb = call === 'remote.load' ? 'load' : 'unload';
      setRefusal({ title: `${server.name} did not ${verb} ${model}`, text: statusOf(cause).message });
    }
    await onChange();
    setBusy(null);
  };
  const takeConfig = (model: string) => {
    host
      .call('remote.importConfig', { id: server.id, model })
      .catch((cause: unknown) => raiseFailure(`Could not take the config of ${model}`, cause));
  };
  return (
    <section aria-labelledby="remote-models-title">
      <Title order={2} id="remote-models-title" className={models.heading}>
        Repository index
      </Title>
      {refusal !== null && (
        <Alert color="red" variant="light" role="alert" title={refusal.title} mb="sm">
          {refusal.text}
        </Alert>
      )}
      {index.models.length === 0 ? (
        <Text size="sm" className="conch-muted">
          The server has no models.
        </Text>
      ) : (
        <div className={models.tableBox}>
          <table className={models.table} aria-labelledby="remote-models-title">
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col">Version</th>
                <th scope="col">State</th>
                <th scope="col">Reason</th>
                <th scope="col">Actions</th>
              </tr>
            </thead>
            <tbody>
              {index.models.map((model) => (
                <tr key={`${model.name} ${model.version ?? ''}`}>
                  <td>{model.name}</td>
                  <td>{model.version ?? '–'}</td>
                  <td>{model.state ?? 'never loaded'}</td>
                  <td>{model.reason ?? ''}</td>
                  <td>
                    <Group gap={6} wrap="nowrap">
                      <RowButton
                        words={model.state === 'READY' ? 'Reload' : 'Load'}
                        model={model.name}
                        isBusy={busy !== null}
                        onClick={() => void ask('remote.load', model.name)}
                      />
                      {model.state === 'READY' && (
                        <>
                          <RowButton
                            words="Unload"
                            model={model.name}
                            isBusy={busy !== null}
                            onClick={() => void ask('remote.unload', model.name)}
                          />
                          <RowButton words="Config" model={model.name} onClick={() => setShown(model)} />
                          <RowButton
                            words="Take config"
                            model={model.name}
                            onClick={() => takeConfig(model.name)}
                          />
                        </>
                      )}
                    </Group>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Modal
        opened={shown !== null}
        onClose={() => setShown(null)}
        title={`${shown?.name ?? ''} at ${server.name}`}
        size={820}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {shown !== null && <ModelFacts key={shown.name} server={server} model={shown} />}
      </Modal>
    </section>
  );
}

function RowButton(props: {
  readonly words: string;
  readonly model: string;
  readonly isBusy?: boolean;
  readonly onClick: () => void;
}) {
  return (
    <Button
      size="compact-xs"
      variant="default"
      aria-label={`${props.words} ${props.model}`}
      disabled={props.isBusy ?? false}
      onClick={props.onClick}
    >
      {props.words}
    </Button>
  );
}

function ModelFacts({ server, model }: { readonly server: RemoteServer; readonly model: RemoteModel }) {
  const host = useHost();
  const [facts, setFacts] = useState<RemoteModelFacts | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    host
      .call('remote.describe', {
        id: server.id,
        model: model.name,
        ...(model.version !== undefined && { version: model.version }),
      })
      .then(
        (found) => isCurrent && setFacts(found),
        (cause: unknown) => isCurrent && setFailure(statusOf(cause).message),
      );
    return () => {
      isCurrent = false;
    };
  }, [host, server.id, model.name, model.version]);
  if (failure !== null)
    return (
      <Alert color="red" variant="light" role="alert" title="The server does not tell it">
        {failure}
      </Alert>
    );
  if (facts === null) return <p className="conch-muted">Asking {server.name}…</p>;
  return (
    <>
      <Text size="sm" fw={600}>
        Model config
      </Text>
      <Code block aria-label="Model config">
        {facts.configText}
      </Code>
      <Text size="sm" fw={600} mt="md">
        Metadata
      </Text>
      <Code block aria-label="Model metadata">
        {facts.metadataText}
      </Code>
    </>
  );
}
