import { Textarea } from '@mantine/core';
import { editJson } from './edit-draft.ts';
import type { SourceProps } from './source-props.ts';
import { wireShapeText } from './input-field.ts';
import './test.css';

/** The input's values as JSON: nested like the shape, or one flat list. Integers keep every digit. */
export function JsonEditor({ field, dims, draft, onChange }: SourceProps) {
  return (
    <Textarea
      aria-label={`JSON values of ${field.name}`}
      placeholder={`Nested ${wireShapeText(field)}, or one flat list: [1, 2, 3]`}
      autosize
      minRows={4}
      maxRows={14}
      spellCheck={false}
      value={draft.json}
      classNames={{ input: 'source-code' }}
      onChange={(event) => {
        const edit = editJson(field, dims, draft, event.currentTarget.value);
        onChange(edit.draft, edit.dims);
      }}
    />
  );
}
