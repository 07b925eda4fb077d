import { IconAlertTriangle } from '@tabler/icons-react';
import type { InferFailure } from '../../app/contract/inference.ts';
import { CopyButton } from '../clipboard/copy-button.tsx';
import './results.css';

/** Why a request failed: the server's exact text, and ours beside it. */
export function FailureCard({ failure }: { readonly failure: InferFailure }) {
  const { explanation, httpStatus, message, code } = failure;
  return (
    <section className="failure-card" aria-label="The request failed">
      <header className="failure-card-head">
        <IconAlertTriangle size={18} aria-hidden />
        <h3>{explanation?.what ?? 'The request failed'}</h3>
        <span className="failure-card-status">
          {httpStatus === undefined ? 'No answer came' : `HTTP ${httpStatus}`} · {code}
        </span>
      </header>
      {explanation !== undefined && (
        <p className="failure-card-why">
          {explanation.why}
          {explanation.fix !== undefined && (
            <>
              {' '}
              <strong>What to do:</strong> {explanation.fix}
            </>
          )}
        </p>
      )}
      <div className="failure-card-exact">
        <span className="conch-muted">The server’s own words</span>
        <CopyButton text={message} label="Copy the error" />
        <pre>{message}</pre>
      </div>
    </section>
  );
}
