import { ActionIcon, Alert, Button, Checkbox, Group, Loader, Modal, TextInput, Tooltip } from '@mantine/core';
import { IconArrowUp, IconFile, IconFolder, IconFolderPlus } from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import type { CallResult, PickerEntry } from '../../app/contract/calls.ts';
import { statusOf } from '../../app/core/status.ts';
import { formatBytes } from '../format/format-quantity.ts';
import { useHost } from '../host/host-context.tsx';
import { breadcrumbsOf } from './breadcrumbs.ts';
import classes from './file-picker.module.css';

interface FilePickerProps {
  readonly isOpened: boolean;
  readonly title: string;
  readonly chooses: 'anything' | 'folder';
  readonly onClose: () => void;
  readonly onChoose: (path: string) => void;
}

type Listing = CallResult<'files.list'>;

/** Chooses a file or folder of the host's machine, where the shell has no dialog of its own. */
export function FilePicker(props: FilePickerProps) {
  return (
    <Modal
      opened={props.isOpened}
      onClose={props.onClose}
      title={props.title}
      size="xl"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <PickerBody {...props} />
    </Modal>
  );
}

function PickerBody({ chooses, onClose, onChoose }: FilePickerProps) {
  const host = useHost();
  const [folder, setFolder] = useState<{ readonly path?: string }>({});
  const [showsHidden, setShowsHidden] = useState(false);
  const [listing, setListing] = useState<Listing | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [filter, setFilter] = useState('');
  const [active, setActive] = useState(0);

  useEffect(() => {
    let isCurrent = true;
    const read = async () => {
      try {
        const found = await host.call('files.list', { ...folder, showsHidden });
        if (!isCurrent) return;
        setListing(found);
        setFailure(null);
        setActive(0);
      } catch (cause) {
        if (isCurrent) setFailure(statusOf(cause).message);
      }
    };
    void read();
    return () => {
      isCurrent = false;
    };
  }, [host, folder, showsHidden]);

  const entries = useMemo(() => {
    const wanted = filter.toLowerCase();
    return (listing?.entries ?? []).filter(
      ({ name, kind }) =>
        name.toLowerCase().includes(wanted) && (chooses === 'anything' || kind === 'folder'),
    );
  }, [listing, filter, chooses]);
  const selected = entries[Math.min(active, entries.length - 1)];

  const go = (next: string) => {
    setFilter('');
    setFolder({ path: next });
  };
  const choose = (chosen: string) => {
    onChoose(chosen);
    onClose();
  };
  const enter = (entry: PickerEntry) => (entry.kind === 'folder' ? go(entry.path) : choose(entry.path));
  const steer = (event: React.KeyboardEvent) => {
    const steps: Record<string, () => void> = {
      ArrowDown: () => setActive(Math.min(active + 1, entries.length - 1)),
      ArrowUp: () => setActive(Math.max(active - 1, 0)),
      Home: () => setActive(0),
      End: () => setActive(entries.length - 1),
      Enter: () => selected !== undefined && enter(selected),
    };
    if (event.key === 'Backspace' && filter === '' && listing?.parent != null) go(listing.parent);
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    step();
  };
  const createFolder = async (name: string) => {
    if (listing === null || name.trim() === '') return;
    const path = `${listing.path.replace(/[/\\]$/, '')}/${name.trim()}`;
    try {
      await host.call('files.createFolder', { path });
      go(path);
    } catch (cause) {
      setFailure(statusOf(cause).message);
    }
  };

  return (
    <div className={classes.picker}>
      <nav className={classes.places} aria-label="Places">
        {listing?.places.map((place) => (
          <button key={place.path} type="button" className={classes.place} onClick={() => go(place.path)}>
            <IconFolder size={16} aria-hidden /> {place.name}
          </button>
        ))}
      </nav>
      <div className={classes.content}>
        <Group gap="xs" wrap="nowrap">
          <Tooltip label="Up one folder">
            <ActionIcon
              aria-label="Up one folder"
              disabled={listing?.parent == null}
              onClick={() => listing?.parent != null && go(listing.parent)}
            >
              <IconArrowUp size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
          <nav className={classes.crumbs} aria-label="Folder">
            {breadcrumbsOf(listing?.path ?? '').map((crumb) => (
              <button key={crumb.path} type="button" className={classes.crumb} onClick={() => go(crumb.path)}>
                {crumb.name}
              </button>
            ))}
          </nav>
          {chooses === 'folder' && <NewFolder onCreate={(name) => void createFolder(name)} />}
        </Group>
        <TextInput
          data-autofocus
          aria-label="Filter files"
          placeholder="Type to filter; arrows and Enter to choose"
          value={filter}
          onChange={(event) => {
            setFilter(event.currentTarget.value);
            setActive(0);
          }}
          onKeyDown={steer}
          role="combobox"
          aria-expanded
          aria-controls="file-picker-entries"
          aria-activedescendant={selected === undefined ? undefined : 'file-picker-active'}
        />
        {failure !== null && (
          <Alert color="red" variant="light" title="This folder cannot be shown">
            {failure}
          </Alert>
        )}
        {listing === null && failure === null && <Loader size="sm" aria-label="Reading the folder" />}
        {listing !== null && entries.length === 0 && <p className={classes.empty}>Nothing here.</p>}
        <div id="file-picker-entries" className={classes.list} role="listbox" aria-label="Files">
          {entries.map((entry, index) => (
            <div
              key={entry.path}
              ref={entry === selected ? scrollIntoSight : undefined}
              role="option"
              tabIndex={-1}
              aria-selected={entry === selected}
              id={entry === selected ? 'file-picker-active' : undefined}
              className={classes.entry}
              onClick={() => setActive(index)}
              onDoubleClick={() => enter(entry)}
              onKeyDown={steer}
            >
              {entry.kind === 'folder' ? (
                <IconFolder size={16} aria-hidden color="var(--conch-accent)" />
              ) : (
                <IconFile size={16} aria-hidden color="var(--conch-muted)" />
              )}
              <span className="conch-truncate" title={entry.name}>
                {entry.name}
              </span>
              <span className={classes.size}>{entry.kind === 'file' && formatBytes(entry.byteSize)}</span>
            </div>
          ))}
        </div>
        <Group justify="space-between">
          <Checkbox
            label="Show hidden files"
            checked={showsHidden}
            onChange={(event) => setShowsHidden(event.currentTarget.checked)}
          />
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            {listing !== null && (
              <Button variant="default" onClick={() => choose(listing.path)}>
                Choose this folder
              </Button>
            )}
            <Button
              disabled={selected === undefined}
              onClick={() => selected !== undefined && choose(selected.path)}
            >
              Choose {selected?.name.slice(0, 32) ?? ''}
            </Button>
          </Group>
        </Group>
      </div>
    </div>
  );
}

function scrollIntoSight(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}

function NewFolder({ onCreate }: { readonly onCreate: (name: string) => void }) {
  const [name, setName] = useState<string | null>(null);
  if (name === null)
    return (
      <Tooltip label="New folder">
        <ActionIcon aria-label="New folder" onClick={() => setName('')}>
          <IconFolderPlus size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onCreate(name);
        setName(null);
      }}
    >
      <TextInput
        aria-label="Name of the new folder"
        placeholder="Name, then Enter"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </form>
  );
}
