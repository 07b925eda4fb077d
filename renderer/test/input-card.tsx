import { Switch, Tabs } from '@mantine/core';
import { memo, useDeferredValue, useMemo } from 'react';
import { formatShape } from '../results/format-number.ts';
import { buildInput } from './build-input.ts';
import { switchSource } from './edit-draft.ts';
import { FileEditor } from './file-editor.tsx';
import { GeneratorEditor } from './generator-editor.tsx';
import { generatorMistakes } from './generator-recipe.ts';
import { GridEditor } from './grid-editor.tsx';
import { ImageEditor } from './image-editor.tsx';
import { imageLayout } from './image-layout.ts';
import { INPUT_SOURCES, type InputDraft, type InputSource } from './input-draft.ts';
import { shapeOf, wireShapeText, type FreeDims, type InputField } from './input-field.ts';
import { JsonEditor } from './json-editor.tsx';
import { setLeftOut, updateDraftAndDims } from './test-form-store.ts';
import { TextEditor } from './text-editor.tsx';
import './test.css';

const TITLES: Readonly<Record<InputSource, string>> = {
  image: 'Image',
  text: 'Text',
  grid: 'Grid',
  generate: 'Generate',
  json: 'JSON',
  file: 'File',
};

interface InputCardProps {
  readonly model: string;
  readonly field: InputField;
  readonly dims: FreeDims;
  readonly draft: InputDraft;
  readonly isLeftOut: boolean;
  /** Every input of the model: a file given to one may be for others too. */
  readonly fields: readonly InputField[];
}

/** One input of the form: what the model takes, and the values that will be sent. */
export const InputCard = memo(function InputCard(props: InputCardProps) {
  const { model, field, dims, draft, isLeftOut } = props;
  const shape = useMemo(() => shapeOf(field, dims), [field, dims]);
  const isFree = field.axes.some(({ kind }) => kind === 'free');
  return (
    <section className="output-card input-card" aria-label={`Input ${field.name}`} data-input={field.name}>
      <header className="output-card-head">
        <h3 className="output-card-name conch-truncate">{field.name}</h3>
        <span className="tensor-datatype">{field.datatype}</span>
        <span className="tensor-shape">{formatShape(shape)}</span>
        {isFree && <span className="input-card-symbols conch-truncate">{wireShapeText(field)}</span>}
        <span className="output-card-space" />
        {field.isOptional && (
          <Switch
            size="xs"
            label="Send"
            aria-label={`Send ${field.name}`}
            checked={!isLeftOut}
            onChange={(event) => setLeftOut(model, field.name, !event.currentTarget.checked)}
          />
        )}
      </header>
      {isLeftOut ? (
        <p className="source-note">Optional: left out of the request.</p>
      ) : (
        <InputSources {...props} shape={shape} draft={draft} />
      )}
    </section>
  );
});

function InputSources(props: InputCardProps & { readonly shape: readonly number[] }) {
  const { model, field, dims, draft, shape, fields } = props;
  const canBeImage = imageLayout(field.datatype, shape) !== null;
  const sources = INPUT_SOURCES.filter(
    (source) => (source !== 'image' || canBeImage) && (source !== 'text' || field.datatype === 'BYTES'),
  );
  const source = sources.includes(draft.source) ? draft.source : 'generate';
  const mistake = useMistake(field, dims, draft);
  const editor = {
    field,
    dims,
    shape,
    draft,
    onChange: (next: InputDraft, nextDims: FreeDims = dims) =>
      updateDraftAndDims(model, field.name, next, nextDims),
  };
  return (
    <Tabs
      value={source}
      keepMounted={false}
      onChange={(next) => {
        const chosen = sources.find((known) => known === next);
        if (chosen !== undefined) editor.onChange(switchSource(field, dims, draft, chosen));
      }}
    >
      <Tabs.List aria-label={`Source of ${field.name}`}>
        {sources.map((known) => (
          <Tabs.Tab key={known} value={known} className="source-tab">
            {TITLES[known]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={source} className="source-panel">
        {source === 'grid' && <GridEditor {...editor} />}
        {source === 'generate' && <GeneratorEditor {...editor} />}
        {source === 'json' && <JsonEditor {...editor} />}
        {source === 'text' && <TextEditor {...editor} />}
        {source === 'image' && <ImageEditor {...editor} />}
        {source === 'file' && <FileEditor {...editor} model={model} fields={fields} />}
        {mistake !== null && (
          <p className="source-mistake" role="status">
            {mistake}
          </p>
        )}
      </Tabs.Panel>
    </Tabs>
  );
}

/** What keeps the input from being sent; lags behind the typing where there are many values. */
function useMistake(field: InputField, dims: FreeDims, draft: InputDraft): string | null {
  const later = useDeferredValue(draft);
  const laterDims = useDeferredValue(dims);
  return useMemo(() => {
    if (later.source === 'generate' && generatorMistakes(field.datatype, later.generator).length > 0)
      return null;
    if (later.source === 'generate' || (later.source === 'image' && later.image.picture === null))
      return null;
    if (later.source === 'image' && later.image.pixels === null) return null;
    if (later.source === 'file' && later.file === null) return null;
    const built = buildInput(field, laterDims, later);
    return built.kind === 'mistake' ? built.message : null;
  }, [field, laterDims, later]);
}
