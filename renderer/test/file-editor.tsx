import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import { statusOf } from '../../app/core/status.ts';
import { formatBytes } from '../format/format-quantity.ts';
import { formatShape } from '../results/format-number.ts';
import { checkCast } from './cast-tensor.ts';
import { FileTarget } from './file-target.tsx';
import type { InputField } from './input-field.ts';
import type { SourceProps } from './source-props.ts';
import { takeTensorFile } from './take-tensor-file.ts';
import './test.css';

interface FileEditorProps extends SourceProps {
  readonly model: string;
  /** Every input of the model: an archive fills all that it names. */
  readonly fields: readonly InputField[];
}

/** The input's values from a `.npy` file, or from a `.npz`, which fills every input that it names. */
export function FileEditor({ field, draft, onChange, model, fields }: FileEditorProps) {
  const [mistake, setMistake] = useState<string | null>(null);
  const take = async (file: File) => {
    try {
      await takeTensorFile(model, fields, file, field.name);
      setMistake(null);
    } catch (cause) {
      setMistake(statusOf(cause).message);
    }
  };
  return (
    <div>
      <FileTarget
        label={
          draft.file === null
            ? `Drop or choose a .npy or .npz file for ${field.name}`
            : `Choose another file for ${field.name}`
        }
        accept=".npy,.npz"
        onFile={(file) => void take(file)}
      />
      {mistake !== null && (
        <p className="source-mistake" role="alert">
          {mistake}
        </p>
      )}
      {draft.file !== null && (
        <p className="source-note">
          <strong>{draft.file.fileName}</strong> {draft.file.tensor.datatype}{' '}
          {formatShape(draft.file.tensor.shape)} {formatBytes(draft.file.tensor.data.byteLength)}
        </p>
      )}
      <CastOffer field={field} draft={draft} onChange={onChange} />
    </div>
  );
}

/** Offers to convert a file of another datatype where no value would change beyond rounding. */
function CastOffer({ field, draft, onChange }: Pick<SourceProps, 'field' | 'draft' | 'onChange'>) {
  const { file } = draft;
  const cast = useMemo(
    () => (file === null ? null : checkCast(file.tensor, field.datatype)),
    [file, field.datatype],
  );
  if (file === null || cast === null || cast.kind === 'same' || cast.kind === 'impossible') return null;
  const how = cast.kind === 'exact' ? 'every value stays the same' : 'values are rounded to the nearest';
  if (file.isCastAgreed)
    return (
      <p className="source-note">
        Converted from {file.tensor.datatype} to {field.datatype}: {how}.
      </p>
    );
  return (
    <Button
      size="compact-sm"
      variant="default"
      mt={8}
      onClick={() => onChange({ ...draft, file: { ...file, isCastAgreed: true } })}
    >
      Convert {file.tensor.datatype} to {field.datatype} ({how})
    </Button>
  );
}
