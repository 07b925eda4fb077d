import { Text } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconX } from '@tabler/icons-react';
import type { PreflightCheck } from '../../app/core/triton-container/preflight.ts';
import classes from './container.module.css';

const STATE_WORDS = { ok: 'OK', warning: 'Warning', blocked: 'Missing' } as const;
const STATE_ICONS = { ok: IconCheck, warning: IconAlertTriangle, blocked: IconX } as const;

/** What the container needs: there or not, why, and what to do. */
export function PreflightList({ checks }: { readonly checks: readonly PreflightCheck[] | null }) {
  if (checks === null)
    return (
      <p role="status" className="conch-muted">
        Looking at the Docker Engine…
      </p>
    );
  return (
    <ul className={classes.checks} aria-label="Preflight checks">
      {checks.map(({ id, title, state, reason, fix }) => {
        const Icon = STATE_ICONS[state];
        return (
          <li key={id} className={classes.check} data-state={state}>
            <Icon size={16} aria-hidden />
            <span className={classes.word}>{STATE_WORDS[state]}</span>
            <span>
              <strong>{title}.</strong> {reason}
              {fix !== undefined && (
                <Text size="sm" className="conch-muted">
                  {fix}
                </Text>
              )}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
