import { ActionIcon, Menu, SegmentedControl } from '@mantine/core';
import { IconCopy, IconDownload } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { printTensorJson } from '../../app/core/tensors/tensor-json.ts';
import type { NamedTensor } from '../../app/core/tensors/tensor.ts';
import { copyText } from '../clipboard/copy-text.ts';
import { announce } from '../notices/announcer.tsx';
import { raiseFailure } from '../notices/notices-store.ts';
import { classifierRow, isClassifierLike } from './classifier-rows.ts';
import { formatShape } from './format-number.ts';
import './results.css';
import { saveFile, saveNpy } from './save-file.ts';
import { StatisticsLine } from './statistics-line.tsx';
import { TensorTable } from './tensor-table.tsx';
import { TextList } from './text-list.tsx';
import { TopClasses } from './top-classes.tsx';

interface OutputCardProps {
  readonly tensor: NamedTensor;
  readonly labels: readonly string[];
  /** Inputs are not ranked. */
  readonly isInput?: boolean;
}

/** One tensor of a request or its answer: what it is, its statistics, its values, and ways to keep it. */
export function OutputCard({ tensor, labels, isInput = false }: OutputCardProps) {
  const canRank = !isInput && isClassifierLike(tensor, labels.length);
  const [chosenView, setView] = useState<'classes' | 'values' | null>(null);
  const looksRanked = useMemo(
    () => canRank && (labels.length > 0 || classifierRow(tensor, 0, 1, false).kind === 'probabilities'),
    [canRank, labels, tensor],
  );
  const view = chosenView ?? (looksRanked ? 'classes' : 'values');
  return (
    <section
      className="output-card"
      aria-label={`${tensor.name} ${tensor.datatype} ${formatShape(tensor.shape)}`}
    >
      <header className="output-card-head">
        <h3 className="output-card-name conch-truncate">{tensor.name}</h3>
        <span className="tensor-datatype">{tensor.datatype}</span>
        <span className="tensor-shape">{formatShape(tensor.shape)}</span>
        <span className="output-card-space" />
        {canRank && (
          <SegmentedControl
            size="xs"
            aria-label={`View of ${tensor.name}`}
            value={view}
            onChange={(next) => setView(next === 'values' ? 'values' : 'classes')}
            data={[
              { value: 'classes', label: 'Top classes' },
              { value: 'values', label: 'Values' },
            ]}
          />
        )}
        <TensorActions tensor={tensor} />
      </header>
      <StatisticsLine tensor={tensor} />
      {canRank && view === 'classes' ? (
        <TopClasses tensor={tensor} labels={labels} />
      ) : tensor.datatype === 'BYTES' ? (
        <TextList tensor={tensor} maxHeight={320} />
      ) : (
        <TensorTable key={formatShape(tensor.shape)} tensor={tensor} maxHeight={320} />
      )}
    </section>
  );
}

function TensorActions({ tensor }: { readonly tensor: NamedTensor }) {
  const attempt = (what: string, act: () => void) => {
    try {
      act();
    } catch (cause) {
      raiseFailure(what, cause);
    }
  };
  return (
    <>
      <ActionIcon
        size="sm"
        aria-label={`Copy ${tensor.name} as JSON`}
        onClick={() => void copyText(printTensorJson(tensor)).then(() => announce('Copied'))}
      >
        <IconCopy size={15} aria-hidden />
      </ActionIcon>
      <Menu>
        <Menu.Target>
          <ActionIcon size="sm" aria-label={`Save ${tensor.name}`}>
            <IconDownload size={15} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => attempt('Could not save', () => saveNpy(tensor))}>Save as .npy</Menu.Item>
          <Menu.Item
            onClick={() =>
              saveFile(`${tensor.name}.json`, `${printTensorJson(tensor)}\n`, 'application/json')
            }
          >
            Save as JSON
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
