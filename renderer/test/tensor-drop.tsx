import { useEffect, useRef, useState, type ReactNode } from 'react';
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
  const section = useRef<HTMLElement>(null);
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const isHere = ({ target }: Event) =>
      target instanceof Node && section.current?.contains(target) === true;
    const over = (event: DragEvent) => setOver(isHere(event) && event.dataTransfer?.types[0] === 'Files');
    const leave = ({ relatedTarget }: DragEvent) => relatedTarget === null && setOver(false);
    const drop = (event: DragEvent) => {
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (event.defaultPrevented || !isHere(event) || file === undefined || !isTensorFileName(file.name))
        return;
      event.preventDefault();
      takeTensorFile(model, fields, file, inputAt(event.target)).catch((cause: unknown) =>
        raiseFailure(`${file.name} was not taken`, cause),
      );
    };
    // On the document: after the targets inside, which take what is theirs, and before the window, which takes the rest.
    document.addEventListener('dragover', over);
    document.addEventListener('dragleave', leave);
    document.addEventListener('drop', drop);
    return () => {
      document.removeEventListener('dragover', over);
      document.removeEventListener('dragleave', leave);
      document.removeEventListener('drop', drop);
    };
  }, [model, fields]);
  return (
    <section
      ref={section}
      aria-label="Inputs"
      className={isOver ? 'test-inputs is-over' : 'test-inputs'}
      data-accepts-drop
    >
      {children}
    </section>
  );
}

function inputAt(target: EventTarget | null): string | null {
  const card = target instanceof Element ? target.closest<HTMLElement>('[data-input]') : null;
  return card?.dataset['input'] ?? null;
}
