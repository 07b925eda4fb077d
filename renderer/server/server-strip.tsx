import { ActionIcon, Menu, Popover, Text, UnstyledButton } from '@mantine/core';
import {
  IconAlertTriangle,
  IconBox,
  IconChevronDown,
  IconPlayerPlay,
  IconPlayerStop,
  IconServer2,
} from '@tabler/icons-react';
import { useState } from 'react';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { ContainerDialog } from '../container/container-dialog.tsx';
import { useContainerStatus } from '../container/container-store.ts';
import { describeContainer } from '../container/describe-container.ts';
import { useHost } from '../host/host-context.tsx';
import { RemoteServerDialog } from '../remote/remote-server-dialog.tsx';
import { StateLabel } from '../models/state-chip.tsx';
import { raiseFailure } from '../notices/notices-store.ts';
import frame from '../app-frame/workbench.module.css';
import { describeServer } from './describe-server.ts';
import { usePopover } from '../notices/use-popover.ts';
import { useServerStatus } from './server-store.ts';

/** The server's state in words and, while it runs, where clients reach it. */
export function ServerStrip() {
  const host = useHost();
  const status = useServerStatus();
  const container = useContainerStatus();
  const [isContainerShown, setContainerShown] = useState(false);
  const [isAddingRemote, setAddingRemote] = useState(false);
  const ask = (call: 'server.start' | 'server.stop') => {
    host.call(call, null).catch((cause: unknown) => raiseFailure('The server did not do it', cause));
  };
  const isUp = status.kind === 'running' || status.kind === 'starting' || status.kind === 'restarting';
  return (
    <div className={frame.endpoint} role="group" aria-label="Server">
      <Menu>
        <Menu.Target>
          <UnstyledButton style={{ display: 'inline-flex', alignItems: 'center', gap: 4, fontSize: 12 }}>
            <span role="status" aria-label="Server state">
              <StateLabel {...describeServer(status)} />
            </span>
            <IconChevronDown size={12} aria-hidden />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          {isUp ? (
            <Menu.Item
              leftSection={<IconPlayerStop size={16} aria-hidden />}
              onClick={() => ask('server.stop')}
            >
              Stop server
            </Menu.Item>
          ) : (
            <Menu.Item
              leftSection={<IconPlayerPlay size={16} aria-hidden />}
              onClick={() => ask('server.start')}
            >
              Start server
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconBox size={16} aria-hidden />} onClick={() => setContainerShown(true)}>
            Triton in a container…
          </Menu.Item>
          <Menu.Item
            leftSection={<IconServer2 size={16} aria-hidden />}
            onClick={() => setAddingRemote(true)}
          >
            Add a remote server…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {container.kind !== 'stopped' && (
        <UnstyledButton style={{ fontSize: 12 }} onClick={() => setContainerShown(true)}>
          <StateLabel {...describeContainer(container)} />
        </UnstyledButton>
      )}
      <ContainerDialog isOpened={isContainerShown} onClose={() => setContainerShown(false)} />
      <RemoteServerDialog isOpened={isAddingRemote} onClose={() => setAddingRemote(false)} />
      {status.kind === 'running' && (
        <>
          <span className="conch-mono">{status.httpUrl}</span>
          <CopyButton text={status.httpUrl} label="Copy server URL" />
          {status.notices.length > 0 && <ServerNotices sentences={status.notices} />}
        </>
      )}
      {status.kind === 'restarting' && <ServerNotices sentences={[status.reason]} />}
      {status.kind === 'failed' && (
        <ServerNotices sentences={[status.reason, ...explanationLines(status.explanation)]} />
      )}
    </div>
  );
}

function ServerNotices({ sentences }: { readonly sentences: readonly string[] }) {
  const { popover, target } = usePopover();
  return (
    <Popover {...popover} width={360} shadow="md" withArrow position="bottom-end">
      <Popover.Target>
        <ActionIcon size="sm" aria-label="What is unusual about the server" {...target}>
          <IconAlertTriangle size={15} color="var(--conch-busy)" aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        {sentences.map((sentence) => (
          <Text key={sentence} size="sm">
            {sentence}
          </Text>
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}

function explanationLines(
  explanation: { readonly what: string; readonly why: string; readonly fix?: string } | undefined,
): readonly string[] {
  if (explanation === undefined) return [];
  const { what, why, fix } = explanation;
  return fix === undefined ? [what, why] : [what, why, fix];
}
