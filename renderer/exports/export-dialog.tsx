import { Alert, Button, Checkbox, Group, Modal, SegmentedControl, Stack, TextInput } from '@mantine/core';
import { IconDownload, IconGripVertical } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { CallResult, ExportFormat, S3Account } from '../../app/contract/calls.ts';
import type { ExportOutcome } from '../../app/contract/job.ts';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { PLAIN_REPOSITORY, type DeploymentChoices } from '../../app/core/deployment/deployment-facts.ts';
import { storageUriProblem } from '../../app/core/deployment/deployment-target.ts';
import { statusOf } from '../../app/core/status.ts';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { FilePicker } from '../files/file-picker.tsx';
import { formatBytes, formatCount } from '../format/format-quantity.ts';
import { useHost } from '../host/host-context.tsx';
import { useCapabilities } from '../host/shell-store.ts';
import { JobRow } from '../jobs/job-row.tsx';
import { useJob } from '../jobs/jobs-store.ts';
import { useModels } from '../models/models-store.ts';
import { Checklist } from './checklist.tsx';
import { DeploymentForm } from './deployment-form.tsx';
import classes from './export-dialog.module.css';
import { S3Upload } from './s3-upload.tsx';
import { WrittenFiles } from './written-files.tsx';

interface ExportDialogProps {
  readonly model: ModelEntry;
  readonly isOpened: boolean;
  readonly onClose: () => void;
}

type Preview = CallResult<'export.preview'>;

const FORMATS: readonly { readonly value: ExportFormat; readonly label: string }[] = [
  { value: 'folder', label: 'Folder' },
  { value: 'zip', label: 'zip' },
  { value: 'tar.gz', label: 'tar.gz' },
];

/** Writes models as a repository that Triton serves as it stands, with what deploys it. */
export function ExportDialog(props: ExportDialogProps) {
  return (
    <Modal
      opened={props.isOpened}
      onClose={props.onClose}
      title="Export a model repository"
      size={980}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <ExportBody {...props} />
    </Modal>
  );
}

