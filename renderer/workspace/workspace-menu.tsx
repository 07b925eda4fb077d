import { ActionIcon, Alert, Badge, Menu, Popover, Text, Tooltip } from '@mantine/core';
import {
  IconAlertTriangle,
  IconChevronDown,
  IconCopy,
  IconDatabase,
  IconFolderOpen,
  IconHome,
} from '@tabler/icons-react';
import { useState } from 'react';
import frame from '../app-frame/workbench.module.css';
import { copyText } from '../clipboard/copy-text.ts';
import { FilePicker } from '../files/file-picker.tsx';
import { fileNameOf } from '../format/format-quantity.ts';
import { useHost } from '../host/host-context.tsx';
import { useCapabilities } from '../host/shell-store.ts';
import { announce } from '../notices/announcer.tsx';
import { openRepository, openDefaultRepository, chooseRepository } from './open-repository.ts';
import { usePopover } from '../notices/use-popover.ts';
import { useWorkspaceStore } from './workspace-store.ts';

/** The open model repository: its path, others to open, what is unusual in it. */
export function WorkspaceMenu() {
  const host = useHost();
  const { nativeDialogs } = useCapabilities();
  const { workspace, recents } = useWorkspaceStore();
  const [isPicking, setPicking] = useState(false);
  const { popover, target } = usePopover();
  const name = workspace.isDefault ? 'My models' : fileNameOf(workspace.path);
  const others = recents.filter((path) => path !== workspace.path);
  return (
    <>
      <Menu position="bottom-start" width={380}>
        <Menu.Target>
          <button
            type="button"
            className={frame.pathButton}
            aria-label={`Model repository: ${workspace.path}`}
          >
            <IconDatabase size={16} aria-hidden color="var(--conch-muted)" />
            <span className="conch-truncate" title={workspace.path}>
              {name}
            </span>
            <IconChevronDown size={14} aria-hidden color="var(--conch-muted)" />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            <span className="conch-mono" style={{ overflowWrap: 'anywhere' }}>
              {workspace.path}
            </span>
          </Menu.Label>
          <Menu.Item
            leftSection={<IconCopy size={16} aria-hidden />}
            onClick={() => void copyText(workspace.path).then(() => announce('Copied'))}
          >
            Copy path
          </Menu.Item>
          <Menu.Item
            leftSection={<IconFolderOpen size={16} aria-hidden />}
            onClick={() => (nativeDialogs ? void chooseRepository(host) : setPicking(true))}
          >
            Open another repository…
          </Menu.Item>
          {!workspace.isDefault && (
            <Menu.Item
              leftSection={<IconHome size={16} aria-hidden />}
              onClick={() => void openDefaultRepository(host)}
            >
              Back to my models
            </Menu.Item>
          )}
          {others.length > 0 && <Menu.Label>Recent</Menu.Label>}
          {others.slice(0, 8).map((path) => (
            <Menu.Item key={path} onClick={() => void openRepository(host, path)}>
              <span className="conch-truncate" style={{ display: 'block', maxWidth: 330 }} title={path}>
                {path}
              </span>
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {workspace.readOnlyReason !== undefined && (
        <Tooltip label={workspace.readOnlyReason}>
          <Badge tabIndex={0} variant="light" color="yellow">
            Read only
          </Badge>
        </Tooltip>
      )}
      {workspace.notices.length > 0 && (
        <Popover {...popover} width={420} withArrow shadow="md">
          <Popover.Target>
            <ActionIcon aria-label="What is unusual in the repository" {...target}>
              <IconAlertTriangle size={16} color="var(--conch-busy)" aria-hidden />
            </ActionIcon>
          </Popover.Target>
          <Popover.Dropdown>
            {workspace.notices.map(({ path, text }) => (
              <Alert
                key={path}
                variant="transparent"
                p={4}
                title={path}
                styles={{ title: { fontFamily: 'monospace' } }}
              >
                <Text size="sm">{text}</Text>
              </Alert>
            ))}
          </Popover.Dropdown>
        </Popover>
      )}
      <FilePicker
        isOpened={isPicking}
        title="Open a model repository"
        chooses="folder"
        onClose={() => setPicking(false)}
        onChoose={(path) => void openRepository(host, path)}
      />
    </>
  );
}
