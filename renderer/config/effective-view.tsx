import { SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import { printConfigJson } from '../../app/core/model-config/config-json.ts';
import { printModelConfig } from '../../app/core/model-config/print-config.ts';
import { CopyButton } from '../clipboard/copy-button.tsx';
import type { ConfigAnalysis } from './analyze-config.ts';
import { diffLines } from './diff-lines.ts';
import classes from './config.module.css';

/** The config after the server's defaults and auto-complete, beside what is written. */
export function EffectiveView({ analysis }: { readonly analysis: ConfigAnalysis }) {
  const [view, setView] = useState<'difference' | 'json'>('difference');
  const { effective, written } = analysis;
  const lines = useMemo(
    () =>
      effective.kind === 'accepted'
        ? diffLines(printModelConfig(written).trimEnd(), printModelConfig(effective.config).trimEnd())
        : [],
    [effective, written],
  );
  if (effective.kind !== 'accepted')
    return <p className="conch-muted">The server accepts no config that could be shown here.</p>;
  const json = JSON.stringify(JSON.parse(printConfigJson(effective.config)), null, 2);
  return (
    <div className={classes.effective}>
      <div className={classes.effectiveHead}>
        <SegmentedControl
          size="xs"
          aria-label="View of the effective config"
          value={view}
          onChange={(value) => setView(value === 'json' ? 'json' : 'difference')}
          data={[
            { value: 'difference', label: 'What is added' },
            { value: 'json', label: 'JSON, as GET …/config' },
          ]}
        />
        <CopyButton
          text={view === 'json' ? json : printModelConfig(effective.config)}
          label="Copy effective config"
        />
      </div>
      {effective.warnings.map((warning) => (
        <p key={warning} className={classes.warning}>
          {warning}
        </p>
      ))}
      <pre className={classes.code} tabIndex={0} role="region" aria-label="Effective config">
        {view === 'json'
          ? json
          : lines.map(({ kind, text, place }) => (
              <span key={place} className={classes.codeLine} data-kind={kind}>
                <span className={classes.sign}>{SIGNS[kind]}</span>
                {text}
                {'\n'}
              </span>
            ))}
      </pre>
    </div>
  );
}

const SIGNS = { same: ' ', added: '+', removed: '-' } as const;
