import { Alert } from '@mantine/core';
import { useCallback } from 'react';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { removeField, setField } from '../../app/core/model-config/edit-config.ts';
import { useHost } from '../host/host-context.tsx';
import type { ConfigAnalysis } from './analyze-config.ts';
import { BatchingSection } from './batching-section.tsx';
import { editDraft } from './config-draft-store.ts';
import { InstancesSection } from './instances-section.tsx';
import type { SectionProps, SetConfigField } from './section-props.ts';
import { TensorsSection } from './tensors-section.tsx';
import { VersionPolicySection } from './version-policy-section.tsx';
import classes from './config.module.css';

interface ConfigFormProps {
  readonly model: ModelEntry;
  readonly text: string;
  readonly analysis: ConfigAnalysis;
  /** The last text that could be read: what the form shows while the text is broken. */
  readonly lastGood: ConfigAnalysis;
}

/** The essentials of a model config as a form. Every edit is a small patch of the text. */
export function ConfigForm({ model, text, analysis, lastGood }: ConfigFormProps) {
  const host = useHost();
  const set = useCallback<SetConfigField>(
    (path, value) =>
      editDraft(
        host,
        model.name,
        value === undefined ? removeField(text, path) : setField(text, path, value),
      ),
    [host, model.name, text],
  );
  const shown = analysis.firstError === null ? analysis : lastGood;
  const props: SectionProps = {
    written: shown.written,
    effective: shown.effective.kind === 'accepted' ? shown.effective.config : shown.written,
    setField: set,
  };
  const isFrozen = analysis.firstError !== null;
  return (
    <>
      {isFrozen && (
        <Alert color="yellow" variant="light" title="The form waits for the text">
          line {analysis.firstError?.range.startLine}: {analysis.firstError?.message}. Correct it in Text, or
          undo.
        </Alert>
      )}
      <fieldset className={classes.form} disabled={isFrozen} aria-label="Config form">
        <BatchingSection {...props} />
        <TensorsSection kind="input" {...props} />
        <TensorsSection kind="output" {...props} />
        <InstancesSection {...props} />
        <VersionPolicySection {...props} />
      </fieldset>
    </>
  );
}
