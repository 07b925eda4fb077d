import { useState, type DragEvent, type ReactNode } from 'react';
import { raiseFailure } from '../notices/notices-store.ts';
import type { InputField } from './input-field.ts';
import { isTensorFileName, takeTensorFile } from './take-tensor-file.ts';
import './test.css';

interface TensorDropProps {
  readonly model: string;
  readonly fields: readonly InputField[];
  readonly children: ReactNode;
}

/**
 * Takes a `.npy` or `.npz` that is dropped anywhere on the inputs: a `.npz` fills all that it names, a `.npy` the input
 * under the pointer. Every other file is left to the window, which adds models.
 */
export function TensorDrop({ model, fields, children }: TensorDropProps) {
  const [isOver, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (event.isDefaultPrevented() || file === undefined || !isTensorFileName(file.name)) return;
    event.preventDefault();
    takeTensorFile(model, fields, file, inputAt(event.target)).catch((cause: unknown) =>
      raiseFailure(`${file.name} was not taken`, cause),
    );
  };
  return (
    <section
      aria-label="Inputs"
      className={isOver ? 'test-inputs is-over' : 'test-inputs'}
      data-accepts-drop
      onDragOver={(event) => setOver(event.dataTransfer.types.includes('Files'))}
      onDragLeave={(event) => {
        const to = event.relatedTarget;
        if (!(to instanceof Node) || !event.currentTarget.contains(to)) setOver(false);
      }}
      onDrop={drop}
    >
      {children}
    </section>
  );
}

function inputAt(target: EventTarget): string | null {
  const card = target instanceof Element ? target.closest<HTMLElement>('[data-input]') : null;
  return card?.dataset['input'] ?? null;
}
