import { Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import type { CallResult } from '../../app/contract/calls.ts';
import { FixBox } from '../models/fix-box.tsx';
import classes from './export-dialog.module.css';

const LINT_ICONS = { ok: IconCircleCheck, warning: IconAlertTriangle, error: IconCircleX } as const;
const LINT_COLORS = {
  ok: 'var(--conch-ok)',
  warning: 'var(--conch-busy)',
  error: 'var(--conch-bad)',
} as const;
const LINT_WORDS = { ok: 'OK', warning: 'Check', error: 'Problem' } as const;

/** What was checked before the export, and what to do about what is wrong. */
export function Checklist({ preview }: { readonly preview: CallResult<'export.preview'> | null }) {
  return (
    <div>
      <Title order={3} id="checklist-title" className={classes.heading}>
        Checklist
      </Title>
      {preview === null && (
        <Text size="sm" className="conch-muted">
          Checking…
        </Text>
      )}
      <div role="region" tabIndex={0} aria-labelledby="checklist-title" className={classes.lintScroll}>
        <ul className={classes.lints}>
          {preview?.lints.map((lint) => {
            const Icon = LINT_ICONS[lint.state];
            return (
              <li key={`${lint.model} ${lint.id}`} className={classes.lint}>
                <Icon size={16} color={LINT_COLORS[lint.state]} aria-hidden className={classes.lintIcon} />
                <div className={classes.lintText}>
                  <strong>{lint.title}</strong>{' '}
                  <span className={classes.lintState}>
                    {LINT_WORDS[lint.state]} · {lint.model}
                  </span>
                  <div className="conch-muted">{lint.detail}</div>
                  {lint.fix !== undefined && <FixBox fix={{ text: lint.fix }} />}
                </div>
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
