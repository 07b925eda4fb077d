import { Anchor, Button, Group, Menu, Text, TextInput, Title } from '@mantine/core';
import {
  IconArrowRight,
  IconChevronDown,
  IconFolderUp,
  IconPackageImport,
  IconUpload,
} from '@tabler/icons-react';
import { useState } from 'react';
import type { Sample } from '../../app/core/samples/sample.ts';
import { useHost } from '../host/host-context.tsx';
import { useCapabilities } from '../host/shell-store.ts';
import { chooseModels, chooseUpload } from '../imports/add-models.tsx';
import { importPaths, importSample } from '../imports/import-models.ts';
import { MachineChips } from '../machine/machine-chips.tsx';
import { openRepository } from '../workspace/open-repository.ts';
import { useWorkspaceStore } from '../workspace/workspace-store.ts';
import classes from './home.module.css';

/** The empty window: every way to get a model in. */
export function Home() {
  const { recents, samples, workspace } = useWorkspaceStore();
  const others = recents.filter((path) => path !== workspace.path);
  return (
    <div className={classes.page}>
      <section className={classes.drop} aria-labelledby="home-title">
        <IconPackageImport size={40} stroke={1.4} aria-hidden color="var(--conch-accent)" />
        <Title order={1} id="home-title" className={classes.title}>
          Drop a model, a folder or a model repository
        </Title>
        <Text size="sm" className="conch-muted">
          ONNX and TorchScript are served at once, with their config written; of any other format Conch says
          what it is and what to do.
        </Text>
        <OpenActions />
        <PathField />
      </section>
      {samples.length > 0 && (
        <section aria-labelledby="samples-title">
          <Title order={2} id="samples-title" className={classes.heading}>
            Or try one that answers right away
          </Title>
          <ul className={classes.samples}>
            {samples.map((sample) => (
              <li key={sample.name}>
                <SampleCard sample={sample} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {others.length > 0 && (
        <section aria-labelledby="recents-title">
          <Title order={2} id="recents-title" className={classes.heading}>
            Recent repositories
          </Title>
          <Recents paths={others} />
        </section>
      )}
      <MachineChips />
    </div>
  );
}

function OpenActions() {
  const host = useHost();
  const { droppedFilesHavePaths } = useCapabilities();
  return (
    <Group gap={8}>
      <Button onClick={() => void chooseModels(host)} aria-keyshortcuts="Control+O Meta+O">
        Open…
      </Button>
      {!droppedFilesHavePaths && (
        <Menu position="bottom-start">
          <Menu.Target>
            <Button variant="default" rightSection={<IconChevronDown size={14} aria-hidden />}>
              Upload
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<IconUpload size={16} aria-hidden />}
              onClick={() => chooseUpload('files')}
            >
              Files…
            </Menu.Item>
            <Menu.Item
              leftSection={<IconFolderUp size={16} aria-hidden />}
              onClick={() => chooseUpload('folder')}
            >
              A folder…
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </Group>
  );
}

function PathField() {
  const host = useHost();
  const [path, setPath] = useState('');
  return (
    <form
      className={classes.path}
      onSubmit={(event) => {
        event.preventDefault();
        if (path.trim() !== '') void importPaths(host, [path.trim()]).then(() => setPath(''));
      }}
    >
      <TextInput
        aria-label="Path of a model or repository"
        placeholder="or paste a path on this machine"
        value={path}
        onChange={(event) => setPath(event.currentTarget.value)}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        style={{ flex: 1 }}
      />
      <Button type="submit" variant="default" disabled={path.trim() === ''}>
        Add path
      </Button>
    </form>
  );
}

function SampleCard({ sample }: { readonly sample: Sample }) {
  const host = useHost();
  const [isStarting, setStarting] = useState(false);
  return (
    <button
      type="button"
      className={classes.sample}
      aria-label={`Try ${sample.title}`}
      aria-describedby={`sample-${sample.name}`}
      disabled={isStarting}
      onClick={() => {
        setStarting(true);
        void importSample(host, sample.name).finally(() => setStarting(false));
      }}
    >
      <span className={classes.sampleTitle}>
        {sample.title}
        <IconArrowRight size={16} aria-hidden className={classes.arrow} />
      </span>
      <span className={classes.sampleText} id={`sample-${sample.name}`}>
        {sample.description}
      </span>
    </button>
  );
}

function Recents({ paths }: { readonly paths: readonly string[] }) {
  const host = useHost();
  return (
    <ul className={classes.recents}>
      {paths.slice(0, 5).map((path) => (
        <li key={path}>
          <Anchor component="button" type="button" size="sm" onClick={() => void openRepository(host, path)}>
            <span className="conch-mono">{path}</span>
          </Anchor>
        </li>
      ))}
    </ul>
  );
}
