import { Select, Text } from '@mantine/core';
import { CONFIG_ENUMS } from '../../app/core/model-config/config-fields.ts';
import type { ModelInput, ModelOutput } from '../../app/core/model-config/model-config.ts';
import type { SectionProps } from './section-props.ts';
import { dimsToText, parseDims } from './dims-text.ts';
import { FormSection, ParsedInput } from './form-parts.tsx';
import classes from './config.module.css';

const DATA_TYPES = CONFIG_ENUMS.DataType.filter((dataType) => dataType !== 'TYPE_INVALID');

type Entry = ModelInput & ModelOutput;

/** The tensors that requests bring or answers hold: data type, dims, reshape, labels. */
export function TensorsSection({
  kind,
  written,
  effective,
  setField,
}: SectionProps & { readonly kind: 'input' | 'output' }) {
  const own: readonly Entry[] = written[kind] ?? [];
  const all: readonly Entry[] = effective[kind] ?? [];
  if (all.length === 0) return null;
  return (
    <FormSection title={kind === 'input' ? 'Inputs' : 'Outputs'} field={kind}>
      {all.map((entry, index) => {
        const ownIndex = own.findIndex(({ name }) => name === entry.name);
        const isOwn = ownIndex >= 0;
        // What only auto-complete knows is written whole with its first edit.
        const set = (field: string, value: unknown) =>
          isOwn
            ? setField([kind, ownIndex, field], value)
            : setField([kind, own.length], { ...entry, [field]: value });
        return <TensorRow key={entry.name ?? index} entry={entry} kind={kind} isOwn={isOwn} setField={set} />;
      })}
    </FormSection>
  );
}

interface TensorRowProps {
  readonly entry: Entry;
  readonly kind: 'input' | 'output';
  readonly isOwn: boolean;
  readonly setField: (field: string, value: unknown) => void;
}

function TensorRow({ entry, kind, isOwn, setField }: TensorRowProps) {
  const name = entry.name ?? '';
  return (
    <div className={classes.tensor} role="group" aria-label={`${kind} ${name}`}>
      <Text size="sm" fw={600} className="conch-mono conch-truncate" title={name}>
        {name}
        {!isOwn && (
          <Text span size="xs" className="conch-muted" fw={400}>
            {' '}
            filled in by the server
          </Text>
        )}
      </Text>
      <div className={classes.fields}>
        <Select
          size="xs"
          label="Data type"
          aria-label={`Data type of ${name}`}
          data={DATA_TYPES}
          value={entry.data_type ?? null}
          allowDeselect={false}
          searchable
          onChange={(dataType) => dataType !== null && setField('data_type', dataType)}
        />
        <ParsedInput
          label="Dims"
          value={entry.dims ?? []}
          toText={dimsToText}
          parse={parseDims}
          mistake="Such as 3, 224, 224; -1 is any"
          onChange={(dims) => setField('dims', dims)}
        />
        <ParsedInput
          label="Reshape to"
          value={reshapeToText(entry.reshape?.shape, entry.reshape !== undefined)}
          toText={String}
          parse={(text) => (parseDims(text) === null ? null : text.trim())}
          mistake="Such as 3, 4; [] is a scalar"
          placeholder="none"
          onChange={(text) => setField('reshape', text === '' ? undefined : { shape: parseDims(text) ?? [] })}
        />
        {kind === 'output' && (
          <ParsedInput
            label="Label file"
            value={entry.label_filename ?? ''}
            toText={String}
            parse={String}
            mistake=""
            placeholder="none"
            onChange={(file) => setField('label_filename', file === '' ? undefined : file)}
          />
        )}
      </div>
    </div>
  );
}

/** A reshape to a scalar is `[]`; no reshape is nothing. */
function reshapeToText(shape: readonly number[] | undefined, isThere: boolean): string {
  if (!isThere) return '';
  return shape === undefined || shape.length === 0 ? '[]' : dimsToText(shape);
}
