import { NumberInput, Switch } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { NamedTensor } from '../../app/core/tensors/tensor.ts';
import { classifierRow, classifierRowCount } from './classifier-rows.ts';
import { formatStatistic } from './format-number.ts';
import './results.css';

const SHOWN_CLASSES = 5;

interface TopClassesProps {
  readonly tensor: NamedTensor;
  /** Label of each class; empty where there is no label file. */
  readonly labels: readonly string[];
}

/** The best classes of a classifier's output as bars, one element of the batch at a time. */
export function TopClasses({ tensor, labels }: TopClassesProps) {
  const [row, setRow] = useState(0);
  const [wantsSoftmax, setWantsSoftmax] = useState<boolean | null>(null);
  const rows = classifierRowCount(tensor.shape);
  const shownRow = Math.min(row, rows - 1);
  const { kind } = useMemo(() => classifierRow(tensor, shownRow, 1, false), [tensor, shownRow]);
  const isSoftmax = wantsSoftmax ?? (kind === 'logits' && labels.length > 0);
  const { top } = useMemo(
    () => classifierRow(tensor, shownRow, SHOWN_CLASSES, isSoftmax),
    [tensor, shownRow, isSoftmax],
  );
  const isShare = isSoftmax || kind === 'probabilities';
  return (
    <div className="top-classes">
      <div className="top-classes-controls">
        <span className="conch-muted">
          {isShare ? 'Probability' : 'Score'}
          {isSoftmax && ' (softmax of the scores)'}
        </span>
        {kind !== 'probabilities' && (
          <Switch
            size="xs"
            label="Softmax"
            checked={isSoftmax}
            onChange={(event) => setWantsSoftmax(event.currentTarget.checked)}
          />
        )}
        {rows > 1 && (
          <NumberInput
            size="xs"
            w={110}
            aria-label={`Row of ${tensor.name}, 0 to ${rows - 1}`}
            leftSection="row"
            leftSectionWidth={36}
            min={0}
            max={rows - 1}
            clampBehavior="strict"
            allowDecimal={false}
            value={shownRow}
            onChange={(value) => typeof value === 'number' && setRow(value)}
          />
        )}
      </div>
      <ol className="top-classes-list" aria-label={`Top classes of ${tensor.name}`}>
        {top.map(({ index, value }) => (
          <li key={index} className="top-classes-row">
            <span className="top-classes-name">
              <span className="conch-truncate">{labels[index] ?? `class ${index}`}</span>
              {labels[index] !== undefined && labels[index] !== String(index) && (
                <span className="top-classes-index">{index}</span>
              )}
            </span>
            <span className="top-classes-track" aria-hidden>
              <span
                className="top-classes-bar"
                style={{ width: `${barShare(Number(value), top, isShare)}%` }}
              />
            </span>
            <span className="top-classes-value">
              {isShare ? `${(Number(value) * 100).toFixed(1)} %` : formatStatistic(value)}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** Probabilities fill their share of the whole; scores are drawn between the lowest and the highest shown. */
function barShare(
  value: number,
  top: readonly { readonly value: number | bigint }[],
  isShare: boolean,
): number {
  if (isShare) return value * 100;
  const highest = Number(top[0]?.value ?? 0);
  const lowest = Math.min(0, Number(top.at(-1)?.value ?? 0));
  return highest === lowest ? 100 : ((value - lowest) / (highest - lowest)) * 100;
}
