import { Radio, Textarea } from '@mantine/core';
import { editText } from './edit-draft.ts';
import type { SourceProps } from './source-props.ts';
import './test.css';

/** The input's values as plain text: each line an element, or all of it one. It is sent as UTF-8, never as base64. */
export function TextEditor({ field, dims, draft, onChange }: SourceProps) {
  const put = (text: typeof draft.text) => {
    const edit = editText(field, dims, draft, text);
    onChange(edit.draft, edit.dims);
  };
  return (
    <div>
      <Textarea
        aria-label={`Text of ${field.name}`}
        autosize
        minRows={3}
        maxRows={14}
        value={draft.text.content}
        onChange={(event) => put({ ...draft.text, content: event.currentTarget.value })}
      />
      <Radio.Group
        size="xs"
        mt={8}
        aria-label={`How the text of ${field.name} is split`}
        value={draft.text.splits}
        onChange={(splits) => put({ ...draft.text, splits: splits === 'whole' ? 'whole' : 'lines' })}
      >
        <div className="source-row">
          <Radio size="xs" value="lines" label="One element per line" />
          <Radio size="xs" value="whole" label="All of it is one element" />
        </div>
      </Radio.Group>
    </div>
  );
}
