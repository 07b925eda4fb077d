import { Alert } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import type { RequestComparison } from '../../app/contract/comparison.ts';
import type { OutputComparison } from '../../app/core/comparison/compare-outputs.ts';
import { formatCount } from '../format/format-quantity.ts';
import classes from './comparison-table.module.css';

/** What another server made of saved requests: the verdict, then each request with both latencies. */
export function ComparisonTable({ comparisons }: { readonly comparisons: readonly RequestComparison[] }) {
  const differing = comparisons.filter(({ isSame }) => !isSame).length;
  return (
    <>
      <Alert
        color={differing === 0 ? 'green' : 'red'}
        variant="light"
        title={
          differing === 0
            ? `It answers ${formatCount(comparisons.length, 'request')} as here`
            : `It answers ${differing} of ${formatCount(comparisons.length, 'request')} differently`
        }
      >
        Floats may differ by 0.001 of their size; everything else is compared exactly.
      </Alert>
      <div className={classes.scroll} role="region" tabIndex={0} aria-label="Compared requests, scrollable">
        <table className={classes.table} aria-label="Compared requests">
          <thead>
            <tr>
              <th scope="col">Request</th>
              <th scope="col">Answer</th>
              <th scope="col">Here</th>
              <th scope="col">There</th>
            </tr>
          </thead>
          <tbody>
            {comparisons.map((comparison) => (
              <ComparisonRow key={comparison.id} comparison={comparison} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function ComparisonRow({ comparison }: { readonly comparison: RequestComparison }) {
  const { at, inputsSummary, isSame, hereMicroseconds, thereMicroseconds } = comparison;
  const Icon = isSame ? IconCircleCheck : IconCircleX;
  return (
    <tr>
      <td>
        {new Date(at).toLocaleTimeString()}
        <div className="conch-muted">{inputsSummary}</div>
      </td>
      <td>
        <div className={classes.verdict}>
          <Icon size={16} aria-hidden color={isSame ? 'var(--conch-ok)' : 'var(--conch-bad)'} />
          <div>
            {answerLines(comparison).map((line) => (
              <div key={line}>{line}</div>
            ))}
          </div>
        </div>
      </td>
      <td>{milliseconds(hereMicroseconds)}</td>
      <td>{thereMicroseconds === undefined ? '–' : milliseconds(thereMicroseconds)}</td>
    </tr>
  );
}

function answerLines({ outcome, isSame }: RequestComparison): readonly string[] {
  if (outcome.kind === 'answered') return outcome.outputs.map(outputLine);
  if (isSame) return [`Refused alike: ${outcome.there ?? ''}`];
  return [
    outcome.here === null ? 'Answered here' : `Refused here: ${outcome.here}`,
    outcome.there === null ? 'Answered there' : `Refused there: ${outcome.there}`,
  ];
}

function outputLine(output: OutputComparison): string {
  switch (output.kind) {
    case 'equal':
      return `${output.name}: equal`;
    case 'close':
      return `${output.name}: close, off by at most ${output.largestDifference.toPrecision(3)}`;
    case 'different':
      return `${output.name}: ${output.reason}`;
  }
}

function milliseconds(microseconds: number): string {
  return `${(microseconds / 1000).toFixed(1)} ms`;
}
