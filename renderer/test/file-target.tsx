import { IconUpload } from '@tabler/icons-react';
import { useRef, useState, type DragEvent, type ReactNode } from 'react';
import './test.css';

interface FileTargetProps {
  /** Name of the button. */
  readonly label: string;
  readonly accept: string;
  readonly onFile: (file: File) => void;
  readonly children?: ReactNode;
}

/** A place to drop one file on; a click or Enter opens the browser's own file dialog. */
export function FileTarget({ label, accept, onFile, children }: FileTargetProps) {
  const picker = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  // What is dropped here is not meant for the window, which would add it as a model.
  const claim = (event: DragEvent) => {
    event.preventDefault();
    setOver(event.type === 'dragenter' || event.type === 'dragover');
  };
  return (
    <>
      <button
        type="button"
        className={isOver ? 'file-target is-over' : 'file-target'}
        data-accepts-drop
        onClick={() => picker.current?.click()}
        onDragEnter={claim}
        onDragOver={claim}
        onDragLeave={claim}
        onDrop={(event) => {
          claim(event);
          const file = event.dataTransfer.files[0];
          if (file !== undefined) onFile(file);
        }}
      >
        <IconUpload size={16} aria-hidden />
        <span>{label}</span>
        {children}
      </button>
      <input
        ref={picker}
        type="file"
        hidden
        aria-label={label}
        accept={accept}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = '';
          if (file !== undefined) onFile(file);
        }}
      />
    </>
  );
}
