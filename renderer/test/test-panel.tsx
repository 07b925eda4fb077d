import { useEffect, useState } from 'react';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { useContainerStatus } from '../container/container-store.ts';
import { useHost } from '../host/host-context.tsx';
import { LatencyPanel } from '../latency/latency-panel.tsx';
import { useRememberedDims } from '../models/remembered-dims-store.ts';
import { raiseFailure, raiseNotice } from '../notices/notices-store.ts';
import { ResultsPane } from '../results/results-pane.tsx';
import { useRun } from '../results/results-store.ts';
import { blockedReason } from '../targets/blocked-reason.ts';
import { TargetPicker } from '../targets/target-picker.tsx';
import { useTarget } from '../targets/target-store.ts';
import { InputCard } from './input-card.tsx';
import { labelsOfOutput, modelInputs } from './model-inputs.ts';
import { RunBar } from './run-bar.tsx';
import { ensureForm, resetForm, sendForm } from './send-form.ts';
import { FIRST_SEQUENCE } from './sequence-draft.ts';
import { SequenceRow } from './sequence-row.tsx';
import { SizesRow } from './sizes-row.tsx';
import { TensorDrop } from './tensor-drop.tsx';
import type { TestForm } from './test-form.ts';
import { setForm, updateForm, useTestFormStore } from './test-form-store.ts';
import './test.css';

/** The test page of a model: inputs, the result beside them, and below how long all requests took. */
export function TestPanel({ model }: { readonly model: ModelEntry }) {
  const labelsOf = (output: string) => labelsOfOutput(model, output);
  return (
    <div className="test-panel">
      <div className="test-panel-columns">
        <Inputs key={model.name} model={model} />
        <ResultsPane model={model.name} labelsOf={labelsOf} />
      </div>
      <LatencyPanel model={model.name} labelsOf={labelsOf} />
    </div>
  );
}

function Inputs({ model }: { readonly model: ModelEntry }) {
  const { fields, problem } = modelInputs(model);
  const form = useForm(model);
  if (problem !== undefined || fields.length === 0) {
    return (
      <section aria-label="Inputs" className="test-inputs">
        <h2 className="test-heading">Inputs</h2>
        <p className="source-note">{problem}</p>
      </section>
    );
  }
  return (
    <TensorDrop model={model.name} fields={fields}>
      {form !== undefined && <InputForm model={model} form={form} />}
    </TensorDrop>
  );
}

function InputForm({ model, form }: { readonly model: ModelEntry; readonly form: TestForm }) {
  const host = useHost();
  const remembered = useRememberedDims(model.name);
  const { fields, sequence } = modelInputs(model);
  const run = useRun(model.name);
  const [isSending, setSending] = useState(false);
  const blockedBecause = blockedReason(useTarget(model.name), model, useContainerStatus());
  const send = async () => {
    setSending(true);
    await sendForm(host, model, form, 'user');
    setSending(false);
  };
  const canRun = blockedBecause === null && !isSending && run.kind !== 'running';
  useRunKey(() => canRun && void send());
  const reset = async () => {
    const before = form;
    await resetForm(host, model, remembered ?? {});
    raiseNotice({
      severity: 'info',
      text: 'The inputs are as they began.',
      lifetimeMilliseconds: 10_000,
      action: { label: 'Undo', run: () => setForm(model.name, before) },
    });
  };
  return (
    <>
      <RunBar
        protocol={form.protocol}
        blockedBecause={blockedBecause}
        isRunning={isSending}
        destination={<TargetPicker model={model.name} />}
        onProtocol={(protocol) => updateForm(model.name, (now) => ({ ...now, protocol }))}
        onRun={() => void send()}
        onReset={() => void reset()}
      />
      {sequence && (
        <SequenceRow model={model.name} idType={sequence.idType} sequence={form.sequence ?? FIRST_SEQUENCE} />
      )}
      <SizesRow model={model.name} fields={fields} dims={form.dims} />
      {fields.map((field) => {
        const draft = form.drafts[field.name];
        return draft === undefined ? null : (
          <InputCard
            key={field.name}
            model={model.name}
            field={field}
            dims={form.dims}
            draft={draft}
            isLeftOut={form.leftOut.includes(field.name)}
            fields={fields}
          />
        );
      })}
    </>
  );
}

/** The form of a model, made when it is first looked at and kept up with the model's inputs. */
function useForm(model: ModelEntry): TestForm | undefined {
  const host = useHost();
  const remembered = useRememberedDims(model.name);
  useEffect(() => {
    ensureForm(host, model, remembered ?? {}).catch((cause: unknown) =>
      raiseFailure('The test form could not be made', cause),
    );
  }, [host, model, remembered]);
  return useTestFormStore(({ forms }) => forms[model.name]);
}

function useRunKey(run: () => void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      run();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  });
}
