import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX, IconFolderOpen, IconInfoCircle } from '@tabler/icons-react';
import type { ImportOutcome } from '../../app/contract/job.ts';
import { fileNameOf } from '../format/format-quantity.ts';
import { FixBox } from '../models/fix-box.tsx';
import { showImportReport, useImportReport } from './import-report-store.ts';
import classes from './imports.module.css';

/** What became of each thing that was dropped, where something was not simply added. */
export function ImportReport() {
  const outcomes = useImportReport((state) => state.outcomes);
  const close = () => showImportReport([]);
  const [only] = outcomes;
  const title = outcomes.length === 1 && only?.kind === 'refused' ? only.title : 'What became of the files';
  return (
    <Modal
      opened={outcomes.length > 0}
      onClose={close}
      title={title}
      size={760}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack gap="sm">
        {outcomes.map((outcome) => (
          <OutcomeCard
            key={`${outcome.kind}-${outcome.source}`}
            outcome={outcome}
            showsTitle={outcomes.length > 1}
          />
        ))}
        <Group justify="flex-end">
          <Button onClick={close}>Close report</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function OutcomeCard({
  outcome,
  showsTitle,
}: {
  readonly outcome: ImportOutcome;
  readonly showsTitle: boolean;
}) {
  const source = fileNameOf(outcome.source);
  switch (outcome.kind) {
    case 'added':
      return (
        <Row icon={<IconCircleCheck size={18} color="var(--conch-ok)" aria-hidden />} source={outcome.source}>
          Added as {outcome.model}.
        </Row>
      );
    case 'opened':
      return (
        <Row
          icon={<IconFolderOpen size={18} color="var(--conch-ok)" aria-hidden />}
          source={outcome.repository}
        >
          Opened as model repository.
        </Row>
      );
    case 'ignored':
      return (
        <Row
          icon={<IconInfoCircle size={18} color="var(--conch-muted)" aria-hidden />}
          source={outcome.source}
        >
          Left out: {outcome.reason}
        </Row>
      );
    case 'refused':
      return (
        <section className={classes.refused} aria-label={`${source} was not added`}>
          <Group gap="xs" wrap="nowrap" align="flex-start">
            <IconCircleX size={18} color="var(--conch-bad)" aria-hidden className={classes.icon} />
            <div className={classes.grow}>
              {showsTitle && <Text fw={600}>{outcome.title}</Text>}
              <Text size="xs" className="conch-mono conch-muted" title={outcome.source}>
                {source}
              </Text>
              <Text size="sm" mt={4}>
                {outcome.reason}
              </Text>
              {outcome.fix !== undefined && <FixBox fix={outcome.fix} />}
            </div>
          </Group>
        </section>
      );
  }
}

function Row({
  icon,
  source,
  children,
}: {
  readonly icon: React.ReactNode;
  readonly source: string;
  readonly children: React.ReactNode;
}) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <span className={classes.icon}>{icon}</span>
      <div className={classes.grow}>
        <Text size="sm">{children}</Text>
        <Text size="xs" className="conch-mono conch-muted conch-truncate" title={source}>
          {source}
        </Text>
      </div>
    </Group>
  );
}
