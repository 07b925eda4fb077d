import { Title } from '@mantine/core';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { planEnsemble, stepGroups, type EnsembleStep } from '../../app/core/scheduling/ensemble-plan.ts';
import { useConfigAnalysis, useConfigDraft } from '../config/use-config-draft.ts';
import { openModel } from '../navigation/navigation-store.ts';
import { useModel } from './models-store.ts';
import { ModelStateLabel, StateLabel } from './state-chip.tsx';
import classes from './ensemble-steps.module.css';

/** The data flow of an ensemble: its steps from top to bottom, those side by side that run at once. */
export function EnsembleSteps({ model }: { readonly model: ModelEntry }) {
  const draft = useConfigDraft(model);
  const { lastGood } = useConfigAnalysis(model, draft.history.text);
  if (!lastGood.written.ensemble_scheduling) return null;
  const plan = planEnsemble(lastGood.written);
  return (
    <section aria-labelledby="steps-title">
      <Title order={2} id="steps-title" className={classes.heading}>
        Steps
      </Title>
      <ol className={classes.groups}>
        {stepGroups(plan).map((group) => (
          <li key={group.join(' ')} className={classes.group}>
            {group.map((index) => {
              const step = plan.steps[index];
              return step && <Step key={index} number={index + 1} step={step} />;
            })}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Step({ number, step }: { readonly number: number; readonly step: EnsembleStep }) {
  const { modelName, version, inputs, outputs } = step;
  const model = useModel(modelName);
  return (
    <article
      className={classes.step}
      data-missing={model === undefined || undefined}
      aria-label={`Step ${number}`}
    >
      <header className={classes.title}>
        <span className={classes.number} aria-hidden>
          {number}
        </span>
        {model === undefined ? (
          <strong className="conch-truncate">{modelName === '' ? 'no model' : modelName}</strong>
        ) : (
          <button
            type="button"
            className={`${classes.link ?? ''} conch-truncate`}
            title={modelName}
            onClick={() => openModel(modelName)}
          >
            {modelName}
          </button>
        )}
        {version !== null && <span className={classes.version}>version {version}</span>}
        <span className={classes.state}>
          {model === undefined ? (
            <StateLabel tone="bad" words="Missing" />
          ) : (
            <ModelStateLabel model={model} />
          )}
        </span>
      </header>
      <Tensors label="reads" sign="←" tensors={inputs} />
      <Tensors label="writes" sign="→" tensors={outputs} />
      {model === undefined && (
        <p className={classes.problem}>
          There is no model {modelName} in this repository. Add it, or name another one in the step.
        </p>
      )}
    </article>
  );
}

function Tensors({
  label,
  sign,
  tensors,
}: {
  readonly label: string;
  readonly sign: string;
  readonly tensors: ReadonlyMap<string, string>;
}) {
  return (
    <dl className={classes.tensors}>
      <dt>{label}</dt>
      {[...tensors].map(([own, shared]) => (
        <dd key={own} className="conch-mono">
          {own} <span className="conch-muted">{sign}</span> {shared}
        </dd>
      ))}
    </dl>
  );
}
