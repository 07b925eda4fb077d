import { IconAlertOctagon } from '@tabler/icons-react';
import type { Explanation, ModelEntry } from '../../app/contract/model-entry.ts';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { formatMilliseconds } from '../format/format-quantity.ts';
import classes from './models.module.css';

/** Why versions are unavailable: Triton's own words, and what they mean. */
export function UnavailablePanel({ model }: { readonly model: ModelEntry }) {
  const failures = model.versions.flatMap(({ version, state }) =>
    state.kind === 'unavailable' ? [{ version, ...state }] : [],
  );
  return (
    <div role="status" aria-label="Why the model is unavailable">
      {failures.map(({ version, reason, explanation, restartsInMilliseconds }) => (
        <section key={version} className={classes.failure} aria-label={`Version ${version} is unavailable`}>
          <IconAlertOctagon size={20} aria-hidden className={classes.failureIcon} />
          <div className={classes.failureText}>
            <strong>{explanation?.what ?? `Version ${version} is unavailable`}</strong>
            {explanation !== undefined && <ExplanationText explanation={explanation} />}
            {restartsInMilliseconds !== undefined && (
              <p>It is started again in {formatMilliseconds(restartsInMilliseconds)}.</p>
            )}
            <p className={classes.reason}>
              <code>{reason}</code>
              <CopyButton text={reason} label="Copy Triton's reason" />
            </p>
          </div>
        </section>
      ))}
    </div>
  );
}

function ExplanationText({ explanation }: { readonly explanation: Explanation }) {
  return (
    <>
      <p>{explanation.why}</p>
      {explanation.fix !== undefined && (
        <p>
          <strong>What to do:</strong> {explanation.fix}
        </p>
      )}
    </>
  );
}
