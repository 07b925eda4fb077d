import { Button, Checkbox, TextInput } from '@mantine/core';
import {
  describeDraft,
  FIRST_SEQUENCE,
  idMistake,
  nextSequence,
  type SequenceDraft,
  type SequenceIdType,
} from './sequence-draft.ts';
import { updateForm } from './test-form-store.ts';
import './test.css';

interface SequenceRowProps {
  readonly model: string;
  readonly idType: SequenceIdType;
  readonly sequence: SequenceDraft;
}

/** Where the next request stands in its sequence. An answer moves it on by itself: Run is next in sequence. */
export function SequenceRow({ model, idType, sequence }: SequenceRowProps) {
  const change = (next: Partial<SequenceDraft>) =>
    updateForm(model, (form) => ({
      ...form,
      sequence: { ...(form.sequence ?? FIRST_SEQUENCE), ...next },
    }));
  const mistake = idMistake(sequence.id, idType);
  return (
    <div className="sequence-row" role="group" aria-label="Sequence">
      <TextInput
        size="xs"
        w={132}
        label="Sequence"
        value={sequence.id}
        error={mistake ?? undefined}
        onChange={({ currentTarget }) => change({ id: currentTarget.value, isStart: true, answered: 0 })}
      />
      <div className="sequence-flags">
        <Checkbox
          size="xs"
          label="Start"
          checked={sequence.isStart}
          onChange={({ currentTarget }) => change({ isStart: currentTarget.checked })}
        />
        <Checkbox
          size="xs"
          label="End"
          checked={sequence.isEnd}
          onChange={({ currentTarget }) => change({ isEnd: currentTarget.checked })}
        />
        <Button size="compact-xs" variant="default" onClick={() => change(nextSequence(sequence))}>
          New sequence
        </Button>
      </div>
      <span className="sequence-words" role="status">
        {mistake === null ? describeDraft(sequence) : ''}
      </span>
    </div>
  );
}
