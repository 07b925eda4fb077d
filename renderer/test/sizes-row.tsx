import { NumberInput } from '@mantine/core';
import { freeAxesOf, type FreeDims, type InputField } from './input-field.ts';
import { updateForm } from './test-form-store.ts';
import './test.css';

interface SizesRowProps {
  readonly model: string;
  readonly fields: readonly InputField[];
  readonly dims: FreeDims;
}

/** The sizes that the model leaves open: each asked once, the same name the same size everywhere. */
export function SizesRow({ model, fields, dims }: SizesRowProps) {
  const free = freeAxesOf(fields);
  if (free.length === 0) return null;
  return (
    <div className="sizes-row" role="group" aria-label="Sizes">
      {free.map(({ axis, inputs }) => {
        const size = dims[axis.key];
        const isAbove = axis.maxBatchSize !== undefined && size !== undefined && size > axis.maxBatchSize;
        const isOwn = axis.key !== axis.rememberedAs && axis.maxBatchSize === undefined;
        const label = isOwn ? `${inputs.join(', ')} ${axis.label}` : axis.label;
        return (
          <NumberInput
            key={axis.key}
            size="xs"
            w={Math.max(96, 24 + label.length * 8)}
            label={label}
            description={axis.maxBatchSize === undefined ? undefined : `up to ${axis.maxBatchSize}`}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            error={isAbove ? 'The server will refuse this batch.' : undefined}
            min={0}
            allowDecimal={false}
            allowNegative={false}
            clampBehavior="none"
            value={size ?? 1}
            onChange={(value) => {
              if (typeof value === 'number' && Number.isSafeInteger(value))
                updateForm(model, (form) => ({ ...form, dims: { ...form.dims, [axis.key]: value } }));
            }}
          />
        );
      })}
    </div>
  );
}