function ExportBody({ model, onClose }: ExportDialogProps) {
  const host = useHost();
  const { nativeDialogs, downloads } = useCapabilities();
  const [models, setModels] = useState<readonly string[]>([model.name]);
  const [format, setFormat] = useState<ExportFormat>(downloads ? 'zip' : 'folder');
  const [deployment, setDeployment] = useState<DeploymentChoices>(PLAIN_REPOSITORY);
  const [found, setFound] = useState<{ models: readonly string[]; preview: Preview } | null>(null);
  const preview = found?.models === models ? found.preview : null;
  const isDeployable = storageUriProblem(deployment.target, deployment.storageUri) === null;
  const [failure, setFailure] = useState<string | null>(null);
  const [jobId, setJobId] = useState('');
  const [destination, setDestination] = useState('');
  const [isPicking, setPicking] = useState(false);
  const job = useJob(jobId);
  const wantsDownload = downloads && format !== 'folder' && destination === '';

  useEffect(() => {
    let isCurrent = true;
    const look = async () => {
      try {
        const preview = await host.call('export.preview', { models, deployment });
        if (!isCurrent) return;
        setFound({ models, preview });
        setFailure(null);
      } catch (cause) {
        if (isCurrent) setFailure(statusOf(cause).message);
      }
    };
    if (!isDeployable) return;
    void look();
    // What is previewed follows the models as they change on disk.
    const unsubscribe = host.on('model.changed', ({ name }) => {
      if (models.includes(name)) void look();
    });
    return () => {
      isCurrent = false;
      unsubscribe();
    };
  }, [host, models, deployment, isDeployable]);

  const choose = async () => {
    if (!nativeDialogs) {
      setPicking(true);
      return;
    }
    const { path } = await host.call('dialog.chooseFolder', { title: 'Export to' });
    if (path !== null) setDestination(path);
  };
  const start = async () => {
    setFailure(null);
    try {
      const target = wantsDownload ? {} : { destination };
      setJobId((await host.call('export.start', { models, format, deployment, ...target })).jobId);
    } catch (cause) {
      setFailure(statusOf(cause).message);
    }
  };
  const upload = async (account: S3Account) => {
    setFailure(null);
    try {
      const { storageUri } = deployment;
      setJobId((await host.call('export.upload', { models, storageUri, account })).jobId);
    } catch (cause) {
      setFailure(statusOf(cause).message);
    }
  };
  const isRunning = job?.state.kind === 'running';
  const canStart = models.length > 0 && isDeployable && (wantsDownload || destination !== '') && !isRunning;
  return (
    <Stack gap="md">
      <DeploymentForm choices={deployment} onChange={setDeployment} />
      {preview?.warnings.map((warning) => (
        <Alert key={warning} color="yellow" variant="light">
          {warning}
        </Alert>
      ))}
      <div className={classes.columns}>
        <Stack gap="md">
          <ModelChoice chosen={models} onChange={setModels} />
          <Checklist preview={preview} />
        </Stack>
        <WrittenFiles preview={preview} />
      </div>
      {deployment.target === 'cloud-storage' && deployment.storageUri.startsWith('s3://') && (
        <S3Upload
          isEnabled={models.length > 0 && isDeployable && !isRunning}
          onUpload={(account) => void upload(account)}
        />
      )}
      <Group gap="sm" align="flex-end" wrap="nowrap">
        <SegmentedControl
          aria-label="Format"
          value={format}
          onChange={(value) => setFormat(FORMATS.find((known) => known.value === value)?.value ?? 'folder')}
          data={[...FORMATS]}
        />
        <TextInput
          style={{ flex: 1 }}
          label="Destination folder"
          placeholder={
            downloads && format !== 'folder' ? 'Empty: download with the browser' : '/path/to/folder'
          }
          value={destination}
          onChange={(event) => setDestination(event.currentTarget.value)}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        />
        <Button variant="default" onClick={() => void choose()}>
          Choose…
        </Button>
      </Group>
      {failure !== null && (
        <Alert color="red" variant="light" title="It was not exported">
          {failure}
        </Alert>
      )}
      {job !== undefined && job.state.kind !== 'done' && <JobRow job={job} />}
      {job?.kind === 'export' && job.state.kind === 'done' && <ExportResult outcome={job.state.outcome} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
        <Button onClick={() => void start()} disabled={!canStart} loading={isRunning}>
          Export {models.length === 1 ? 'model' : formatCount(models.length, 'model')}
        </Button>
      </Group>
      <FilePicker
        isOpened={isPicking}
        title="Export to"
        chooses="folder"
        onClose={() => setPicking(false)}
        onChoose={setDestination}
      />
    </Stack>
  );
}

function ModelChoice({
  chosen,
  onChange,
}: {
  readonly chosen: readonly string[];
  readonly onChange: (models: readonly string[]) => void;
}) {
  const models = useModels();
  return (
    <Checkbox.Group label="Models" value={[...chosen]} onChange={onChange}>
      <div className={classes.models}>
        {models.map(({ name }) => (
          <Checkbox key={name} value={name} label={<span title={name}>{name}</span>} />
        ))}
      </div>
    </Checkbox.Group>
  );
}

/** A thing to drag into a file manager or a chat; the button beside it does the same by keyboard. */
function DragHandle({ path }: { readonly path: string }) {
  return (
    <span
      className={classes.dragHandle}
      title="Drag into a folder, a terminal or a message"
      draggable
      onDragStart={(event) => {
        event.preventDefault();
        window.conch?.dragFile(path);
      }}
    >
      <IconGripVertical size={16} aria-hidden />
      Drag out
    </span>
  );
}

function ExportResult({ outcome }: { readonly outcome: ExportOutcome }) {
  const host = useHost();
  const { downloadPath, dragsFilesOut, revealInFolder } = useCapabilities();
  switch (outcome.kind) {
    case 'path':
      return (
        <Alert color="green" variant="light" title={`Exported ${formatBytes(outcome.byteSize)}`}>
          <Group gap="xs">
            {dragsFilesOut && <DragHandle path={outcome.path} />}
            <span className="conch-mono">{outcome.path}</span>
            <CopyButton text={outcome.path} label="Copy path" isLabelled />
            {revealInFolder && (
              <Button
                variant="default"
                size="compact-sm"
                onClick={() => void host.call('folder.reveal', { path: outcome.path })}
              >
                Show in folder
              </Button>
            )}
          </Group>
        </Alert>
      );
    case 'uploaded':
      return (
        <Alert color="green" variant="light" title={`Uploaded ${formatBytes(outcome.byteSize)}`}>
          <Group gap="xs">
            <span className="conch-mono">{outcome.uri}</span>
            <CopyButton text={outcome.uri} label="Copy storage URI" isLabelled />
            <span>
              {outcome.sentFiles === 0
                ? 'Everything was there already.'
                : `${formatCount(outcome.sentFiles, 'file')} sent.`}
            </span>
          </Group>
        </Alert>
      );
    case 'download':
      return (
        <Alert color="green" variant="light" title="Ready to download">
          <Button
            component="a"
            variant="default"
            href={`${downloadPath}${encodeURIComponent(outcome.id)}`}
            download={outcome.fileName}
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            Download {outcome.fileName} ({formatBytes(outcome.byteSize)})
          </Button>
        </Alert>
      );
  }
}
