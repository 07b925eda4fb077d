import { Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleX, IconInfoCircle } from '@tabler/icons-react';
import type { ModelEntry, ProbeOutcome } from '../../app/contract/model-entry.ts';
import type { ModelNotice, Verdict } from '../../app/core/formats/model-description.ts';
import { modelInputs } from '../test/model-inputs.ts';
import { formatBytes, formatMilliseconds } from '../format/format-quantity.ts';
import { EnsembleSteps } from './ensemble-steps.tsx';
import { FixBox } from './fix-box.tsx';
import { SignatureTable } from './signature-table.tsx';
import { VersionsTable } from './versions-table.tsx';
import classes from './models.module.css';

/** What the model is, as its file says it. */
export function ModelCard({ model }: { readonly model: ModelEntry }) {
  const { description } = model;
  return (
    <div className={classes.card}>
      {model.problem !== undefined && <Note severity="error" text={model.problem} />}
      {description !== null && <VerdictNote verdict={description.verdict} />}
      {description?.notices.map((notice) => (
        <Note key={notice.text} {...notice} />
      ))}
      <EnsembleSteps model={model} />
      <SignatureTable model={model} />
      {description !== null && (
        <section aria-labelledby="facts-title" className={classes.readOnly}>
          <Title order={2} id="facts-title" className={classes.heading}>
            About the model
          </Title>
          <dl className={classes.facts}>
            <Fact label="Format" value={description.formatName} />
            <Fact label="Size" value={formatBytes(description.byteSize)} />
            {description.facts.map(({ label, value }) => (
              <Fact key={label} label={label} value={value} />
            ))}
            {description.externalData.length > 0 && (
              <Fact label="External data" value={description.externalData.join(', ')} />
            )}
            <SchedulingFact model={model} />
            <ProbeFact probe={model.probe} />
            <Fact label="Directory" value={model.path} />
          </dl>
        </section>
      )}
      <VersionsTable model={model} />
    </div>
  );
}

function Fact({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <div className={classes.fact}>
      <dt>{label}</dt>
      <dd title={value}>{value}</dd>
    </div>
  );
}

function SchedulingFact({ model }: { readonly model: ModelEntry }) {
  const { sequence } = modelInputs(model);
  return sequence ? <Fact label="Scheduling" value={sequence.words} /> : null;
}

function ProbeFact({ probe }: { readonly probe: ProbeOutcome }) {
  switch (probe.kind) {
    case 'pending':
      return <Fact label="Trial run" value="Running in a process of its own…" />;
    case 'answered':
      return (
        <Fact
          label="Trial run"
          value={`Loads in ${formatMilliseconds(probe.loadMilliseconds)}, one run takes ${formatMilliseconds(probe.runMilliseconds)}, ${formatBytes(probe.peakMemoryBytes)} at peak`}
        />
      );
    case 'failed':
      return <Fact label="Trial run" value={`Failed: ${probe.explanation?.what ?? probe.reason}`} />;
    case 'skipped':
      return <Fact label="Trial run" value={`Not made: ${probe.reason}`} />;
  }
}

function VerdictNote({ verdict }: { readonly verdict: Verdict }) {
  switch (verdict.kind) {
    case 'runs-natively':
    // Its notices say that, and for which shapes.
    case 'runs-by-translation':
      return null;
    case 'needs-container':
      return (
        <Note
          severity="warning"
          text={`${verdict.reason} It needs Triton's ${verdict.backend} backend, which this machine's server does not have. Export it and serve it there.`}
        />
      );
    case 'cannot-be-served':
      return <Note severity="error" text={verdict.reason} fix={verdict.fix} />;
  }
}

const NOTE_ICONS = { info: IconInfoCircle, warning: IconAlertTriangle, error: IconCircleX } as const;
const NOTE_WORDS = { info: 'Note', warning: 'Warning', error: 'Problem' } as const;

function Note({ severity, text, fix }: ModelNotice) {
  const Icon = NOTE_ICONS[severity];
  return (
    <section className={classes.note} data-severity={severity} aria-label={NOTE_WORDS[severity]}>
      <Icon size={18} aria-hidden className={classes.noteIcon} />
      <div className={classes.noteText}>
        {text}
        {fix !== undefined && <FixBox fix={fix} />}
      </div>
    </section>
  );
}
