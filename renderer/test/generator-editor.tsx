import { NativeSelect, NumberInput, TextInput } from '@mantine/core';
import { useMemo } from 'react';
import type { GeneratorRecipe } from '../../app/contract/inference.ts';
import { elementReader } from '../../app/core/tensors/elements.ts';
import { elementCount } from '../../app/core/tensors/tensor.ts';
import { formatElement } from '../results/format-number.ts';
import { generateByRecipe, generatorMistakes } from './generator-recipe.ts';
import type { SourceProps } from './source-props.ts';
import './test.css';

const PREVIEWED = 8;

const KINDS: Readonly<Record<GeneratorRecipe['kind'], string>> = {
  random: 'Random',
  zeros: 'Zeros',
  ones: 'Ones',
  arange: 'Counting (arange)',
  constant: 'Constant',
};

/** Makes the input's values by a rule. The same settings always give the same values. */
export function GeneratorEditor({ field, shape, draft, onChange }: SourceProps) {
  const { generator } = draft;
  const put = (next: GeneratorRecipe) => onChange({ ...draft, generator: next });
  const mistakes = generatorMistakes(field.datatype, generator);
  const errorOf = (setting: string) => mistakes.find(({ field: name }) => name === setting)?.message;
  const setting = (name: 'minimum' | 'maximum' | 'start' | 'step' | 'value', label: string, text: string) => (
    <TextInput
      size="xs"
      w={110}
      label={label}
      value={text}
      error={errorOf(name)}
      spellCheck={false}
      onChange={(event) => put({ ...generator, [name]: event.currentTarget.value })}
    />
  );
  const hasRange = field.datatype !== 'BOOL' && field.datatype !== 'BYTES';
  return (
    <div>
      <div className="source-row">
        <NativeSelect
          size="xs"
          label="Values"
          value={generator.kind}
          data={Object.entries(KINDS).map(([value, label]) => ({ value, label }))}
          onChange={(event) =>
            put(startOf(event.currentTarget.value as GeneratorRecipe['kind'], field.datatype))
          }
        />
        {generator.kind === 'random' && (
          <>
            {hasRange && setting('minimum', 'Minimum', generator.minimum)}
            {hasRange && setting('maximum', 'Maximum', generator.maximum)}
            <NumberInput
              size="xs"
              w={90}
              label="Seed"
              allowDecimal={false}
              value={generator.seed}
              error={errorOf('seed')}
              onChange={(seed) => typeof seed === 'number' && put({ ...generator, seed })}
            />
          </>
        )}
        {generator.kind === 'arange' && setting('start', 'Start', generator.start)}
        {generator.kind === 'arange' && setting('step', 'Step', generator.step)}
        {generator.kind === 'constant' && setting('value', 'Value', generator.value)}
      </div>
      {mistakes.length === 0 && <Preview datatype={field.datatype} shape={shape} generator={generator} />}
    </div>
  );
}

function Preview({
  datatype,
  shape,
  generator,
}: Pick<SourceProps, 'shape'> & {
  readonly datatype: SourceProps['field']['datatype'];
  readonly generator: GeneratorRecipe;
}) {
  const count = elementCount(shape);
  const values = useMemo(() => {
    const tensor = generateByRecipe(datatype, [Math.min(count, PREVIEWED)], generator);
    const reader = elementReader(tensor);
    return Array.from({ length: reader.length }, (_, index) =>
      formatElement(reader.at(index) ?? 0, datatype),
    );
  }, [datatype, count, generator]);
  return (
    <p className="source-preview">
      {values.map((value) => (datatype === 'BYTES' ? `“${value}”` : value)).join('  ')}
      {count > PREVIEWED && ' …'}
    </p>
  );
}

function startOf(kind: GeneratorRecipe['kind'], datatype: SourceProps['field']['datatype']): GeneratorRecipe {
  switch (kind) {
    case 'zeros':
    case 'ones':
      return { kind };
    case 'constant':
      return { kind, value: datatype === 'BYTES' ? 'text' : datatype === 'BOOL' ? 'true' : '1' };
    case 'arange':
      return { kind, start: '0', step: '1' };
    case 'random':
      return { kind, seed: 1, minimum: '0', maximum: datatype.includes('INT') ? '100' : '1' };
  }
}
