import { Tooltip } from '@mantine/core';
import { useMemo } from 'react';
import { tensorStatistics, type TensorStatistics } from '../../app/core/tensors/tensor-statistics.ts';
import type { Tensor } from '../../app/core/tensors/tensor.ts';
import { formatStatistic, formatWhole } from './format-number.ts';
import './results.css';

interface Figure {
  readonly name: string;
  readonly value: string;
  readonly meaning: string;
  readonly isAlarming?: boolean;
}

/** Minimum, maximum, mean, … of a tensor, each with how it was measured. */
export function StatisticsLine({ tensor }: { readonly tensor: Tensor }) {
  const figures = useMemo(() => figuresOf(tensorStatistics(tensor)), [tensor]);
  return (
    <dl className="statistics-line">
      {figures.map(({ name, value, meaning, isAlarming }) => (
        <Tooltip key={name} label={meaning}>
          <div className={isAlarming === true ? 'statistics-figure is-alarming' : 'statistics-figure'}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        </Tooltip>
      ))}
    </dl>
  );
}

function figuresOf(statistics: TensorStatistics): readonly Figure[] {
  const count = `n=${formatWhole(statistics.count)}`;
  if (statistics.kind === 'bytes') {
    return [
      { name: 'elements', value: formatWhole(statistics.count), meaning: 'Number of texts' },
      {
        name: 'shortest',
        value: `${formatStatistic(statistics.shortest)} B`,
        meaning: `Shortest element in bytes (${count})`,
      },
      {
        name: 'longest',
        value: `${formatStatistic(statistics.longest)} B`,
        meaning: `Longest element in bytes (${count})`,
      },
    ];
  }
  const { minimum, maximum, mean, standardDeviation, nanCount, infinityCount } = statistics;
  return [
    { name: 'min', value: formatStatistic(minimum), meaning: `Smallest element that is not NaN (${count})` },
    { name: 'max', value: formatStatistic(maximum), meaning: `Largest element that is not NaN (${count})` },
    { name: 'mean', value: formatStatistic(mean), meaning: `Mean of the finite elements (${count})` },
    {
      name: 'std',
      value: formatStatistic(standardDeviation),
      meaning: `Population standard deviation of the finite elements: √(Σ(x − mean)² / n) (${count})`,
    },
    {
      name: 'NaN',
      value: formatWhole(nanCount),
      meaning: `Elements that are not a number (${count})`,
      isAlarming: nanCount > 0,
    },
    {
      name: 'Inf',
      value: formatWhole(infinityCount),
      meaning: `Infinite elements (${count})`,
      isAlarming: infinityCount > 0,
    },
    { name: 'n', value: formatWhole(statistics.count), meaning: 'Number of elements' },
  ];
}
